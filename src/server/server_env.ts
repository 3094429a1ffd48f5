import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import { targetAuthority } from "../http/request_target.ts";
import type { ByteStreamPair } from "../transport/stream_transport.ts";
import { RequestInfo } from "./request_info.ts";

/**
 * A request that another program has read: a web `Request`, or one of `node:http`.
 *
 * @example Read a header field of either
 * ```ts
 * import type { RequestLike } from "@wsd/driver/server";
 *
 * function cookieOf({ headers }: RequestLike): string | null {
 *   return headers instanceof Headers ? headers.get("cookie") : headers.cookie ?? null;
 * }
 *
 * console.log(cookieOf(new Request("http://localhost/", { headers: { cookie: "seen=1" } }))); // seen=1
 * ```
 * @category Server
 */
export type RequestLike = Request | IncomingMessage;

/**
 * Any byte duplex from which a client's request head was already read.
 *
 * @example Take over a connection whose request was already read
 * ```ts
 * import { type DuplexEnv, makeServer } from "@wsd/driver/server";
 *
 * export function takeOver(request: Request, conn: Deno.TcpConn): boolean {
 *   const env: DuplexEnv = { request, readable: conn.readable, writable: conn.writable };
 *   const ws = makeServer(env);
 *   ws.on("message", (message) => ws.send(message));
 *   return ws.startConnection();
 * }
 * ```
 * @category Server
 */
export interface DuplexEnv extends ByteStreamPair {
  /** The request that was read from it. */
  readonly request: RequestLike;
}

/**
 * The arguments of the `"upgrade"` event of `node:http` and `node:https`.
 *
 * @example Under node:http
 * ```ts
 * import { createServer } from "node:http";
 * import { makeServer, type NodeEnv } from "@wsd/driver/server";
 *
 * const server = createServer();
 * server.on("upgrade", (request, socket, head) => {
 *   const env: NodeEnv = { request, socket, head };
 *   const ws = makeServer(env);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 * });
 * ```
 * @category Server
 */
export interface NodeEnv {
  /** The request. */
  readonly request: RequestLike;
  /** The socket that it came on. */
  readonly socket: Duplex;
  /** The bytes after the request's head. */
  readonly head: Uint8Array;
}

/**
 * The source of a server's side: a request of `serve` or `Deno.serve`, a byte duplex, or the arguments of the
 * `"upgrade"` event of `node:http`.
 *
 * @example Echo, wherever the request comes from
 * ```ts
 * import { makeServer, type Server, type ServerEnv } from "@wsd/driver/server";
 *
 * export function echo(env: ServerEnv): Server {
 *   const ws = makeServer(env);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws;
 * }
 * ```
 * @category Server
 */
export type ServerEnv = Request | DuplexEnv | NodeEnv;

/**
 * Reads a request as the handshake checks it.
 *
 * @param request The request.
 * @returns Its method, its header fields, and its version if that is known.
 * @throws {TypeError} If it is not a request.
 */
export function toHandshakeRequest(request: RequestLike): HandshakeRequest {
  const { method, headers } = request ?? {};
  if (typeof method !== "string" || typeof headers !== "object") {
    throw new TypeError(
      "Cannot read the request: expected a Request or the IncomingMessage of node:http, received " +
        (request === null ? "null" : typeof request),
    );
  }
  if (headers instanceof Headers) return { method, fields: headers };
  const { rawHeaders, httpVersion, url = "" } = request as IncomingMessage;
  const fields = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) fields.append(rawHeaders[i], rawHeaders[i + 1]);
  const authority = targetAuthority(url);
  if (authority !== null) fields.set("host", authority);
  return { method, fields, version: httpVersion };
}

/**
 * Reads a request as users see it.
 *
 * @param request The request.
 * @returns Its URL, its header fields, and the client's address if that is known.
 */
export function toRequestInfo(request: RequestLike): RequestInfo {
  if (request.headers instanceof Headers) {
    return new RequestInfo((request as Request).url, request.headers, null);
  }
  const { url = "/", socket } = request as IncomingMessage;
  const fields = toHandshakeRequest(request).fields as Headers;
  const scheme = (socket as { encrypted?: boolean } | null)?.encrypted ? "https" : "http";
  const base = `${scheme}://${fields.get("host") ?? "localhost"}`;
  return new RequestInfo(url.startsWith("/") ? base + url : url, fields, addrOf(socket));
}

function addrOf(socket: Socket | null): Deno.NetAddr | null {
  const { remoteAddress, remotePort } = socket ?? {};
  if (remoteAddress === undefined || remotePort === undefined) return null;
  return { transport: "tcp", hostname: remoteAddress, port: remotePort };
}
