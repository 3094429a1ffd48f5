/** What there is at first, in bytes. */
const FIRST = 1024;

/**
 * The bytes that a later message may refer back to: at least a window of them, once there were so many. The memory grows
 * with what has passed, up to a window and a quarter.
 */
export class History {
  readonly #window: number;
  #bytes = new Uint8Array(0);
  #end = 0;

  /** @param window The size of the window in bytes. */
  constructor(window: number) {
    this.#window = window;
  }

  /** Where the bytes are, from the first one on. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** How many there are. */
  get length(): number {
    return this.#end;
  }

  /** The longest piece that can be appended while a whole window stays in front of it, in bytes. */
  get room(): number {
    return Math.max(this.#window >> 2, FIRST);
  }

  /**
   * Appends bytes.
   *
   * @param bytes Any number of bytes.
   * @returns By how many bytes all moved to the front; those that fell out are gone.
   */
  append(bytes: Uint8Array): number {
    const count = bytes.length;
    if (this.#reserve(this.#end + count)) return this.#put(bytes, 0);
    const fits = count <= this.room;
    const kept = Math.min(this.#end, fits ? this.#window : Math.max(0, this.#window - count));
    const skipped = fits ? 0 : Math.max(0, count - this.#window);
    this.#reserve(kept + count - skipped);
    const moved = this.#end - kept;
    this.#bytes.copyWithin(0, moved, this.#end);
    this.#end = kept;
    return this.#put(bytes.subarray(skipped), moved + skipped);
  }

  #put(bytes: Uint8Array, moved: number): number {
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
    return moved;
  }

  #reserve(size: number): boolean {
    const most = this.#window + this.room;
    if (size > most) return false;
    if (size <= this.#bytes.length) return true;
    const larger = new Uint8Array(Math.min(Math.max(size, this.#bytes.length * 2, FIRST), most));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
    return true;
  }

  /** Forgets all bytes; the memory stays. */
  clear(): void {
    this.#end = 0;
  }
}
