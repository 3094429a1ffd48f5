import { Server, type ServerOptions } from "./server.ts";
import type { ServerEnv } from "./server_env.ts";

/**
 * Makes the server's side of a connection from a client's request. Nothing is answered until
 * {@linkcode Server.startConnection}.
 *
 * @param env A `Request` that `serve` or `Deno.serve` passed to its handler, `{ request, readable, writable }` for any
 * byte duplex, or `{ request, socket, head }` from node's `"upgrade"` event.
 * @param options Limits, times, subprotocols, headers.
 * @returns The server.
 * @throws {TypeError} Where the env or an option is malformed.
 * @throws {RangeError} Where a number is out of its range.
 *
 * @example Refuse what is no handshake
 * ```ts
 * import { makeServer } from "@wsd/driver";
 * import { assertEquals, assertFalse } from "@std/assert";
 *
 * const ws = makeServer(new Request("http://localhost/"));
 * assertFalse(ws.startConnection());
 * assertEquals(ws.response.status, 400);
 * await ws.response.body?.cancel();
 * ```
 */
export function makeServer(env: ServerEnv, options: ServerOptions = {}): Server {
  return new Server(env, options);
}
