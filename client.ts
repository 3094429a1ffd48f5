/**
 * The client's side: connect to a WebSocket server, with `ws:` or `wss:`.
 *
 * @example Connect, send, and close
 * ```ts
 * import { makeClient } from "@wsd/driver/client";
 * import { makeServer, serve } from "@wsd/driver/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request, { acceptProtocols: ["chat"] });
 *   ws.on("message", (message) => ws.send(`You said ${message}`));
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * const ws = makeClient(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, { acceptProtocols: ["chat"] });
 * ws.on("message", (message) => {
 *   assertEquals(message, "You said Hi");
 *   ws.closeConnection();
 * });
 * const closed = new Promise((resolve) => ws.on("close", resolve));
 * await ws.startConnection();
 * ws.send("Hi");
 * assertEquals(await closed, { code: 1000, reason: "" });
 * ```
 *
 * @module
 */
export { CloseCode, isSendableCloseCode } from "./src/close_code.ts";
export { Client, type ClientOptions } from "./src/client/client.ts";
export type { DialOptions } from "./src/client/dial.ts";
export { makeClient } from "./src/client/make_client.ts";
export type { StartConnectionOptions } from "./src/client/start_options.ts";
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
export type { CloseInfo } from "./src/protocol/close_payload.ts";
export type { Connection, ConnectionHandler, FragmentSender } from "./src/transport/connection.ts";
export { ConnTransport } from "./src/transport/conn_transport.ts";
export { NodeSocketTransport } from "./src/transport/node_socket_transport.ts";
export { type ByteStreamPair, StreamTransport } from "./src/transport/stream_transport.ts";
export type { Transport } from "./src/transport/transport.ts";
export { WebSocket, type WebSocketInit, type WebSocketOptions } from "./src/client/web_socket.ts";
export { WebSocketStream, type WebSocketStreamOptions } from "./src/client/web_socket_stream.ts";
export { WebSocketBase, type WebSocketEventHandler } from "./src/driver/web_socket_base.ts";
export type { WebSocketData } from "./src/driver/web_socket_data.ts";
export {
  type WebSocketCloseInfo,
  type WebSocketOpenInfo,
  WebSocketStreamBase,
} from "./src/driver/web_socket_stream_base.ts";
