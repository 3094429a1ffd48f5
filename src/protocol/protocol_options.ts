import type { MessageExtension } from "./extension.ts";
import type { Platform } from "./platform.ts";

/** The longest message that is taken where nothing else is said, in bytes: 64 MiB less one. */
export const DEFAULT_MAX_LENGTH = 0x3ffffff;

/** The longest text that comes as one string, in bytes: V8 has none of more than 2^29 - 24 characters. */
export const MAX_WHOLE_TEXT = 2 ** 29 - 24;

/** The most frames that a message may come in where nothing else is said. */
export const DEFAULT_MAX_FRAGMENTS = 0x20000;

/**
 * Which side of the connection an endpoint is.
 *
 * @example A client masks what it sends
 * ```ts
 * import { Protocol, type Role } from "@wsd/driver/protocol";
 * import { assert, assertFalse } from "@std/assert";
 *
 * function masks(role: Role): boolean {
 *   const handler = { onMessage() {}, onPing() {}, onPong() {}, onClose() {}, onError() {}, onOutput() {} };
 *   const protocol = new Protocol(role, handler);
 *   protocol.sendText("Hi");
 *   return protocol.next()![1] >= 0x80;
 * }
 *
 * assert(masks("client"));
 * assertFalse(masks("server"));
 * ```
 */
export type Role = "client" | "server";

/**
 * How a `Protocol` is set up.
 *
 * @example Take short messages only
 * ```ts
 * import { Protocol, type ProtocolOptions } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const options: ProtocolOptions = { maxLength: 4, maxFragments: 16 };
 * const codes: (string | null)[] = [];
 * const handler = { onMessage() {}, onPing() {}, onPong() {}, onClose() {}, onOutput() {} };
 * const client = new Protocol("client", { ...handler, onError: ({ code }) => codes.push(code) }, options);
 * client.receive(Uint8Array.fromHex("810548656c6c6f"));
 * assertEquals(codes, ["WS_MESSAGE_TOO_LONG"]);
 * ```
 */
export interface ProtocolOptions {
  /**
   * The longest message to take, in bytes, whether it comes in one frame or in many.
   *
   * @default {0x3ffffff}
   */
  maxLength?: number;
  /**
   * The most frames that a message may come in.
   *
   * @default {131072}
   */
  maxFragments?: number;
  /**
   * The extension that both sides agreed on.
   *
   * @default {null}
   */
  extension?: MessageExtension | null;
  /**
   * Whether memory that `next()` of a `Protocol` gave is used again after `done()`. Only where
   * nobody reads it any more by then.
   *
   * @default {false}
   */
  reuse?: boolean;
  /**
   * Memory, randomness and ASCII decoding. Connections that share a platform share its memory.
   *
   * @default {new StandardPlatform()}
   */
  platform?: Platform;
}
