import { isHandshake } from "../handshake/server_handshake.ts";
import { type RequestLike, toHandshakeRequest } from "./server_env.ts";

/**
 * Checks whether a request asks for a WebSocket: a GET for version 13 with the upgrade headers. RFC 6455 §4.2.1.
 *
 * @param request A web `Request`, or one of `node:http`.
 * @returns True if it does. {@linkcode makeServer} may still refuse a malformed handshake.
 *
 * @example Serve a page next to the socket
 * ```ts
 * import { isWebSocket } from "@wsd/driver";
 *
 * console.log(isWebSocket(new Request("http://localhost/"))); // false
 * ```
 * @category Server
 */
export function isWebSocket(request: RequestLike): boolean {
  return isHandshake(toHandshakeRequest(request));
}
