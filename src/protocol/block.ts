/**
 * A piece of memory, viewed as bytes and as 32-bit words: frames are read into blocks, unmasked in place, and composed
 * in blocks.
 */
export class Block {
  /** The memory as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #words: Int32Array | null = null;
  #doubleWords: BigUint64Array | null = null;

  /**
   * Creates a block of zeros.
   *
   * @param size The size in bytes, rounded up to full double words.
   */
  constructor(size: number) {
    this.bytes = new Uint8Array(wholeSize(size));
  }

  /** The same memory as 32-bit words, for masking; created on first use, because most idle blocks never need it. */
  get words(): Int32Array {
    return this.#words ??= new Int32Array(this.bytes.buffer);
  }

  /** The same memory as 64-bit words, for masking long payloads; also created on first use. */
  get doubleWords(): BigUint64Array {
    return this.#doubleWords ??= new BigUint64Array(this.bytes.buffer);
  }

  /** The size in bytes. */
  get size(): number {
    return this.bytes.length;
  }
}

/**
 * Rounds a size up to full double words.
 *
 * @param size The size in bytes.
 * @returns The size of a {@linkcode Block} created with it.
 */
export function wholeSize(size: number): number {
  return Math.ceil(size / 8) * 8;
}
