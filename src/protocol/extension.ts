import type { PreparedFrame, PreparedMessage } from "./prepared_message.ts";

/**
 * An extension that transforms whole messages and marks them with RSV1, as RFC 7692 does. RFC 6455 §5.8, §9.
 *
 * A result may be returned directly or as a promise; messages keep their order either way, because nothing else is
 * transformed in between. An extension reports the peer's errors by throwing, or rejecting with, a `ProtocolError`,
 * which fails the connection; any other error counts as the extension's own, and fails the connection with 1011 and the
 * error `WS_EXTENSION_FAILED`.
 *
 * @example An extension that reverses bytes
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
  /** The name that was negotiated in the opening handshake. */
  readonly name: string;
  /**
   * Decodes a received payload into the message.
   *
   * @param payload The payload of all fragments together, which the extension may keep.
   * @param maxLength The longest message to produce, in bytes; a longer one is the error `WS_MESSAGE_TOO_LONG`.
   * @returns The message, which the caller then owns.
   * @throws {ProtocolError} If the payload is invalid or the message too long.
   */
  decode(payload: Uint8Array, maxLength: number): Uint8Array | Promise<Uint8Array>;
  /**
   * Encodes a message into the payload that is sent with RSV1 set.
   *
   * @param payload The message, unchanged until the result is returned or resolved.
   * @returns The payload to send, which the caller then owns.
   */
  encode(payload: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * Encodes a prepared message into a frame that connections share, instead of {@linkcode encode}: it doesn't refer to
   * earlier messages. Without this method, each connection encodes the message separately.
   *
   * @param message The message, which caches the result.
   * @returns The frame.
   */
  encodeShared?(message: PreparedMessage): PreparedFrame;
  /**
   * Decides whether a message is worth transforming.
   *
   * @param length The length of the message in bytes.
   * @returns False to send it unchanged.
   */
  wants(length: number): boolean;
  /**
   * Returns how long a payload may be, since some messages become longer when they are transformed.
   *
   * @param maxLength The longest message, in bytes.
   * @returns The longest payload to accept, in bytes; without this method it is `maxLength`.
   */
  maxPayload?(maxLength: number): number;
  /** Frees the extension's resources, even in the middle of a message: pending results are no longer needed. */
  close(): void;
}
