/** The size of a slab, in bytes. */
const SLAB_SIZE = 64 * 1024;

/** The longest message that shares a slab, in bytes: keeping one longer pins nothing but itself. */
const MAX_SHARED = 16 * 1024;

/**
 * Memory for binary messages that users own. Short ones are cut from a slab one after another, for a fresh ArrayBuffer
 * costs more than everything else about a short message; a slab's bytes are never used twice.
 */
export class Slab {
  #buffer = new ArrayBuffer(0);
  #offset = 0;

  /**
   * Cuts a piece.
   *
   * @param length The length in bytes.
   * @returns A view of exactly that length, zeroed; its `byteOffset` may be above 0.
   */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > MAX_SHARED) return new Uint8Array(length);
    if (this.#offset + length > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(SLAB_SIZE);
      this.#offset = 0;
    }
    const piece = new Uint8Array(this.#buffer, this.#offset, length);
    // The next piece begins at a multiple of 8, so that any typed array can be laid over a message.
    this.#offset = (this.#offset + length + 7) & ~7;
    return piece;
  }
}
