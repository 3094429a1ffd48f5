import type { Codec } from "./_codec.ts";

/** The user of a {@linkcode Slot}. */
export interface SlotOwner {
  /** Releases the slot, since another user needs it: forgets or saves its content. */
  evict(): void;
}

/** A piece of the engine's memory. */
export interface Slot {
  /** Its address. */
  readonly address: number;
  /** Its size, in bytes. */
  readonly size: number;
  /** Its user, null for nobody. */
  owner: SlotOwner | null;
  /** When it was used last, by the pool's own clock. */
  used: number;
}

/**
 * Lends pieces of the engine's memory, within a budget of bytes. Once that is used up, the one that was used least
 * recently changes hands.
 */
export class SlotPool {
  /** The maximum number of bytes to reserve, except for the first slot of each size. */
  budget: number;
  readonly #codec: Codec;
  readonly #slots: Slot[] = [];
  #reserved = 0;
  #clock = 0;

  /**
   * @param codec The engine.
   * @param budget How many bytes to reserve at most.
   */
  constructor(codec: Codec, budget: number) {
    this.#codec = codec;
    this.budget = budget;
  }

  /** How many bytes are reserved. */
  get reserved(): number {
    return this.#reserved;
  }

  /**
   * Marks a slot as recently used.
   *
   * @param slot The slot.
   */
  touch(slot: Slot): void {
    slot.used = ++this.#clock;
  }

  /**
   * Lends a slot.
   *
   * @param owner The new user.
   * @param size The minimum size in bytes.
   * @returns The slot.
   * @throws {RangeError} If the system has no more memory.
   */
  acquire(owner: SlotOwner, size: number): Slot {
    let slot = this.#find(size);
    if (slot === null || (slot.owner !== null && this.#reserved + size <= this.budget)) slot = this.#reserve(size);
    slot.owner?.evict();
    slot.owner = owner;
    this.touch(slot);
    return slot;
  }

  /**
   * Returns a slot.
   *
   * @param slot The slot.
   */
  release(slot: Slot): void {
    slot.owner = null;
  }

  /** The smallest free slot that suffices, otherwise the least recently used one. */
  #find(size: number): Slot | null {
    let found: Slot | null = null;
    for (const slot of this.#slots) {
      if (slot.size >= size && (found === null || isBetter(slot, found))) found = slot;
    }
    return found;
  }

  #reserve(size: number): Slot {
    const slot = { address: this.#codec.allocate(size), size, owner: null, used: 0 };
    this.#slots.push(slot);
    this.#reserved += size;
    return slot;
  }
}

function isBetter(slot: Slot, other: Slot): boolean {
  if (slot.owner !== null) return other.owner !== null && slot.used < other.used;
  return other.owner !== null || slot.size < other.size;
}
