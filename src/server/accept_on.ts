import type { Transport } from "../transport/transport.ts";
import { makeServer } from "./make_server.ts";
import type { Server, ServerOptions } from "./server.ts";
import { HttpConnection } from "./http_connection.ts";

/**
 * Takes one WebSocket connection on a transport, as `serve` does on each that it accepts: reads the request's head,
 * judges it, and answers.
 *
 * @param transport A transport on which nothing was read yet.
 * @param options Limits, times, subprotocols, headers.
 * @returns The server's side, once it is open. Rejects where the handshake fails.
 */
export async function acceptOn(transport: Transport, options: ServerOptions): Promise<Server> {
  const made = Promise.withResolvers<Server>();
  made.promise.catch(() => {});
  const connection = new HttpConnection(
    {
      handler: (request) => {
        const server = makeServer(request, options);
        made.resolve(server);
        server.startConnection();
        return server.response;
      },
      handshakeTimeout: options.handshakeTimeout ?? 10_000,
      headLimits: {},
      retryAfter: null,
      policy: {},
      origin: new URL("http://localhost/"),
      onFault: (fault) => {
        made.reject(fault);
        return Promise.resolve(new Response(null, { status: 500 }));
      },
      onTurnAway: () => {},
      onOpen: () => {},
      onClose: () => {},
      onEnd: () => made.reject(new TypeError("Cannot accept a connection that ended before its request")),
    },
    transport,
    { transport: "tcp", hostname: "localhost", port: 0 },
  );
  void connection.run(false);
  const server = await made.promise;
  await server.opened;
  return server;
}
