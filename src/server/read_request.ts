import { STATUS_CODE } from "@std/http/status";
import { equalsIgnoreCase } from "../http/equals_ignore_case.ts";
import { HeadError } from "../http/head_error.ts";
import { HeadFields } from "../http/head_fields.ts";
import type { HeadLimits } from "../http/head_limits.ts";
import { isValidHost } from "../http/host.ts";
import { printable } from "../http/printable.ts";
import { type RequestHead, RequestHeadParser } from "../http/request_head_parser.ts";
import { targetAuthority } from "../http/request_target.ts";
import type { HttpSocket } from "./http_socket.ts";
import { requestBody } from "./request_body.ts";
import { RequestError } from "./request_error.ts";
import type { Upgrader } from "./upgrader.ts";

/**
 * Reads a request's head.
 *
 * @param socket The connection.
 * @param limits How long the head may be.
 * @returns The head; null if the client ends the connection before it is complete.
 * @throws {RequestError} If the head is malformed or too long.
 */
export async function readHead(socket: HttpSocket, limits: Partial<HeadLimits>): Promise<RequestHead | null> {
  const parser = new RequestHeadParser(limits);
  try {
    while (!parser.done) {
      if (!await socket.receiveHead((bytes) => parser.push(bytes))) return null;
    }
    return resolveHost(parser.head);
  } catch (error) {
    if (error instanceof HeadError) throw new RequestError(error.status, error.message);
    throw error;
  }
}

/**
 * Checks `Host`, and sets it to the requested host. RFC 9112 §3.2: 400 for an HTTP/1.1 request without it, with more
 * than one, or with a malformed one. §3.2.2: a target in absolute form overrides `Host`.
 */
function resolveHost(head: RequestHead): RequestHead {
  const { target, version, fields } = head;
  checkHost(fields.get("host"), version === "1.0");
  const authority = targetAuthority(target);
  if (authority === null) return head;
  checkHost(authority, false);
  const others = [...fields].filter(([name]) => !equalsIgnoreCase(name, "host"));
  return { ...head, fields: new HeadFields([["Host", authority], ...others]) };
}

function checkHost(host: string | null, mayBeMissing: boolean): void {
  if (host === null ? mayBeMissing : isValidHost(host)) return;
  throw new RequestError(
    STATUS_CODE.BadRequest,
    `Cannot serve the request: Host must be one host with or without a port, received ${printable(host)}`,
  );
}

/** The request that a handler gets. Its signal aborts if the client leaves before the response. */
export class ReceivedRequest extends Request {
  /** Created on first use of the signal: one for each request would cost a tenth of its handshake (Deno 2.9.6). */
  #controller: AbortController | null = null;
  /** Answers the handshake. A `WeakMap` instead would keep it alive until V8 next collects old objects. */
  #upgrader: Upgrader | null = null;

  /** Aborts if the client leaves before the response. */
  override get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  /**
   * Aborts a request's signal.
   *
   * @param request The request.
   * @param reason The reason.
   */
  static abort(request: ReceivedRequest, reason: DOMException): void {
    (request.#controller ??= new AbortController()).abort(reason);
  }

  /**
   * Sets the upgrader that answers a request's handshake.
   *
   * @param request The request.
   * @param upgrader The upgrader.
   */
  static setUpgrader(request: ReceivedRequest, upgrader: Upgrader): void {
    request.#upgrader = upgrader;
  }

  /**
   * Returns the upgrader that answers a request's handshake.
   *
   * @param request Any request.
   * @returns The upgrader; null unless this package has read the request itself.
   */
  static upgraderOf(request: Request): Upgrader | null {
    return #upgrader in request ? request.#upgrader : null;
  }
}

/**
 * Creates a web `Request` from a head.
 *
 * @param head The head.
 * @param socket Where the body comes from.
 * @param origin The scheme and the authority for a request that names none.
 * @returns The request.
 * @throws {RequestError} If the target is malformed, or the method or body can't be served.
 */
export function makeRequest(head: RequestHead, socket: HttpSocket, origin: URL): ReceivedRequest {
  const { method, fields } = head;
  const init: RequestInit = { method, headers: [...fields] };
  const url = requestUrl(head, origin);
  const body = requestBody(head, socket);
  if (body !== null && method !== "GET" && method !== "HEAD") init.body = body;
  try {
    return new ReceivedRequest(url, init);
  } catch {
    if (!URL.canParse(url)) throw malformedTarget(head.target);
    // The web's Request accepts neither CONNECT nor TRACE.
    throw new RequestError(STATUS_CODE.NotImplemented, `Cannot serve the request: unknown method ${printable(method)}`);
  }
}

/** RFC 9112 §3.3: the target URI, from the request target and `Host`. */
function requestUrl({ method, target, fields }: RequestHead, origin: URL): string {
  const base = `${origin.protocol}//${fields.get("host") ?? origin.host}`;
  if (target.startsWith("/")) return base + target;
  // §3.2.4: "The "asterisk-form" of request-target is only used for a server-wide OPTIONS request".
  if (target === "*" && method === "OPTIONS") return base;
  const url = targetAuthority(target) === null ? null : URL.parse(target);
  if (url === null) throw malformedTarget(target);
  // RFC 9110 §7.4: "a request for an "https" resource MUST be rejected unless it has been received over a connection
  // that has been secured".
  if (url.protocol !== origin.protocol) {
    throw new RequestError(
      STATUS_CODE.MisdirectedRequest,
      `Cannot serve the request: its URL must be of ${origin.protocol}, like the connection, received ${url.protocol}`,
    );
  }
  return url.href;
}

function malformedTarget(target: string): RequestError {
  return new RequestError(
    STATUS_CODE.BadRequest,
    `Cannot serve the request: its target must be a path or an http URL, received ${printable(target)}`,
  );
}
