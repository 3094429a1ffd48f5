import type { Codec } from "./_codec.ts";

/** Who uses a {@linkcode Slot}. */
export interface SlotOwner {
  /** Whether the slot holds what can't be moved: a message is on its way through it. */
  readonly busy: boolean;
  /** Gives the slot up, since another one needs it. */
  evict(): void;
}

/** A piece of the engine's memory. */
export interface Slot {
  /** Where it is. */
  readonly address: number;
  /** How long it is, in bytes. */
  readonly size: number;
  /** Who uses it, null for nobody. */
  owner: SlotOwner | null;
  /** When it was used last, by the pool's own clock. */
  used: number;
}

/**
 * Lends pieces of the engine's memory, within a budget of bytes. Once that is used up, the one that was used least
 * recently changes hands.
 */
export class SlotPool {
  /** How many bytes to reserve at most, but for the first slot of each size. */
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
   * Says that a slot is in use.
   *
   * @param slot The slot.
   */
  touch(slot: Slot): void {
    slot.used = ++this.#clock;
  }

  /**
   * Tells whether {@linkcode SlotPool.acquire} would lend a slot.
   *
   * @param size How many bytes it needs to have at least.
   * @returns False if all are busy.
   */
  offers(size: number): boolean {
    return this.#mayReserve(size) || this.#find(size) !== null;
  }

  /**
   * Lends a slot.
   *
   * @param owner Who gets it.
   * @param size How many bytes it needs to have at least.
   * @returns The slot, null if all are busy.
   * @throws {RangeError} If the system has no more memory.
   */
  acquire(owner: SlotOwner, size: number): Slot | null {
    let slot = this.#find(size);
    if (slot?.owner !== null && this.#mayReserve(size)) slot = this.#reserve(size);
    if (slot === null) return null;
    slot.owner?.evict();
    slot.owner = owner;
    this.touch(slot);
    return slot;
  }

  /**
   * Takes a slot back.
   *
   * @param slot The slot.
   */
  release(slot: Slot): void {
    slot.owner = null;
  }

  /** A slot that is free, the smallest that suffices; else the one that was used least recently, but none that is busy. */
  #find(size: number): Slot | null {
    let found: Slot | null = null;
    for (const slot of this.#slots) {
      if (slot.size >= size && !slot.owner?.busy && (found === null || isBetter(slot, found))) found = slot;
    }
    return found;
  }

  #mayReserve(size: number): boolean {
    return this.#reserved + size <= this.budget || !this.#slots.some((slot) => slot.size >= size);
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
