import { assignCodes, emptyCode, HuffmanBuilder, type HuffmanCode } from "./_huffman.ts";
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  DISTANCE_SYMBOL,
  DISTANCES,
  END_OF_BLOCK,
  FIXED_DISTANCE_LENGTHS,
  FIXED_LITERAL_LENGTHS,
  LENGTH_BASE,
  LENGTH_CODE_ORDER,
  LENGTH_CODES,
  LENGTH_EXTRA,
  LENGTH_SYMBOL,
  LITERALS,
  MAX_BITS,
} from "./_symbols.ts";
import type { Workspace } from "./_workspace.ts";

/** Up to this many symbols a block is not tried with a code of its own: writing that down costs more than it saves. */
const FIXED_UP_TO = 48;

/** A match's least value among the symbols of the workspace: its distance is 1 or more. */
const FIRST_MATCH = 1 << 9;

const FIXED_LITERALS = assignCodes({ lengths: FIXED_LITERAL_LENGTHS, codes: new Uint16Array(288) });
const FIXED_DISTANCES = assignCodes({ lengths: FIXED_DISTANCE_LENGTHS, codes: new Uint16Array(32) });

/** Writes the blocks of RFC 1951 §3.2.3, each in the form that takes the fewest bits. */
export class BlockWriter {
  /** Where symbols come from and output goes. */
  readonly work: Workspace;
  readonly #builder = new HuffmanBuilder();
  readonly #literals = emptyCode(LITERALS);
  readonly #distances = emptyCode(DISTANCES);
  readonly #lengths = emptyCode(LENGTH_CODES);
  readonly #lengthFrequencies = new Uint32Array(LENGTH_CODES);
  /** The lengths of a block's codes as runs: a symbol of the code for lengths, and above it what follows. */
  readonly #runs = new Uint16Array(LITERALS + DISTANCES);
  #runCount = 0;
  #literalCount = 0;
  #distanceCount = 0;
  #lengthCount = 0;

  #bits = 0;
  #bitCount = 0;
  #position = 0;

  /** @param work Where symbols come from and output goes. */
  constructor(work: Workspace) {
    this.work = work;
  }

  /**
   * Begins a piece of output.
   *
   * @param bits The bits that the last piece left over.
   * @param bitCount How many, below 8.
   */
  begin(bits: number, bitCount: number): void {
    this.#bits = bits;
    this.#bitCount = bitCount;
    this.#position = 0;
  }

  /** The bits that make no whole byte yet. */
  get bits(): number {
    return this.#bits;
  }

  /** How many these are, below 8. */
  get bitCount(): number {
    return this.#bitCount;
  }

