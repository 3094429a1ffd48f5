/**
 * A WebSocket server and client for Deno that speak RFC 6455 themselves, on Deno's sockets and on Web Streams.
 *
 * @example An echo server, and a client of it
 * ```ts
 * import { makeClient, makeServer, serve } from "@wsd/driver";
 *
 * // Port 0 is any that is free; give your own.
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * const ws = makeClient(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`);
 * const answer = new Promise((resolve) => ws.on("message", resolve));
 * await ws.startConnection();
 * ws.send("Hi");
 * console.log(await answer); // Hi
 * ```
 *
 * @module
 */
export * from "./client.ts";
export * from "./server.ts";
export { makePair, type PairOptions, type WebSocketPair } from "./src/testing/make_pair.ts";
