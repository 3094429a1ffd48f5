import { NOT_ASCII } from "./mask.ts";
import type { Platform } from "./platform.ts";
import { invalidUtf8 } from "./protocol_errors.ts";

/** Up to this length in bytes, checking for ASCII byte by byte costs less than a TextDecoder call. */
const LOOKED_THROUGH = 512;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes text that has arrived completely.
 *
 * A TextDecoder call costs several times as much as decoding ASCII with the platform, and most messages are ASCII.
 *
 * @param platform Decodes ASCII.
 * @param bytes The memory with the text.
 * @param start The text's start.
 * @param end The text's end.
 * @param seen All its bytes, or'ed together, as `unmaskText` and `findNonAscii` do.
 * @returns The text.
 * @throws {ProtocolError} If it isn't UTF-8.
 */
export function decodeText(platform: Platform, bytes: Uint8Array, start: number, end: number, seen: number): string {
  if ((seen & NOT_ASCII) === 0) return platform.decodeAscii(bytes, start, end);
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    throw invalidUtf8("text");
  }
}

/**
 * Decodes text that was not scanned yet.
 *
 * @param platform Decodes ASCII.
 * @param bytes The text.
 * @returns The text.
 * @throws {ProtocolError} If it isn't UTF-8.
 */
export function decodeBytes(platform: Platform, bytes: Uint8Array): string {
  let seen = bytes.length > LOOKED_THROUGH ? NOT_ASCII : 0;
  for (let i = 0; seen === 0 && i < bytes.length; i++) seen |= bytes[i] & 0x80;
  return decodeText(platform, bytes, 0, bytes.length, seen);
}
