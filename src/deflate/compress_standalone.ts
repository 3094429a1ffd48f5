import { sharedEngine } from "./engine.ts";

/** How {@linkcode compressStandalone} compresses. */
export interface StandaloneOptions {
  /**
   * The largest distance to refer back, as a power of two from 8 to 15. The payload suits every connection on which this
   * side's window is as large or larger.
   *
   * @default {15}
   */
  windowBits?: number;
  /**
   * How hard to look for repetitions, 0 to 9.
   *
   * @default {6}
   */
  level?: number;
  /**
   * How much memory the search takes, 1 to 9.
   *
   * @default {8}
   */
  memLevel?: number;
}

/**
 * Compresses a message once for many connections, RFC 7692 §7.2.1: it refers to nothing before it.
 *
 * The payload is sent with RSV1 set on each connection that agreed on permessage-deflate with a window of
 * `windowBits` or more for this side ({@linkcode PerMessageDeflate.windowBits}), with or without context takeover. When
 * it is queued, call {@linkcode PerMessageDeflate.forget} of that connection, once all messages before it were encoded:
 * the peer's window moves on by the message, and this side's compressor doesn't know of it.
 *
 * It compresses at once: about 10 ms a MiB.
 *
 * @example One message for many
 * ```ts ignore
 * const payload = compressStandalone(message, { windowBits: 12 });
 * for (const extension of extensions) {
 *   if (extension.windowBits < 12) continue; // send(message) as usual
 *   frame(0xc1, payload); // FIN, RSV1, text
 *   extension.forget();
 * }
 * ```
 *
 * @param message The message's bytes.
 * @param options The window, the level and the memory.
 * @returns The payload, without the four bytes that RFC 7692 leaves out.
 */
export function compressStandalone(message: Uint8Array, options: StandaloneOptions = {}): Uint8Array {
  const { windowBits = 15, level = 6, memLevel = 8 } = options;
  return sharedEngine.compress(message, { windowBits, level, memLevel });
}
