import { NOT_ASCII } from "./mask.ts";
import type { Platform } from "./platform.ts";
import { invalidUtf8 } from "./protocol_errors.ts";

/** Up to this length in bytes, looking for ASCII byte by byte costs less than a call of TextDecoder's. */
const LOOKED_THROUGH = 512;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads text that has arrived whole.
 *
 * A call of TextDecoder's costs several times what the platform takes to read ASCII, which most messages are.
 *
 * @param platform What reads ASCII.
 * @param bytes Where the text is.
 * @param start Where it begins.
 * @param end Where it ends.
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
 * Reads text that nobody has looked through yet.
 *
 * @param platform What reads ASCII.
 * @param bytes The text.
 * @returns The text.
 * @throws {ProtocolError} If it isn't UTF-8.
 */
export function decodeBytes(platform: Platform, bytes: Uint8Array): string {
  let seen = bytes.length > LOOKED_THROUGH ? NOT_ASCII : 0;
  for (let i = 0; seen === 0 && i < bytes.length; i++) seen |= bytes[i] & 0x80;
  return decodeText(platform, bytes, 0, bytes.length, seen);
}
