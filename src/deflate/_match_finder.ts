import { DISTANCE_SYMBOL, END_OF_BLOCK, LENGTH_SYMBOL, MAX_MATCH } from "./_symbols.ts";
import type { Workspace } from "./_workspace.ts";

/** The shortest match that is looked for, in bytes. */
const MIN_MATCH = 4;

/** How hard matches are looked for. */
export interface Effort {
  /** How many candidates are tried at one place. */
  readonly depth: number;
  /** From this length on the next place is not tried for a longer match. */
  readonly lazy: number;
  /** From this length on only a quarter of the candidates is tried for a longer one. */
  readonly good: number;
  /** A match that is this long is good enough. */
  readonly nice: number;
}

/** What each level does, by measurement: the bytes of zlib's level of the same number, within 5 %. Level 0 stores. */
export const EFFORTS: readonly Effort[] = [
  { depth: 0, lazy: 0, good: 0, nice: 0 },
  { depth: 2, lazy: 0, good: 258, nice: 16 },
  { depth: 4, lazy: 0, good: 258, nice: 32 },
  { depth: 8, lazy: 0, good: 258, nice: 64 },
  { depth: 10, lazy: 8, good: 16, nice: 64 },
  { depth: 8, lazy: 16, good: 16, nice: 64 },
  { depth: 14, lazy: 16, good: 16, nice: 128 },
  { depth: 40, lazy: 32, good: 24, nice: 160 },
  { depth: 128, lazy: 128, good: 48, nice: 258 },
  { depth: 512, lazy: 258, good: 96, nice: 258 },
];

/**
 * Finds what occurred before within the window: the LZ77 half of DEFLATE. It holds where each four bytes occurred, by
 * their hash, and for each place the one before with the same hash.
 *
 * Places are counted modulo 65536, and a candidate's bytes are always compared, so that places which are long gone do no
 * harm and nothing has to be cleared or moved. Place 0 stands for none.
 */
export class MatchFinder {
  readonly #effort: Effort;
  readonly #window: number;
  readonly #shift: number;
  readonly #heads: Uint16Array;
  readonly #chain: Uint16Array;

  /**
   * @param windowBits The size of the window, as a power of two.
   * @param memLevel The size of the table of hashes: 2^(memLevel + 7) places of 2 bytes.
   * @param effort How hard to look.
   */
  constructor(windowBits: number, memLevel: number, effort: Effort) {
    this.#effort = effort;
    this.#window = 1 << windowBits;
    this.#shift = 32 - (memLevel + 7);
    this.#heads = new Uint16Array(1 << (memLevel + 7));
    this.#chain = new Uint16Array(this.#window);
  }

  /** The memory that is held, in bytes. */
  get memory(): number {
    return this.#heads.byteLength + this.#chain.byteLength;
  }

  /**
   * Makes the places of some bytes known.
   *
   * @param bytes Where they are.
   * @param from The first one.
   * @param to The one behind the last; three more bytes must be there.
   * @param base The place of `bytes[0]`.
   */
  insert(bytes: Uint8Array, from: number, to: number, base: number): void {
    if (from >= to) return;
    const heads = this.#heads;
    const chain = this.#chain;
    const shift = this.#shift;
    const mask = this.#window - 1;
    let word = (bytes[from] << 8) | (bytes[from + 1] << 16) | (bytes[from + 2] << 24);
    for (let at = from; at < to; at++) {
      word = (word >>> 8) | (bytes[at + 3] << 24);
      const hash = Math.imul(word, 0x9e3779b1) >>> shift;
      const place = (at + base) & 0xffff;
      chain[place & mask] = heads[hash];
      heads[hash] = place;
    }
  }

  /**
   * Turns bytes into symbols, and counts them.
   *
   * It is one loop with all state in local variables: in functions of their own for the search and the symbols, it took
   * one and a half times as long (bench/deflate_bench.ts).
   *
   * @param bytes Where they are; a match may reach back to the first of all.
   * @param start The first one.
   * @param end The one behind the last.
   * @param base The place of `bytes[0]`.
   * @param work Where the symbols and their frequencies go.
   * @returns The number of symbols.
   */
  parse(bytes: Uint8Array, start: number, end: number, base: number, work: Workspace): number {
    const { symbols, literals, distances } = work;
    const { depth, lazy, good, nice } = this.#effort;
    const heads = this.#heads;
    const chain = this.#chain;
    const shift = this.#shift;
    const window = this.#window;
    const mask = window - 1;
    literals.fill(0);
    distances.fill(0);
    literals[END_OF_BLOCK] = 1;
    const last = end - MIN_MATCH;
    let count = 0;
    let at = start;
    // A match that was found one byte before, and waits to see whether there is a longer one here.
    let waiting = 0;
    let waitingDistance = 0;
    while (at < end) {
      let length = 0;
      let distance = 0;
      if (at <= last) {
        const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
        const hash = Math.imul(word, 0x9e3779b1) >>> shift;
        const place = (at + base) & 0xffff;
        let candidate = heads[hash];
        chain[place & mask] = candidate;
        heads[hash] = place;
        const most = end - at < MAX_MATCH ? end - at : MAX_MATCH;
        const farthest = at < window ? at : window;
        let best = waiting < MIN_MATCH ? MIN_MATCH - 1 : waiting;
        let tries = best < most ? (waiting >= good ? depth >> 2 : depth) : 0;
        let nearest = 0;
        while (candidate !== 0 && tries-- > 0) {
          const back = (place - candidate) & 0xffff;
          if (back <= nearest || back > farthest) break;
          nearest = back;
          candidate = chain[candidate & mask];
          const from = at - back;
          if (bytes[from + best] !== bytes[at + best] || bytes[from] !== bytes[at]) continue;
          let same = 1;
          while (same < most && bytes[from + same] === bytes[at + same]) same++;
          if (same <= best) continue;
          best = length = same;
          distance = back;
          if (same >= nice || same === most) break;
        }
      }
      if (waiting > 0) {
        if (length === 0) {
          // Nothing longer: the match of the byte before it is, and this byte is its second.
          length = waiting;
          distance = waitingDistance;
          at--;
        } else {
          const byte = bytes[at - 1];
          symbols[count++] = byte;
          literals[byte]++;
        }
      }
      if (length === 0) {
        const byte = bytes[at++];
        symbols[count++] = byte;
        literals[byte]++;
      } else if (waiting === length || length >= lazy) {
        symbols[count++] = (distance << 9) | (253 + length);
        literals[257 + LENGTH_SYMBOL[length - 3]]++;
        distances[DISTANCE_SYMBOL[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)]]++;
        const next = at + length;
        const from = waiting === length ? at + 2 : at + 1;
        const to = next <= last ? next : last + 1;
        let word = (bytes[from] << 8) | (bytes[from + 1] << 16) | (bytes[from + 2] << 24);
        for (let i = from; i < to; i++) {
          word = (word >>> 8) | (bytes[i + 3] << 24);
          const hash = Math.imul(word, 0x9e3779b1) >>> shift;
          const place = (i + base) & 0xffff;
          chain[place & mask] = heads[hash];
          heads[hash] = place;
        }
        at = next;
        waiting = 0;
      } else {
        waiting = length;
        waitingDistance = distance;
        at++;
      }
    }
    return count;
  }
}
