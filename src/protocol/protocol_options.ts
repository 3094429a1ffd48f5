import { checkOptionNames } from "../check_options.ts";
import type { MessageExtension } from "./extension.ts";
import { type Platform, StandardPlatform } from "./platform.ts";

/** The default of `maxLength`, in bytes: 64 MiB less one. */
export const DEFAULT_MAX_LENGTH = 0x3ffffff;

/** The longest text that fits into one string, in bytes: V8 strings have at most 2^29 - 24 characters. */
export const MAX_WHOLE_TEXT = 2 ** 29 - 24;

/** The default of `maxFragments`. */
export const DEFAULT_MAX_FRAGMENTS = 0x20000;

/**
 * Which side of the connection an endpoint is.
 *
 * @example A client masks its frames
 * ```ts
 * import { Protocol, type Role } from "@wsd/driver/protocol";
 *
 * function masks(role: Role): boolean {
 *   const handler = { onMessage() {}, onPing() {}, onPong() {}, onClose() {}, onError() {}, onOutput() {} };
 *   const protocol = new Protocol(role, handler);
 *   protocol.sendText("Hi");
 *   return protocol.next()![1] >= 0x80;
 * }
 *
 * console.log(masks("client")); // true
 * console.log(masks("server")); // false
 * ```
 * @category Protocol
 */
export type Role = "client" | "server";

/**
 * The options of a `Protocol`.
 *
 * @example Accept short messages only
 * ```ts
 * import { Protocol, type ProtocolOptions } from "@wsd/driver/protocol";
 *
 * const options: ProtocolOptions = { maxLength: 4, maxFragments: 16 };
 * const codes: unknown[] = [];
 * const handler = { onMessage() {}, onPing() {}, onPong() {}, onClose() {}, onOutput() {} };
 * const client = new Protocol("client", { ...handler, onError: ({ code }) => codes.push(code) }, options);
 * client.receive(Uint8Array.fromHex("810548656c6c6f"));
 * console.log(codes); // [ "WS_MESSAGE_TOO_LONG" ]
 * ```
 * @category Protocol
 */
export interface ProtocolOptions {
  /**
   * The longest message to accept, in bytes, whether it comes in one frame or in many.
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
   * The negotiated extension.
   *
   * @default {null}
   */
  extension?: MessageExtension | null;
  /**
   * Whether memory from `next()` is reused after `done()`: only if nobody reads it any more by then.
   *
   * @default {false}
   */
  reuse?: boolean;
  /**
   * Returns the masking key of a client's next frame: 32 bits that nobody can predict (RFC 6455 §5.3).
   *
   * @default {keys from `crypto.getRandomValues`}
   */
  maskingKey?: () => number;
  /**
   * Decodes the bytes between two offsets, all of them below 0x80. For short text, a `TextDecoder` call takes several
   * times as long as what most runtimes have for ASCII.
   *
   * @default {a `TextDecoder`}
   */
  decodeAscii?: (bytes: Uint8Array, start: number, end: number) => string;
}

/** Options that only this package's own connections set. */
export interface InternalProtocolOptions extends ProtocolOptions {
  /** Memory, randomness and ASCII decoding, which the connections of a process share. */
  platform?: Platform;
}

const OPTION_NAMES: Readonly<Record<keyof InternalProtocolOptions, true>> = {
  maxLength: true,
  maxFragments: true,
  extension: true,
  reuse: true,
  maskingKey: true,
  decodeAscii: true,
  platform: true,
};

/**
 * Fills in the defaults.
 *
 * @param options The caller's options.
 * @returns All options.
 * @throws {TypeError} If they aren't an object, or contain an unknown name.
 */
export function withDefaults(options: InternalProtocolOptions): Required<Omit<InternalProtocolOptions, Functions>> {
  checkOptionNames("create a Protocol", options, OPTION_NAMES);
  const { maxLength = DEFAULT_MAX_LENGTH, maxFragments = DEFAULT_MAX_FRAGMENTS } = options;
  const { extension = null, reuse = false, platform = new StandardPlatform(options) } = options;
  return { maxLength, maxFragments, extension, reuse, platform };
}

type Functions = "maskingKey" | "decodeAscii";
