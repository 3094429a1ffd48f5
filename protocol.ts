/**
 * The sans-I/O core: RFC 6455 without sockets, streams or timers, if you bring your own bytes.
 *
 * @example Two endpoints talk in memory
 * ```ts
 * import { Protocol } from "@wsd/driver/protocol";
 *
 * const messages: (string | Uint8Array)[] = [];
 * const handler = { onPing() {}, onPong() {}, onClose() {}, onError() {}, onOutput() {} };
 * const client = new Protocol("client", { ...handler, onMessage() {} });
 * const server = new Protocol("server", { ...handler, onMessage: (message) => messages.push(message) });
 *
 * client.sendText("Hi");
 * for (let bytes = client.next(); bytes !== null; bytes = client.next()) {
 *   server.receive(bytes);
 *   client.done();
 * }
 * console.log(messages); // [ "Hi" ]
 * ```
 *
 * @module
 */
export { CloseCode, isSendableCloseCode } from "./src/close_code.ts";
export { ConnectionError, ErrorCode, ProtocolError, WebSocketError, type WebSocketErrorOptions } from "./src/errors.ts";
export type { CloseInfo } from "./src/protocol/close_payload.ts";
export type { MessageExtension } from "./src/protocol/extension.ts";
export { Opcode } from "./src/protocol/opcode.ts";
export { type PreparedFrame, PreparedMessage } from "./src/protocol/prepared_message.ts";
export { Protocol } from "./src/protocol/protocol.ts";
export type { ProtocolHandler } from "./src/protocol/protocol_handler.ts";
export type { ProtocolOptions, Role } from "./src/protocol/protocol_options.ts";
export { Utf8Validator } from "./src/protocol/utf8_validator.ts";
export { acceptKey, generateKey, isValidKey, type Sha1 } from "./src/handshake/accept_key.ts";
export { sha1 } from "./src/handshake/sha1.ts";
export {
  checkResponse,
  type CheckResponseOptions,
  formatRequestHead,
  isInterimResponse,
  requestFields,
  type RequestHeadOptions,
  type ResponseAcceptance,
  type ResponseViolation,
} from "./src/handshake/client_handshake.ts";
export {
  type ExtensionOffer,
  type ExtensionParameter,
  formatExtensions,
  parseExtensions,
} from "./src/handshake/extension_list.ts";
export { type Field, formatHead, formatResponseHead } from "./src/http/format_head.ts";
export { HeadError, type HeadErrorStatus } from "./src/http/head_error.ts";
export { type FieldSource, HeadFields } from "./src/http/head_fields.ts";
export type { HeadLimits } from "./src/http/head_limits.ts";
export { type RequestHead, RequestHeadParser } from "./src/http/request_head_parser.ts";
export { type ResponseHead, ResponseHeadParser } from "./src/http/response_head_parser.ts";
export {
  acceptHandshake,
  type AcceptHandshakeOptions,
  type HandshakeAcceptance,
  type HandshakeRefusal,
  type HandshakeRequest,
  isHandshake,
  responseFields,
  type ResponseFieldsOptions,
} from "./src/handshake/server_handshake.ts";
