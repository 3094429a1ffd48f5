/**
 * The server's side: take WebSockets under `serve`, `Deno.serve`, `node:http`, or on any byte duplex.
 *
 * @example An echo server
 * ```ts
 * import { makeServer, serve } from "@wsd/driver/server";
 *
 * // Port 0 is any that is free; give your own.
 * const server = serve({ port: 0, onListen: (addr) => console.log("Listening on", addr) }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * });
 * await server.shutdown();
 * ```
 *
 * @module
 */
export { CloseCode, isSendableCloseCode } from "./src/close_code.ts";
export type { DeflateSettings, PerMessageDeflateOptions } from "./src/deflate/options.ts";
export type { Agreed } from "./src/driver/agreed.ts";
export type { MessageChunks } from "./src/driver/chunk_reader.ts";
export type { AdditionalHeaders } from "./src/driver/additional_headers.ts";
export type { MessageData } from "./src/driver/data.ts";
export type { ReadyState, WebSocketEvents } from "./src/driver/events.ts";
export type { SettingDefaults, Settings, WebSocketDriverOptions } from "./src/driver/options.ts";
export { MessageStream } from "./src/driver/message_stream.ts";
export type { MessageType } from "./src/driver/message_taker.ts";
export type { SendOptions } from "./src/driver/send_options.ts";
export { WebSocketDriver } from "./src/driver/websocket_driver.ts";
export type { SendStreamOptions } from "./src/driver/send_stream.ts";
export { ConnectionError, ErrorCode, ProtocolError, WebSocketError, type WebSocketErrorOptions } from "./src/errors.ts";
export { HandshakeError, type HandshakeErrorOptions } from "./src/handshake_error.ts";
export type { HeadLimits } from "./src/handshake/head_limits.ts";
export type { CloseInfo } from "./src/protocol/close_payload.ts";
export type { AccessPolicy } from "./src/server/access_policy.ts";
export { isWebSocket } from "./src/server/is_web_socket.ts";
export { makeServer } from "./src/server/make_server.ts";
export { serve, type WebSocketServer } from "./src/server/serve.ts";
export { Server, type ServerOptions } from "./src/server/server.ts";
export type { DuplexEnv, NodeEnv, RequestLike, ServerEnv } from "./src/server/server_env.ts";
export type { ServeHandler, ServeHandlerInfo, ServeOptions } from "./src/server/serve_options.ts";
export type { Connection, ConnectionHandler, FragmentSender } from "./src/transport/connection.ts";
export { ConnTransport } from "./src/transport/conn_transport.ts";
export { NodeSocketTransport } from "./src/transport/node_socket_transport.ts";
export { type ByteStreamPair, StreamTransport } from "./src/transport/stream_transport.ts";
export type { Transport } from "./src/transport/transport.ts";
export {
  ServerWebSocket,
  upgradeWebSocket,
  type UpgradeWebSocketOptions,
  type WebSocketUpgrade,
} from "./src/server/upgrade_web_socket.ts";
export {
  ServerWebSocketStream,
  upgradeWebSocketStream,
  type WebSocketStreamUpgrade,
} from "./src/server/upgrade_web_socket_stream.ts";
export { WebSocketBase, type WebSocketEventHandler } from "./src/driver/web_socket_base.ts";
export type { WebSocketData } from "./src/driver/web_socket_data.ts";
export {
  type WebSocketCloseInfo,
  type WebSocketOpenInfo,
  WebSocketStreamBase,
} from "./src/driver/web_socket_stream_base.ts";
