/**
 * A WebSocket server and client for Deno that speak RFC 6455 themselves, on Deno's sockets and on Web Streams.
 *
 * @example An echo server and a client of it
 * ```ts ignore
 * import { makeClient, makeServer, serve } from "@wsd/driver";
 *
 * serve({ port: 5000 }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * const ws = makeClient("ws://localhost:5000/");
 * ws.on("message", (message) => console.log("Got:", message));
 * await ws.startConnection();
 * ws.send("Hi");
 * ```
 *
 * @module
 */
export * from "./client.ts";
export * from "./server.ts";
