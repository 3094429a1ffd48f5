/**
 * The server's side: accept WebSockets under `serve`, `Deno.serve`, `node:http`, or on any byte duplex.
 *
 * @example An echo server
 * ```ts
 * import { makeServer, serve } from "@wsd/driver/server";
 *
 * // Port 0 chooses a free one; use your own.
 * const server = serve({ port: 0 }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   return ws.accept();
 * });
 * await server.shutdown();
 * ```
 *
 * @module
 */
export * from "./src/driver/mod.ts";
export * from "./src/web/mod.ts";
export type { HeadLimits } from "./src/http/head_limits.ts";
export type { AccessPolicy } from "./src/server/access_policy.ts";
export { broadcast, type BroadcastOptions, type BroadcastResult } from "./src/topics/broadcast.ts";
export { isWebSocket } from "./src/server/is_web_socket.ts";
export type { ListenerStats } from "./src/server/listener_stats.ts";
export { makeServer } from "./src/server/make_server.ts";
export { serve } from "./src/server/serve.ts";
export type { WebSocketListener } from "./src/server/websocket_listener.ts";
export type { ShutdownOptions } from "./src/server/shutdown.ts";
export { Server, type ServerOptions } from "./src/server/server.ts";
export type { DuplexEnv, NodeEnv, RequestLike, ServerEnv } from "./src/server/server_env.ts";
export type { ServeHandler, ServeHandlerInfo, ServeOptions } from "./src/server/serve_options.ts";
export { upgradeWebSocket, type UpgradeWebSocketOptions, type WebSocketUpgrade } from "./src/web/upgrade_web_socket.ts";
export { upgradeWebSocketStream, type WebSocketStreamUpgrade } from "./src/web/upgrade_web_socket_stream.ts";
export type { WebSocket } from "./src/web/web_socket.ts";
export type { WebSocketStream, WebSocketStreamOptions } from "./src/web/web_socket_stream.ts";
