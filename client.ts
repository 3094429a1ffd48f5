/**
 * The client's side: connect to a WebSocket server, with `ws:` or `wss:`.
 *
 * @example Connect, send, and close
 * ```ts
 * import { connect } from "@wsd/driver/client";
 * import { makeServer, serve } from "@wsd/driver/server";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request, { acceptProtocols: ["chat"] });
 *   ws.on("message", (message) => ws.send(`You said ${message}`));
 *   return ws.accept();
 * });
 *
 * const ws = await connect(`ws://localhost:${server.addr.port}/`, { acceptProtocols: ["chat"] });
 * ws.send("Hi");
 * console.log(await ws.receive()); // You said Hi
 * ws.close(1000, "That was all");
 * console.log(await ws.closed); // { code: 1000, reason: "That was all" }
 * ```
 *
 * @module
 */
export * from "./src/driver/mod.ts";
export * from "./src/web/mod.ts";
export { Client, type ClientOptions } from "./src/client/client.ts";
export { connect } from "./src/client/connect.ts";
export type { ConnectionFailure } from "./src/client/connection_failure.ts";
export { connections, type ConnectionsOptions } from "./src/client/connections.ts";
export type { DialOptions } from "./src/client/dial_options.ts";
export type { ProxyOptions } from "./src/client/proxy/proxy.ts";
export { makeClient } from "./src/client/make_client.ts";
export { makeReconnectingClient, type ReconnectingClient } from "./src/client/reconnecting_client.ts";
export type {
  Down,
  Dropped,
  ReconnectingClientOptions,
  ReconnectingEvents,
  ReconnectingSendOptions,
} from "./src/client/reconnecting_options.ts";
export type { Waiting } from "./src/client/reconnector.ts";
export type { RetryOptions } from "./src/client/retry_options.ts";
export type { ConnectionUrl, UrlContext, UrlSource } from "./src/client/url_source.ts";
export type { StartConnectionOptions } from "./src/client/start_options.ts";
export { ReconnectingWebSocket, type ReconnectingWebSocketOptions } from "./src/web/reconnecting_web_socket.ts";
export { WebSocket } from "./src/web/web_socket.ts";
export type { WebSocketInit } from "./src/web/web_socket_options.ts";
export { WebSocketStream, type WebSocketStreamOptions } from "./src/web/web_socket_stream.ts";
