/** What both sides export, in `client.ts` and in `server.ts`. */
export { CloseCode, isSendableCloseCode } from "../close_code.ts";
export type { PerMessageDeflateOptions } from "../deflate/options.ts";
export type { MessageChunks } from "../streams/chunk_reader.ts";
export type { MessageData } from "../connection/message_data.ts";
export type { ReadyState, WebSocketEvents } from "./events.ts";
export type { WebSocketDriverOptions } from "./options.ts";
export { MessageStream } from "../streams/message_stream.ts";
export type { MessageType } from "../streams/message_consumer.ts";
export type { SendOptions } from "./send_options.ts";
export { WebSocketDriver } from "./websocket_driver.ts";
export type { SendStreamOptions } from "../streams/send_stream.ts";
export { ConnectionError, ErrorCode, ProtocolError, WebSocketError, type WebSocketErrorOptions } from "../errors.ts";
export { HandshakeError, type HandshakeErrorOptions } from "../handshake_error.ts";
export type { CloseInfo } from "../protocol/close_payload.ts";
export { ConnTransport } from "../transport/conn_transport.ts";
export { NodeSocketTransport } from "../transport/node_socket_transport.ts";
export { type ByteStreamPair, StreamTransport } from "../transport/stream_transport.ts";
export type { Transport } from "../transport/transport.ts";
