/**
 * A stand-in for `@std/encoding/base64`: RFC 4648 §4, with padding.
 *
 * @module
 */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/**
 * Encodes bytes, or the UTF-8 of a string, as base64 with padding.
 *
 * @param data What to encode.
 * @returns The base64 text.
 */
export function encodeBase64(data: ArrayBuffer | Uint8Array | string): string {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data instanceof Uint8Array
    ? data
    : new Uint8Array(data);
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0);
    text += ALPHABET[group >> 18] + ALPHABET[(group >> 12) & 63];
    text += left > 1 ? ALPHABET[(group >> 6) & 63] : "=";
    text += left > 2 ? ALPHABET[group & 63] : "=";
  }
  return text;
}

/**
 * Decodes base64, with its padding or without.
 *
 * @param b64 The base64 text.
 * @returns The bytes.
 * @throws {TypeError} Where the text has a character outside the alphabet, or a length that no bytes have.
 */
export function decodeBase64(b64: string): Uint8Array<ArrayBuffer> {
  let end = b64.length;
  if (end % 4 === 0) {
    for (let i = 0; i < 2 && b64[end - 1] === "="; i++) end--;
  }
  if (end % 4 === 1) {
    throw new TypeError(`Cannot decode input as base64: Length (${end}), excluding padding, must not leave 1 over 4`);
  }
  const bytes = new Uint8Array(Math.floor(end * 3 / 4));
  let bits = 0;
  let count = 0;
  let o = 0;
  for (let i = 0; i < end; i++) {
    const code = b64.charCodeAt(i);
    const value = code < 128 ? VALUES[code] : -1;
    if (value < 0) throw new TypeError(`Cannot decode input as base64: Invalid character (${b64[i]})`);
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[o++] = (bits >> count) & 0xff;
    }
  }
  return bytes;
}
