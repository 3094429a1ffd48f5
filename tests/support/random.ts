/** A small generator of numbers that look random and are the same for the same seed. */
export class Random {
  #state: number;

  /** @param seed Any integer; a failing test prints it. */
  constructor(seed: number) {
    this.#state = (seed ^ 0x5bd1e995) | 1;
  }

  /**
   * Returns the next number.
   *
   * @param below One more than the largest one, at most 2^32.
   * @returns An integer from 0 on.
   */
  next(below: number): number {
    // A xorshift of 32 bits, with one of the triples of shifts that have the full period.
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  /**
   * Chooses a value.
   *
   * @param choices The values.
   * @returns One of them.
   */
  pick<T>(choices: readonly T[]): T {
    return choices[this.next(choices.length)];
  }

  /**
   * Returns bytes.
   *
   * @param length How many.
   * @returns The bytes.
   */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.next(256));
  }

  /**
   * Cuts bytes into pieces, many of them short.
   *
   * @param bytes The bytes.
   * @param longest The length of the longest piece.
   * @returns The pieces, none of them empty.
   */
  cut(bytes: Uint8Array, longest: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = 1 + this.next(this.pick([1, 4, 16, longest]));
      pieces.push(bytes.subarray(at, at += length));
    }
    return pieces;
  }
}
