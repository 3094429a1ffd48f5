/**
 * A stand-in for `@std/encoding/hex`: RFC 4648 §8, in small letters.
 *
 * @module
 */

/**
 * Encodes bytes, or the UTF-8 of a string, as hexadecimal digits.
 *
 * @param src What to encode.
 * @returns Two digits a byte.
 */
export function encodeHex(src: string | Uint8Array | ArrayBuffer): string {
  const bytes = typeof src === "string"
    ? new TextEncoder().encode(src)
    : src instanceof Uint8Array
    ? src
    : new Uint8Array(src);
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/**
 * Decodes hexadecimal digits.
 *
 * @param src Two digits a byte, of either case.
 * @returns The bytes.
 * @throws {TypeError} If there is a character that is not a digit.
 * @throws {RangeError} Where the number of digits is odd.
 */
export function decodeHex(src: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(src.length >> 1);
  for (let i = 0; i < src.length; i++) {
    const digit = hexDigit(src.charCodeAt(i));
    if (digit < 0) throw new TypeError(`Cannot decode input as hex: Invalid character (${src[i]})`);
    if (i >> 1 < bytes.length) bytes[i >> 1] = (bytes[i >> 1] << 4) | digit;
  }
  if (src.length % 2 !== 0) {
    throw new RangeError(`Cannot decode input as hex: Length (${src.length}) must be divisible by 2`);
  }
  return bytes;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x61 + 10;
  if (code >= 0x41 && code <= 0x46) return code - 0x41 + 10;
  return -1;
}
