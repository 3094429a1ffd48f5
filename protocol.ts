/**
 * The sans-I/O core: RFC 6455 without sockets, streams or timers, for those who bring their own bytes.
 *
 * @example Two endpoints talk in memory
 * ```ts
 * import { Protocol } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
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
 * assertEquals(messages, ["Hi"]);
 * ```
 *
 * @module
 */
export { CloseCode, isSendableCloseCode } from "./src/close_code.ts";
export { ConnectionError, ErrorCode, ProtocolError, WebSocketError, type WebSocketErrorOptions } from "./src/errors.ts";
export { BlockPool } from "./src/protocol/block_pool.ts";
export { Block } from "./src/protocol/block.ts";
export type { CloseInfo } from "./src/protocol/close_payload.ts";
export type { MessageExtension } from "./src/protocol/extension.ts";
export { Opcode } from "./src/protocol/opcode.ts";
export { type Platform, StandardPlatform } from "./src/protocol/platform.ts";
export { Protocol, type ProtocolHandler, type ProtocolOptions, type Role } from "./src/protocol/protocol.ts";
export { Slab } from "./src/protocol/slab.ts";
export { Utf8Validator } from "./src/protocol/utf8_validator.ts";
