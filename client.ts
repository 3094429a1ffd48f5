/**
 * The client's side: connect to a WebSocket server, with `ws:` or `wss:`.
 *
 * @example Send lines, print what comes back
 * ```ts ignore
 * import { makeClient } from "@wsd/driver/client";
 *
 * const ws = makeClient("wss://example.com/chat", { acceptProtocols: ["chat"] });
 * ws.on("message", (message) => console.log("Got:", message));
 * ws.on("close", ({ code, reason }) => console.log("Closed:", code, reason));
 * await ws.startConnection();
 * ws.send("Hi");
 * ```
 *
 * @module
 */
export { CloseCode, isSendableCloseCode } from "./src/close_code.ts";
export { Client, type ClientOptions, type StartConnectionOptions } from "./src/client/client.ts";
export type { DialOptions } from "./src/client/dial.ts";
export { makeClient } from "./src/client/make_client.ts";
export type { MessageData } from "./src/driver/data.ts";
export type { Settings, WebSocketDriverOptions } from "./src/driver/options.ts";
export {
  type ReadyState,
  type SendOptions,
  WebSocketDriver,
  type WebSocketEvents,
} from "./src/driver/websocket_driver.ts";
export { ConnectionError, ErrorCode, ProtocolError, WebSocketError, type WebSocketErrorOptions } from "./src/errors.ts";
export { HandshakeError, type HandshakeErrorOptions } from "./src/handshake_error.ts";
export type { CloseInfo } from "./src/protocol/close_payload.ts";
export type { Connection, ConnectionHandler } from "./src/transport/connection.ts";
export { ConnTransport } from "./src/transport/conn_transport.ts";
export { NodeSocketTransport } from "./src/transport/node_socket_transport.ts";
export { type ByteStreamPair, StreamTransport } from "./src/transport/stream_transport.ts";
export type { Transport } from "./src/transport/transport.ts";
