import type { Codec } from "./_codec.ts";
import { concat } from "./_concat.ts";
import type { Slot, SlotOwner, SlotPool } from "./_slot_pool.ts";

/** The longest piece of a message that is compressed in one go, in bytes: about half a millisecond of work. */
export const PIECE = 32 * 1024;

/** The options of a {@linkcode Deflater}. */
export interface DeflaterOptions {
  /** The size of the window as a power of two, 8 to 15. */
  readonly windowBits: number;
  /** How hard to look for repetitions, 0 to 9. */
  readonly level: number;
  /** How much memory the search may take, 1 to 9. */
  readonly memLevel: number;
}

/**
 * Compresses messages piece by piece, RFC 1951; earlier messages are the context of later ones.
 *
 * It holds a slot of the engine's memory. If that goes to another compressor, the context is forgotten: a message
 * without references is always legal.
 */
export class Deflater implements SlotOwner {
  readonly #codec: Codec;
  readonly #pool: SlotPool;
  readonly #options: DeflaterOptions;
  #slot: Slot | null = null;
  /** The bits left over from the last piece, less than a byte. */
  #left = 0;

  /**
   * @param codec The engine.
   * @param pool The source of slots.
   * @param options The window, the level and the memory.
   */
  constructor(codec: Codec, pool: SlotPool, options: DeflaterOptions) {
    this.#codec = codec;
    this.#pool = pool;
    this.#options = options;
  }

  /** The memory that is held, in bytes. */
  get memory(): number {
    return this.#slot?.size ?? 0;
  }

  /** Forgets the context: later messages won't refer to earlier ones. It takes no time, and frees no memory. */
  forget(): void {
    if (this.#slot !== null) this.#codec.run.forget(this.#slot.address);
  }

  /**
   * Compresses a piece of a message.
   *
   * @param piece At most {@linkcode PIECE} bytes.
   * @param last Whether the message ends with it.
   * @returns The next bytes of the compressed message.
   * @throws {RangeError} If the system has no more memory.
   */
  deflate(piece: Uint8Array, last: boolean): Uint8Array<ArrayBuffer> {
    const { run, output } = this.#codec;
    const slot = this.#slot ?? this.#acquire();
    this.#pool.touch(slot);
    const input = run.deflaterInput(slot.address, piece.length);
    const { bytes } = this.#codec;
    bytes.set(piece, input);
    const length = run.deflate(slot.address, piece.length, this.#left, last);
    this.#left = last ? 0 : run.leftBits();
    return bytes.slice(output, output + length);
  }

  #acquire(): Slot {
    const { windowBits, level, memLevel } = this.#options;
    const { run } = this.#codec;
    const slot = this.#pool.acquire(this, run.deflaterSize(windowBits, memLevel));
    if (slot === null) {
      throw new RangeError("Cannot compress a message: expected a slot that can be used, received none");
    }
    run.makeDeflater(slot.address, windowBits, memLevel, level);
    return this.#slot = slot;
  }

  /** Forgets the context, since another compressor needs the slot. */
  evict(): void {
    this.#slot = null;
  }

  /** Returns the slot. */
  close(): void {
    if (this.#slot !== null) this.#pool.release(this.#slot);
    this.#slot = null;
  }
}

/**
 * Compresses a message at once.
 *
 * @param deflater The compressor, with the context that the message may refer to.
 * @param message The message.
 * @returns The payload.
 */
export function compressWhole(deflater: Deflater, message: Uint8Array): Uint8Array<ArrayBuffer> {
  if (message.length <= PIECE) return deflater.deflate(message, true);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += PIECE) {
    pieces.push(deflater.deflate(message.subarray(at, at + PIECE), at + PIECE >= message.length));
  }
  return concat(pieces);
}
