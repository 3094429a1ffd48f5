import { STATUS_CODE } from "@std/http/status";
import { denoPlatform } from "../driver/deno_platform.ts";
import { HeadError } from "../handshake/head_error.ts";
import type { HeadLimits } from "../handshake/head_limits.ts";
import { isValidHost } from "../handshake/host.ts";
import { type RequestHead, RequestHeadParser } from "../handshake/request_head_parser.ts";
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
      return { head: parser.head, early };
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
  const body = requestBody(fields, early, transport);
  if (body !== null && method !== "GET" && method !== "HEAD") init.body = body;
  try {
    return new Request(url, init);
  } catch {
    // The web's Request takes neither CONNECT nor TRACE.
    throw new RequestError(STATUS_CODE.NotImplemented, `Cannot serve the method ${method}`);
  }
}

/** RFC 9112 §3.3: the target URI, from the request target and `Host`. */
function requestUrl({ target, version, fields }: RequestHead, origin: URL): string {
  const host = fields.get("host");
  // RFC 9112 §3.2: 400 for a request of HTTP/1.1 without Host, for more than one, and for a malformed one.
  if (host === null ? version !== "1.0" : !isValidHost(host)) {
    throw new RequestError(STATUS_CODE.BadRequest, "Cannot serve a request as its Host must be one host and port");
  }
  const base = `${origin.protocol}//${host ?? origin.host}`;
  const text = target.startsWith("/") ? base + target : target === "*" ? base : target;
  const url = URL.parse(text);
  // RFC 9110 §4.2.4: user information in an http URI is deprecated, and the web's Request doesn't take it.
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === null || !isHttp || url.username !== "" || url.password !== "") {
    throw new RequestError(
      STATUS_CODE.BadRequest,
      "Cannot serve a request as its target must be a path or an http URL",
    );
  }
  return url.href;
}
