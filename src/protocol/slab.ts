/** The largest slab, in bytes. */
const MAX_SLAB = 8 * 1024;

const EMPTY = new ArrayBuffer(0);

/** The maximum number of messages in a slab. An application that keeps one of them keeps the memory of all. */
const MAX_SHARED = 16;

/**
 * Memory for binary messages that users own. A new ArrayBuffer costs more than everything else about a short message,
 * so short messages that arrive in one read are cut from one slab. A slab's bytes are never reused, and no slab is
 * shared between two reads: one connection's messages can't be reached through another's `message.buffer`.
 */
export class Slab {
  #buffer: ArrayBuffer = EMPTY;
  #offset = 0;

  /**
   * Cuts a piece.
   *
   * @param length The length in bytes.
   * @param ahead How many bytes the rest of the read may need, including these: the size of a new slab follows from it.
   * @returns A view of exactly that length, zeroed; its `byteOffset` may be above 0.
   */
  take(length: number, ahead: number = length): Uint8Array<ArrayBuffer> {
    if (this.#offset + length > this.#buffer.byteLength) {
      // A frame's header takes two bytes at least.
      const count = Math.min(1 + Math.ceil((ahead - length) / (length + 2)), MAX_SHARED, MAX_SLAB / padded(length));
      if (count < 2) return new Uint8Array(length);
      this.#buffer = new ArrayBuffer(Math.trunc(count) * padded(length));
      this.#offset = 0;
    }
    const piece = new Uint8Array(this.#buffer, this.#offset, length);
    this.#offset += padded(length);
    return piece;
  }

  /** Starts a new slab: the next pieces share no memory with earlier ones. */
  reset(): void {
    if (this.#offset === 0) return;
    this.#buffer = EMPTY;
    this.#offset = 0;
  }
}

/** Pieces start at multiples of 8, so that any typed array can view a message. */
function padded(length: number): number {
  return (length + 7) & ~7;
}