  /**
   * Ends a piece of output.
   *
   * @returns The whole bytes, in memory of their own.
   */
  end(): Uint8Array {
    while (this.#bitCount >= 8) this.#byte();
    return this.work.output.slice(0, this.#position);
  }

  /**
   * Ends a message as RFC 7692 §7.2.1 has it: with an empty stored block, whose last four bytes are left out.
   */
  flush(): void {
    this.#put(0, 3);
    this.#align();
  }

  /**
   * Writes a block.
   *
   * @param count How many symbols of the workspace are in it.
   * @param bytes What these stand for,
   * @param start from here
   * @param end to here.
   */
  block(count: number, bytes: Uint8Array, start: number, end: number): void {
    const { literals, distances } = this.work;
    const extra = extraBits(literals, distances);
    const fixed = 3 + extra + cost(literals, FIXED_LITERAL_LENGTHS) + cost(distances, FIXED_DISTANCE_LENGTHS);
    const stored = 8 * (end - start) + 42;
    if (count > FIXED_UP_TO) {
      const header = this.#makeCodes();
      const dynamic = header + extra + cost(literals, this.#literals.lengths) +
        cost(distances, this.#distances.lengths);
      if (dynamic < fixed && dynamic < stored) {
        this.#put(4, 3);
        this.#writeCodes();
        return this.#writeSymbols(count, this.#literals, this.#distances);
      }
    }
    if (stored < fixed) return this.store(bytes, start, end);
    this.#put(2, 3);
    this.#writeSymbols(count, FIXED_LITERALS, FIXED_DISTANCES);
  }

  /**
   * Writes bytes as they are.
   *
   * @param bytes Where they are,
   * @param start from here
   * @param end to here, at most 65535.
   */
  store(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#put(0, 3);
    this.#align();
    const { output } = this.work;
    output[this.#position++] = length;
    output[this.#position++] = length >> 8;
    output[this.#position++] = ~length;
    output[this.#position++] = ~length >> 8;
    output.set(bytes.subarray(start, end), this.#position);
    this.#position += length;
  }

  /** Makes the codes of the block, and tells how many bits it takes to write them down, with the block's own 3. */
  #makeCodes(): number {
    const { literals, distances } = this.work;
    this.#builder.build(literals, this.#literals, MAX_BITS);
    this.#builder.build(distances, this.#distances, MAX_BITS);
    this.#literalCount = usedLength(this.#literals.lengths, 257);
    this.#distanceCount = usedLength(this.#distances.lengths, 1);
    this.#runCount = 0;
    this.#lengthFrequencies.fill(0);
    this.#findRuns(this.#literals.lengths, this.#literalCount);
    this.#findRuns(this.#distances.lengths, this.#distanceCount);
    this.#builder.build(this.#lengthFrequencies, this.#lengths, 7);
    let count = LENGTH_CODES;
    while (count > 4 && this.#lengths.lengths[LENGTH_CODE_ORDER[count - 1]] === 0) count--;
    this.#lengthCount = count;
    const frequencies = this.#lengthFrequencies;
    const extra = 2 * frequencies[16] + 3 * frequencies[17] + 7 * frequencies[18];
    return 3 + 14 + 3 * count + extra + cost(frequencies, this.#lengths.lengths);
  }

  /** RFC 1951 §3.2.7: 16 repeats the last length 3 to 6 times; 17 and 18 stand for 3 to 10 and 11 to 138 zeros. */
  #findRuns(lengths: Uint8Array, count: number): void {
    for (let at = 0; at < count;) {
      const length = lengths[at];
      let run = 1;
      while (at + run < count && lengths[at + run] === length) run++;
      at += run;
      if (length === 0) {
        for (; run >= 11; run -= Math.min(run, 138)) this.#addRun(18, Math.min(run, 138) - 11);
        if (run >= 3) {
          this.#addRun(17, run - 3);
          run = 0;
        }
      } else {
        this.#addRun(length, 0);
        run--;
        for (; run >= 3; run -= Math.min(run, 6)) this.#addRun(16, Math.min(run, 6) - 3);
      }
      for (; run > 0; run--) this.#addRun(length, 0);
    }
  }

  #addRun(symbol: number, extra: number): void {
    this.#runs[this.#runCount++] = symbol | (extra << 5);
    this.#lengthFrequencies[symbol]++;
  }

  #writeCodes(): void {
    const { lengths, codes } = this.#lengths;
    this.#put(this.#literalCount - 257, 5);
    this.#put(this.#distanceCount - 1, 5);
    this.#put(this.#lengthCount - 4, 4);
    for (let i = 0; i < this.#lengthCount; i++) this.#put(lengths[LENGTH_CODE_ORDER[i]], 3);
    for (let i = 0; i < this.#runCount; i++) {
      const symbol = this.#runs[i] & 31;
      this.#put(codes[symbol], lengths[symbol]);
      if (symbol >= 16) this.#put(this.#runs[i] >> 5, symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
    }
  }

  /** The hot loop: bits stay in local variables, which makes it twice as fast as a call of `#put` for each. */
  #writeSymbols(count: number, literals: HuffmanCode, distances: HuffmanCode): void {
    const { symbols, output } = this.work;
    const { lengths, codes } = literals;
    let bits = this.#bits;
    let bitCount = this.#bitCount;
    let position = this.#position;
    for (let i = 0; i <= count; i++) {
      const symbol = i < count ? symbols[i] : END_OF_BLOCK;
      if (symbol < FIRST_MATCH) {
        bits |= codes[symbol] << bitCount;
        bitCount += lengths[symbol];
      } else {
        const length = (symbol & 0x1ff) - 253;
        const distance = symbol >>> 9;
        const lengthSymbol = LENGTH_SYMBOL[length - 3];
        bits |= codes[257 + lengthSymbol] << bitCount;
        bitCount += lengths[257 + lengthSymbol];
        for (; bitCount >= 8; bitCount -= 8, bits >>>= 8) output[position++] = bits;
        bits |= (length - LENGTH_BASE[lengthSymbol]) << bitCount;
        bitCount += LENGTH_EXTRA[lengthSymbol];
        const distanceSymbol = DISTANCE_SYMBOL[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)];
        bits |= distances.codes[distanceSymbol] << bitCount;
        bitCount += distances.lengths[distanceSymbol];
        for (; bitCount >= 8; bitCount -= 8, bits >>>= 8) output[position++] = bits;
        bits |= (distance - DISTANCE_BASE[distanceSymbol]) << bitCount;
        bitCount += DISTANCE_EXTRA[distanceSymbol];
      }
      for (; bitCount >= 8; bitCount -= 8, bits >>>= 8) output[position++] = bits;
    }
    this.#bits = bits;
    this.#bitCount = bitCount;
    this.#position = position;
  }

  #put(value: number, count: number): void {
    this.#bits |= value << this.#bitCount;
    this.#bitCount += count;
    while (this.#bitCount >= 8) this.#byte();
  }

  #align(): void {
    if (this.#bitCount > 0) this.#byte();
    this.#bits = this.#bitCount = 0;
  }

  #byte(): void {
    this.work.output[this.#position++] = this.#bits;
    this.#bits >>>= 8;
    this.#bitCount -= 8;
  }
}

/** The bits that symbols take with codes of these lengths. */
function cost(frequencies: Uint32Array, lengths: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < frequencies.length; i++) bits += frequencies[i] * lengths[i];
  return bits;
}

/** The bits that follow the symbols for lengths and distances, whatever the code. */
function extraBits(literals: Uint32Array, distances: Uint32Array): number {
  let bits = 0;
  for (let i = 0; i < LENGTH_EXTRA.length; i++) bits += literals[257 + i] * LENGTH_EXTRA[i];
  for (let i = 0; i < DISTANCES; i++) bits += distances[i] * DISTANCE_EXTRA[i];
  return bits;
}

function usedLength(lengths: Uint8Array, least: number): number {
  let count = lengths.length;
  while (count > least && lengths[count - 1] === 0) count--;
  return count;
}
