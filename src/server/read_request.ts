import { STATUS_CODE } from "@std/http/status";
import { denoPlatform } from "../connection/deno_platform.ts";
import { equalsIgnoreCase } from "../http/equals_ignore_case.ts";
import { HeadError } from "../http/head_error.ts";
import { HeadFields } from "../http/head_fields.ts";
import type { HeadLimits } from "../http/head_limits.ts";
import { isValidHost } from "../http/host.ts";
import { type RequestHead, RequestHeadParser } from "../http/request_head_parser.ts";
import type { Transport } from "../transport/transport.ts";
import { requestBody } from "./request_body.ts";
import { RequestError } from "./request_error.ts";

/** How much is read at a time, in bytes. */
const HEAD = 1024;

const NOTHING: Uint8Array = new Uint8Array(0);

/** A request's head, and what has come behind it. */
export interface ReceivedHead {
  /** The head. */
  readonly head: RequestHead;
  /** Bytes of the body, or of the first frames. */
  readonly early: Uint8Array;
}

/**
 * Reads a request's head.
 *
 * @param transport Where it comes from.
 * @param limits How long it may be.
 * @returns The head; null where the client has ended the connection before it was whole.
 * @throws {RequestError} Where it is malformed or too long.
 */
export async function readHead(transport: Transport, limits: Partial<HeadLimits>): Promise<ReceivedHead | null> {
  const parser = new RequestHeadParser(limits);
  const { pool } = denoPlatform;
  const block = pool.borrow(HEAD);
  try {
    for (;;) {
      const count = await transport.read(block.bytes);
      if (count === null) return null;
      const taken = parser.push(block.bytes.subarray(0, count));
      if (!parser.done) continue;
      const early = taken === count ? NOTHING : block.bytes.slice(taken, count);
      pool.release(block);
      return { head: resolveHost(parser.head), early };
    }
  } catch (error) {
    if (error instanceof HeadError) throw new RequestError(error.status, error.message);
    throw error;
  }
}

/**
 * Makes the web's `Request` of a head.
 *
 * @param received The head and what came behind it.
 * @param transport Where the body comes from.
 * @param origin The scheme and the authority, for requests that name none.
 * @returns The request.
 * @throws {RequestError} Where it can't be one: no or a malformed `Host` or target, a method or body out of reach.
 */
export function makeRequest({ head, early }: ReceivedHead, transport: Transport, origin: URL): Request {
  const { method, fields } = head;
  const init: RequestInit = { method, headers: [...fields] };
  const url = requestUrl(head, origin);
  const body = requestBody(head, early, transport);
  if (body !== null && method !== "GET" && method !== "HEAD") init.body = body;
  try {
    return new Request(url, init);
  } catch {
    // The web's Request takes neither CONNECT nor TRACE.
    throw new RequestError(STATUS_CODE.NotImplemented, `Cannot serve the method ${method}`);
  }
}

/**
 * Sees to it that `Host` is the host that is asked for. RFC 9112 §3.2: 400 for a request of HTTP/1.1 without it, for more
 * than one, and for a malformed one. §3.2.2: "When an origin server receives a request with an absolute-form of
 * request-target, the origin server MUST ignore the received Host header field (if any) and instead use the host
 * information of the request-target."
 */
function resolveHost(head: RequestHead): RequestHead {
  const { target, version, fields } = head;
  checkHost(fields.get("host"), version === "1.0");
  const authority = authorityOf(target);
  if (authority === null) return head;
  checkHost(authority, false);
  const others = [...fields].filter(([name]) => !equalsIgnoreCase(name, "host"));
  return { ...head, fields: new HeadFields([["Host", authority], ...others]) };
}

function checkHost(host: string | null, mayBeMissing: boolean): void {
  if (host === null ? mayBeMissing : isValidHost(host)) return;
  throw new RequestError(STATUS_CODE.BadRequest, "Cannot serve a request as its Host must be one host and port");
}

/** The authority of a target in absolute form, null for another form. User information stays in it, as an error. */
function authorityOf(target: string): string | null {
  const slashes = target.indexOf("://");
  const scheme = target.slice(0, Math.max(slashes, 0));
  if (!equalsIgnoreCase(scheme, "http") && !equalsIgnoreCase(scheme, "https")) return null;
  const start = slashes + 3;
  let end = start;
  while (end < target.length && !"/?#".includes(target[end])) end++;
  return target.slice(start, end);
}

/** RFC 9112 §3.3: the target URI, from the request target and `Host`. */
function requestUrl({ method, target, fields }: RequestHead, origin: URL): string {
  const base = `${origin.protocol}//${fields.get("host") ?? origin.host}`;
  // §3.2.4: "The "asterisk-form" of request-target is only used for a server-wide OPTIONS request".
  const text = target.startsWith("/") ? base + target : target === "*" && method === "OPTIONS" ? base : target;
  const url = text === target && authorityOf(target) === null ? null : URL.parse(text);
  if (url === null) {
    throw new RequestError(
      STATUS_CODE.BadRequest,
      "Cannot serve a request as its target must be a path or an http URL",
    );
  }
  // RFC 9110 §7.4: "a request for an "https" resource MUST be rejected unless it has been received over a connection
  // that has been secured".
  if (url.protocol !== origin.protocol) {
    throw new RequestError(
      STATUS_CODE.MisdirectedRequest,
      `Cannot serve a URL of ${url.protocol} on a connection of ${origin.protocol}`,
    );
  }
  return url.href;
}
