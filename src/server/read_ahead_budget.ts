/** A reader that reads ahead, and waits until it may again. */
export interface BudgetWaiter {
  /** Bytes were returned: the reader may ask again. */
  onBudget(): void;
}

/** How many bytes all connections of the process may hold together, in addition to the minimum for each. */
const TOTAL = 16 * 1024 * 1024;

/** How many of these bytes one connection may hold. */
const MAX_EACH = 1024 * 1024;

/**
 * How much the connections of a process may read ahead together.
 *
 * A connection may hold no more than is still free. So a few may hold a lot, many share equally, and a late one still
 * gets something.
 */
export class ReadAheadBudget {
  /** The budget of the process. */
  static readonly shared: ReadAheadBudget = new ReadAheadBudget();

  readonly #maxEach: number;
  #free: number;
  readonly #waiting = new Set<BudgetWaiter>();
  #waking = false;

  /**
   * @param total How many bytes may be held together.
   * @param maxEach How many of them one connection may hold.
   */
  constructor(total: number = TOTAL, maxEach: number = MAX_EACH) {
    this.#free = total;
    this.#maxEach = maxEach;
  }

  /** How many bytes are not held, for tests. */
  get free(): number {
    return this.#free;
  }

  /**
   * Asks for bytes.
   *
   * @param waiter The reader. If there is too little, it is called when bytes were returned.
   * @param held How many bytes it already holds.
   * @param bytes How many more it asks for.
   * @returns Whether it may hold them.
   */
  borrow(waiter: BudgetWaiter, held: number, bytes: number): boolean {
    if (held + bytes > this.#maxEach) return false;
    if (held + bytes > this.#free) {
      this.#waiting.add(waiter);
      return false;
    }
    this.#free -= bytes;
    return true;
  }

  /**
   * Returns bytes.
   *
   * @param bytes The number of bytes.
   */
  giveBack(bytes: number): void {
    this.#free += bytes;
    if (this.#waiting.size === 0 || this.#waking) return;
    this.#waking = true;
    queueMicrotask(() => this.#wake());
  }

  /**
   * Removes a waiting reader.
   *
   * @param waiter The reader.
   */
  forget(waiter: BudgetWaiter): void {
    this.#waiting.delete(waiter);
  }

  /** Readers that get nothing wait again. */
  #wake(): void {
    this.#waking = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.onBudget();
  }
}
