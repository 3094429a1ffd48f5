/** A Huffman code as a compressor writes it. */
export interface HuffmanCode {
  /** The length of each symbol's code in bits, 0 where it has none. */
  readonly lengths: Uint8Array;
  /** Each symbol's code, its first bit lowest, as it goes into the stream. */
  readonly codes: Uint16Array;
}

/**
 * Makes an empty code.
 *
 * @param size The number of symbols.
 * @returns A code in which no symbol has a length.
 */
export function emptyCode(size: number): HuffmanCode {
  return { lengths: new Uint8Array(size), codes: new Uint16Array(size) };
}

/**
 * Assigns the codes that RFC 1951 §3.2.2 prescribes for the lengths.
 *
 * @param code The code, with its lengths set.
 * @returns The same code.
 */
export function assignCodes(code: HuffmanCode): HuffmanCode {
  const { lengths, codes } = code;
  const next = new Uint16Array(17);
  for (let i = 0; i < lengths.length; i++) next[lengths[i] + 1]++;
  next[1] = 0;
  for (let bits = 1; bits < 17; bits++) next[bits] = (next[bits] + next[bits - 1]) << 1;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i];
    if (length > 0) codes[i] = reverseBits(next[length]++, length);
  }
  return code;
}

/**
 * Turns the lowest bits around.
 *
 * @param value Where they are.
 * @param count How many, at most 16.
 * @returns The bits in reverse order.
 */
export function reverseBits(value: number, count: number): number {
  let v = ((value & 0x5555) << 1) | ((value >> 1) & 0x5555);
  v = ((v & 0x3333) << 2) | ((v >> 2) & 0x3333);
  v = ((v & 0x0f0f) << 4) | ((v >> 4) & 0x0f0f);
  v = ((v & 0x00ff) << 8) | ((v >> 8) & 0x00ff);
  return v >> (16 - count);
}

/** Builds Huffman codes whose lengths are bounded; it keeps the memory that this takes. */
export class HuffmanBuilder {
  readonly #keys = new Uint32Array(288);
  readonly #weights = new Uint32Array(288);
  readonly #counts = new Uint16Array(64);

  /**
   * Builds the code that is best for the frequencies, but for the bound.
   *
   * @param frequencies How often each symbol occurs, at most 2^22 times. At least two symbols get a code.
   * @param code Where the code goes.
   * @param maxBits The longest length of a code.
   */
  build(frequencies: Uint32Array, code: HuffmanCode, maxBits: number): void {
    const size = code.lengths.length;
    const keys = this.#keys;
    let used = 0;
    for (let i = 0; i < size; i++) if (frequencies[i] > 0) keys[used++] = (frequencies[i] << 9) | i;
    // A code of one symbol is legal for distances only, so there are always two.
    for (let i = 0; used < 2; i++) if (frequencies[i] === 0) keys[used++] = (1 << 9) | i;
    const sorted = keys.subarray(0, used).sort();
    code.lengths.fill(0);
    this.#countLengths(sorted, maxBits);
    this.#setLengths(sorted, code.lengths, maxBits);
    assignCodes(code);
  }

  /** How many codes there are of each length, in `#counts`. After Moffat and Katajainen, in place. */
  #countLengths(sorted: Uint32Array, maxBits: number): void {
    const weights = this.#weights;
    const used = sorted.length;
    for (let i = 0; i < used; i++) weights[i] = sorted[i] >>> 9;
    joinPairs(weights, used);
    weights[used - 2] = 0;
    for (let i = used - 3; i >= 0; i--) weights[i] = weights[weights[i]] + 1;
    const counts = this.#counts.fill(0);
    let available = 1;
    let next = used - 2;
    for (let depth = 0; available > 0; depth++) {
      let inner = 0;
      for (; next >= 0 && weights[next] === depth; next--) inner++;
      counts[Math.min(depth, maxBits)] += available - inner;
      available = inner * 2;
    }
    limitLengths(counts, maxBits);
  }

  /** The rarest symbols get the longest codes. */
  #setLengths(sorted: Uint32Array, lengths: Uint8Array, maxBits: number): void {
    let at = 0;
    for (let bits = maxBits; bits > 0; bits--) {
      for (let count = this.#counts[bits]; count > 0; count--) lengths[sorted[at++] & 0x1ff] = bits;
    }
  }
}

/** Joins the two lightest nodes until one is left; what stays in the array is each inner node's parent. */
function joinPairs(weights: Uint32Array, used: number): void {
  let leaf = 0;
  let root = 0;
  for (let next = 0; next < used - 1; next++) {
    let sum = 0;
    for (let i = 0; i < 2; i++) {
      if (leaf >= used || (root < next && weights[root] < weights[leaf])) {
        sum += weights[root];
        weights[root++] = next;
      } else {
        sum += weights[leaf++];
      }
    }
    weights[next] = sum;
  }
}

/** Lengthens short codes until those that were cut to the bound fit beside them. */
function limitLengths(counts: Uint16Array, maxBits: number): void {
  let space = 0;
  for (let bits = maxBits; bits > 0; bits--) space += counts[bits] << (maxBits - bits);
  for (const full = 1 << maxBits; space > full; space--) {
    let bits = maxBits - 1;
    while (counts[bits] === 0) bits--;
    counts[maxBits]--;
    counts[bits]--;
    counts[bits + 1] += 2;
  }
}
