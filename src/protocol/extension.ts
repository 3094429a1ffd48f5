import type { PreparedFrame, PreparedMessage } from "./prepared_message.ts";

/**
 * An extension that transforms whole messages and marks them with RSV1, as RFC 7692 does. RFC 6455 §5.8, §9.
 *
 * An answer may come at once or as a promise; messages keep their order either way, for nothing else is transformed
 * in between. A fault of the peer's is thrown, or rejected with, as a `ProtocolError`, and fails the connection; anything
 * else is a fault of the extension's own, which fails it with 1011 and the error `WS_EXTENSION_FAILED`.
 *
 * @example An extension that turns bytes around
 * ```ts
 * import type { MessageExtension } from "@wsd/driver/protocol";
 *
 * const reverse: MessageExtension = {
 *   name: "x-reverse",
 *   decode: (payload) => payload.toReversed(),
 *   encode: (payload) => payload.toReversed(),
 *   wants: (length) => length > 1,
 *   close: () => {},
 * };
 * ```
 * @category Protocol
 */
export interface MessageExtension {
  /** The name that was agreed on in the opening handshake. */
  readonly name: string;
  /**
   * Turns what was received back into the message.
   *
   * @param payload The payload of all fragments together, which the extension may keep.
   * @param maxLength The longest message to make, in bytes; a longer one is the error `WS_MESSAGE_TOO_LONG`.
   * @returns The message, which the extension gives away.
   * @throws {ProtocolError} If the payload is invalid or the message too long.
   */
  decode(payload: Uint8Array, maxLength: number): Uint8Array | Promise<Uint8Array>;
  /**
   * Turns a message into what is sent with RSV1 set.
   *
   * @param payload The message, unchanged until the answer is there.
   * @returns The payload to send, which the extension gives away.
   */
  encode(payload: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * Turns a message that many connections send into the frame that they share, in place of {@linkcode encode}: it refers
   * to nothing before it. Without this method, each connection encodes the message by itself.
   *
   * @param message The message, which keeps what is made of it.
   * @returns The frame.
   */
  encodeShared?(message: PreparedMessage): PreparedFrame;
  /**
   * Tells whether a message is worth transforming.
   *
   * @param length The length of the message in bytes.
   * @returns False to send it unchanged.
   */
  wants(length: number): boolean;
  /**
   * Tells how long a payload may be, since a message that is hard to transform may become longer.
   *
   * @param maxLength The longest message, in bytes.
   * @returns The longest payload to take, in bytes; without this method it is `maxLength`.
   */
  maxPayload?(maxLength: number): number;
  /** Frees what the extension holds, also in the middle of a message: answers that are due need not come any more. */
  close(): void;
}
