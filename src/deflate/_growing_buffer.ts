/** The initial size, in bytes. */
const FIRST = 64 * 1024;

/**
 * Collects an unknown number of bytes, in memory that doubles. Its previous memory is free at once, without waiting
 * for the garbage collector: messages may have many MiB.
 */
export class GrowingBuffer {
  readonly #most: number;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;

  /** @param most The maximum number of bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** The size of their memory, in bytes. */
  get memory(): number {
    return this.#bytes.length;
  }

  /**
   * Appends bytes.
   *
   * @param bytes The bytes, which are copied.
   * @throws {RangeError} If the system has no more memory.
   */
  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      this.#resize(Math.max(needed, Math.min(Math.max(this.#bytes.length * 2, FIRST), this.#most)));
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  #resize(size: number): void {
    this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(size));
  }

  /**
   * Hands over the bytes.
   *
   * @returns All bytes, in memory that is at most an eighth larger.
   */
  take(): Uint8Array<ArrayBuffer> {
    const length = this.#length;
    if (this.#bytes.length - length > length >> 3) this.#resize(length);
    const bytes = this.#bytes.subarray(0, length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return bytes;
  }
}
