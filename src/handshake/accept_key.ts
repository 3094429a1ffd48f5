import { encodeBase64 } from "@std/encoding/base64";
import { latin1Encode } from "../http/latin1.ts";

/** RFC 6455 §1.3: the GUID "unlikely to be used by network endpoints that do not understand the WebSocket Protocol". */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** 16 bytes are 22 base64 characters, the last with four unused bits, and two of padding. */
const KEY_LENGTH = 24;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const LAST_DIGITS = "AQgw";

/**
 * Computes the SHA-1 digest of some bytes, 20 bytes: {@linkcode sha1}, or the platform's own.
 *
 * @example Use node:crypto
 * ```ts
 * import { acceptKey, type Sha1 } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 * import { createHash } from "node:crypto";
 *
 * const native: Sha1 = (bytes) => createHash("sha1").update(bytes).digest();
 * assertEquals(acceptKey("dGhlIHNhbXBsZSBub25jZQ==", native), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 * @category Handshake
 */
export type Sha1 = (bytes: Uint8Array) => Uint8Array;

/**
 * Generates a `Sec-WebSocket-Key`.
 *
 * RFC 6455 §4.1: "The value of this header field MUST be a nonce consisting of a randomly selected 16-byte value that
 * has been base64-encoded […]. The nonce MUST be selected randomly for each connection."
 *
 * @returns The key, 24 characters.
 *
 * @example Generate a key for one connection
 * ```ts
 * import { generateKey } from "@wsd/driver/protocol";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * assertEquals(generateKey().length, 24);
 * assertNotEquals(generateKey(), generateKey());
 * ```
 * @category Handshake
 */
export function generateKey(): string {
  return encodeBase64(crypto.getRandomValues(new Uint8Array(16)));
}

/**
 * Checks whether a value is a `Sec-WebSocket-Key`.
 *
 * RFC 6455 §4.2.1: "a base64-encoded (see Section 4 of [RFC4648]) value that, when decoded, is 16 bytes in length".
 * The unused bits must be zero, so that 16 bytes have one spelling only (RFC 4648 §3.5).
 *
 * @param value The value of the header field.
 * @returns True for a key.
 *
 * @example Check a key
 * ```ts
 * import { generateKey, isValidKey } from "@wsd/driver/protocol";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isValidKey(generateKey()));
 * assertFalse(isValidKey("c2hvcnQ="));
 * ```
 * @category Handshake
 */
export function isValidKey(value: string): boolean {
  if (value.length !== KEY_LENGTH || !value.endsWith("==")) return false;
  for (let i = 0; i < 21; i++) {
    if (!BASE64.includes(value[i])) return false;
  }
  return LAST_DIGITS.includes(value[21]);
}

/**
 * Computes the `Sec-WebSocket-Accept` that proves that a server has read a client's key.
 *
 * RFC 6455 §4.2.2: "concatenating /key/ […] with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the SHA-1
 * hash of this concatenated value to obtain a 20-byte value and base64-encoding […] this 20-byte hash."
 *
 * @param key The value of `Sec-WebSocket-Key`, without white space around it.
 * @param sha1 The SHA-1 digest of some bytes.
 * @returns The value of `Sec-WebSocket-Accept`, 28 characters.
 *
 * @example The key of RFC 6455 §1.3
 * ```ts
 * import { acceptKey, sha1 } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const accept = acceptKey("dGhlIHNhbXBsZSBub25jZQ==", sha1);
 * assertEquals(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 * @category Handshake
 */
export function acceptKey(key: string, sha1: Sha1): string {
  return encodeBase64(sha1(latin1Encode(key + GUID)));
}
