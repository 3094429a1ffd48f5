import { DISTANCE_BASE, DISTANCE_EXTRA, LENGTH_BASE, LENGTH_EXTRA, MAX_BITS } from "./_symbols.ts";
import { reverseBits } from "./_huffman.ts";

// An entry of a table: the length of the code in the lowest 4 bits, how many bits follow it in the next 4, then one of
// these marks, and from bit 12 on a value: a byte, the least length or distance, or where the second table begins.
/** The value is a literal, or a length of a code. */
export const LITERAL = 1 << 8;
/** The block ends. */
export const END = 1 << 9;
/** The code is longer: the value is where to look on, by as many bits as follow. */
export const LINK = 1 << 10;
/** Nothing has this code. */
export const INVALID = 1 << 11;

/** The entry of a literal or a length, without the code's length. */
export function literalEntry(symbol: number): number {
  if (symbol < 256) return LITERAL | symbol << 12;
  if (symbol === 256) return END;
  const index = symbol - 257;
  return index < LENGTH_BASE.length ? LENGTH_EXTRA[index] << 4 | LENGTH_BASE[index] << 12 : INVALID;
}

/** The entry of a distance, without the code's length. */
export function distanceEntry(symbol: number): number {
  return symbol < DISTANCE_BASE.length ? DISTANCE_EXTRA[symbol] << 4 | DISTANCE_BASE[symbol] << 12 : INVALID;
}

/** The entry of a length of a code, without its code's length. */
export function lengthEntry(symbol: number): number {
  return LITERAL | symbol << 12;
}

/** A table in which a Huffman code is looked up: the first bits at once, and those of long codes in a second step. */
export class DecodeTable {
  /** The entries. */
  readonly entries: Int32Array;
  /** How many bits are looked up at once. */
  bits = 0;
  readonly #root: number;
  readonly #entryOf: (symbol: number) => number;
  readonly #counts = new Uint16Array(MAX_BITS + 1);
  readonly #next = new Uint16Array(MAX_BITS + 1);
  readonly #links: Uint8Array;

  /**
   * @param root How many bits to look up at once, at most.
   * @param size The number of entries, enough for the second tables too.
   * @param entryOf Gives a symbol's entry.
   */
  constructor(root: number, size: number, entryOf: (symbol: number) => number) {
    this.entries = new Int32Array(size);
    this.#root = root;
    this.#entryOf = entryOf;
    this.#links = new Uint8Array(1 << root);
  }

  /**
   * Builds the table for a code.
   *
   * @param lengths The length of each symbol's code, from `start`
   * @param start on
   * @param end to here.
   * @returns False where there is no such code: too many codes, or too few that are not one or none.
   */
  build(lengths: Uint8Array, start: number, end: number): boolean {
    const longest = this.#count(lengths, start, end);
    if (longest < 0) return false;
    const bits = this.bits = Math.max(1, Math.min(longest, this.#root));
    this.entries.fill(INVALID | 1, 0, 1 << bits);
    if (longest > bits) this.#link(lengths, start, end, bits);
    this.#assign();
    for (let i = start; i < end; i++) {
      const length = lengths[i];
      if (length === 0) continue;
      const code = reverseBits(this.#next[length]++, length);
      const entry = this.#entryOf(i - start);
      if (length <= bits) this.#fill(0, code, length, bits, entry);
      else {
        const link = this.entries[code & ((1 << bits) - 1)];
        this.#fill(link >>> 12, code >> bits, length - bits, (link >> 4) & 15, entry);
      }
    }
    return true;
  }

  /** Counts the lengths; the longest, or -1 where these are no code's. */
  #count(lengths: Uint8Array, start: number, end: number): number {
    const counts = this.#counts.fill(0);
    for (let i = start; i < end; i++) counts[lengths[i]]++;
    counts[0] = 0;
    let longest = 0;
    let left = 1;
    let used = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      left = (left << 1) - counts[bits];
      if (left < 0) return -1;
      if (counts[bits] > 0) longest = bits;
      used += counts[bits];
    }
    // RFC 1951 §3.2.7: "If only one distance code is used, it is encoded using one bit, not zero bits".
    return left > 0 && (used > 1 || longest > 1) ? -1 : longest;
  }

  #assign(): void {
    const next = this.#next;
    let code = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      code = (code + this.#counts[bits - 1]) << 1;
      next[bits] = code;
    }
  }

  /** Makes room for the second tables, each as large as its longest code needs. */
  #link(lengths: Uint8Array, start: number, end: number, bits: number): void {
    const mask = (1 << bits) - 1;
    const links = this.#links.fill(0);
    this.#assign();
    for (let i = start; i < end; i++) {
      const length = lengths[i];
      if (length === 0) continue;
      const code = this.#next[length]++;
      if (length <= bits) continue;
      const prefix = reverseBits(code, length) & mask;
      links[prefix] = Math.max(links[prefix], length - bits);
    }
    let offset = 1 << bits;
    for (let prefix = 0; prefix <= mask; prefix++) {
      if (links[prefix] === 0) continue;
      this.entries[prefix] = LINK | bits | links[prefix] << 4 | offset << 12;
      offset += 1 << links[prefix];
    }
  }

  #fill(offset: number, code: number, length: number, bits: number, entry: number): void {
    for (let i = code; i < 1 << bits; i += 1 << length) this.entries[offset + i] = entry | length;
  }
}
