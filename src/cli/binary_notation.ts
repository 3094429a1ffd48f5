import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import type { BinaryNotation } from "./arguments.ts";

/**
 * Formats a binary message as text.
 *
 * @param bytes The message.
 * @param notation The notation.
 * @returns The text.
 */
export function writeBinary(bytes: Uint8Array, notation: Exclude<BinaryNotation, "raw">): string {
  return notation === "hex" ? encodeHex(bytes) : encodeBase64(bytes);
}

/**
 * Parses a binary message from a line. White space between the bytes is ignored.
 *
 * @param line The line.
 * @param notation The notation.
 * @returns The message.
 * @throws {SyntaxError} If the line isn't in that notation.
 */
export function readBinary(line: string, notation: Exclude<BinaryNotation, "raw">): Uint8Array {
  const text = line.replace(/\s/g, "");
  try {
    return notation === "hex" ? decodeHex(text) : decodeBase64(text);
  } catch {
    throw new SyntaxError(`Cannot send the line: it must be ${notation}`);
  }
}
