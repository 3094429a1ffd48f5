/** The digest's first value, FIPS 180-4 §5.3.1. */
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

/** Working memory, used by one digest at a time. Allocating it for each would take longer than the digest. */
const state = new Int32Array(5);
/** The words of a block, extended to one for each of the 80 rounds. */
const words = new Int32Array(80);

/**
 * Computes the SHA-1 digest of some bytes, FIPS 180-4 §6.1.
 *
 * For the 60 bytes of a handshake it takes a half to a quarter of the time of node:crypto's `createHash()`, and loading
 * node:crypto takes 5 MiB of memory (Deno 2.9.6). It is for handshakes: SHA-1 protects nothing any more.
 *
 * @param bytes The bytes, fewer than 512 MiB.
 * @returns The digest, 20 bytes.
 *
 * @example The digest of "abc", from FIPS 180
 * ```ts
 * import { sha1 } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 * import { encodeHex } from "@std/encoding/hex";
 *
 * assertEquals(encodeHex(sha1(new TextEncoder().encode("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
 * ```
 * @category Handshake
 */
export function sha1(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  state.set(INITIAL);
  // §5.1.1: a one bit, zero bits, and the length in bits, up to a multiple of 64 bytes.
  const blocks = Math.ceil((bytes.length + 9) / 64);
  for (let block = 0; block < blocks; block++) {
    for (let t = 0; t < 16; t++) words[t] = wordAt(bytes, 64 * block + 4 * t);
    if (block === blocks - 1) words[15] = bytes.length << 3;
    digestBlock();
  }
  const digest = new Uint8Array(20);
  for (let i = 0; i < 20; i++) digest[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
  return digest;
}

/** Four bytes as one word; those after the end are a one bit and zero bits. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) |
    byteAt(bytes, at + 3);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return at < bytes.length ? bytes[at] : at === bytes.length ? 0x80 : 0;
}

/** §6.1.2, step by step. */
function digestBlock(): void {
  for (let t = 16; t < 80; t++) words[t] = rotate(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (let t = 0; t < 80; t++) {
    const sum = (rotate(a, 5) + choose(t, b, c, d) + e + words[t]) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = sum;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

/** §4.1.1 and §4.2.1: a round's function and constant. */
function choose(t: number, x: number, y: number, z: number): number {
  if (t < 20) return ((x & y) ^ (~x & z)) + 0x5a827999;
  if (t < 40) return (x ^ y ^ z) + 0x6ed9eba1;
  if (t < 60) return ((x & y) ^ (x & z) ^ (y & z)) + 0x8f1bbcdc;
  return (x ^ y ^ z) + 0xca62c1d6;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
