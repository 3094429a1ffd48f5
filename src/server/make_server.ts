import { Server, type ServerOptions } from "./server.ts";
import type { ServerEnv } from "./server_env.ts";

/**
 * Creates the server's side of a connection from a client's request. Nothing is sent until {@linkcode Server.accept}.
 *
 * @param env A `Request` that `serve` or `Deno.serve` passed to its handler, `{ request, readable, writable }` for any
 * byte duplex, or `{ request, socket, head }` from node's `"upgrade"` event.
 * @param options Limits, times, subprotocols, headers, data.
 * @returns The server.
 * @throws {TypeError} If the env or an option is malformed, or an option is unknown.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example A whole server
 * ```ts
 * import { makeServer, serve } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request, { data: { name: "Ann" } });
 *   ws.on("message", (message) => ws.send(`${ws.data.name} says ${message}`));
 *   return ws.accept();
 * });
 * ```
 * @category Server
 */
export function makeServer<Data = undefined>(env: ServerEnv, options: ServerOptions<Data> = {}): Server<Data> {
  return new Server(env, options);
}
