import { ServeListener } from "./serve_listener.ts";
import type { ServeHandler, ServeOptions } from "./serve_options.ts";
import type { WebSocketListener } from "./websocket_listener.ts";

/**
 * Listens for WebSockets on its own port, and can also serve a page or a health check.
 *
 * It speaks HTTP/1.1, one request per connection: every request goes to the handler, and the connection ends after its
 * response unless that is the 101 of a `Server`. For a full web server next to your WebSockets, use `Deno.serve` or
 * `node:http`; the handler stays the same.
 *
 * @param options Where to listen, certificates, limits.
 * @param handler Answers requests, as for `Deno.serve`.
 * @returns The running server.
 * @throws {TypeError} If an option is malformed, or unknown.
 * @throws {RangeError} If a number is out of its range.
 * @throws {Deno.errors.AddrInUse} If the address is in use.
 *
 * @example An echo server with a page
 * ```ts
 * import { isWebSocket, makeServer, serve } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   if (!isWebSocket(request)) return new Response("All is well\n");
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   return ws.accept();
 * });
 *
 * const response = await fetch(`http://localhost:${server.addr.port}/`);
 * console.log((await response.text()).trim()); // All is well
 * ```
 * @category Server
 */
export function serve(
  options: ServeOptions<Deno.UnixAddr> & { path: string },
  handler: ServeHandler<Deno.UnixAddr>,
): WebSocketListener<Deno.UnixAddr>;
/**
 * Listens on a port, as above.
 *
 * @param options Where to listen, certificates, limits.
 * @param handler Answers requests, as for `Deno.serve`.
 * @returns The running server.
 * @category Server
 */
export function serve(
  options: ServeOptions<Deno.NetAddr>,
  handler: ServeHandler<Deno.NetAddr>,
): WebSocketListener<Deno.NetAddr>;
/**
 * Listens on a port or a Unix socket, as the options say.
 *
 * @param options Where to listen, certificates, limits.
 * @param handler Answers requests, as for `Deno.serve`.
 * @returns The running server.
 * @category Server
 */
export function serve(options: ServeOptions, handler: ServeHandler): WebSocketListener;
/**
 * The implementation of both.
 *
 * @param options Where to listen, certificates, limits.
 * @param handler Answers requests, as for `Deno.serve`.
 * @returns The running server.
 * @category Server
 */
export function serve<Addr extends Deno.Addr>(
  options: ServeOptions<Addr>,
  handler: ServeHandler<Addr>,
): WebSocketListener<Addr> {
  return new ServeListener(options, handler);
}
