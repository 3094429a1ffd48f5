import { Client, type ClientOptions } from "./client.ts";

/**
 * Connects to a WebSocket server: {@linkcode makeClient} and {@linkcode Client.startConnection} in one.
 *
 * @param url The server's URL: `ws:` or `wss:`, or `http:` or `https:` instead.
 * @param options Limits, times, subprotocols, headers, certificates, a signal that aborts the opening handshake.
 * @returns The client, open. Messages that follow the server's response at once are delivered to listeners that are
 * added before the next turn of the event loop.
 * @throws {HandshakeError} As a rejection, if the server can't be reached, refuses, breaks a rule or takes longer than
 * `handshakeTimeout`.
 * @throws {TypeError} If the URL or an option is malformed.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example Connect, talk, and close
 * ```ts
 * import { connect, makeServer, serve } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * await using ws = await connect(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`);
 * const answer = new Promise((resolve) => ws.once("message", resolve));
 * ws.send("Hi");
 * console.log(await answer); // Hi
 * ```
 * @category Client
 */
export async function connect(url: string | URL, options: ClientOptions = {}): Promise<Client> {
  const client = new Client(url, options);
  await client.startConnection();
  return client;
}
