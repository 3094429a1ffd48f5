/** A reader that reads ahead, and waits until it may again. */
export interface BudgetWaiter {
  /** Something was given back: it may ask again. */
  onBudget(): void;
}

/** How many bytes all connections of the process hold together, besides the few that each may hold anyway. */
const TOTAL = 16 * 1024 * 1024;

/** How many bytes of them one connection may hold. */
const MAX_EACH = 1024 * 1024;

/**
 * How much the connections of a process may read ahead together.
 *
 * A connection may hold no more than is still free. So a few may hold much, many share equally, and one that comes late
 * finds something left.
 */
export class ReadAheadBudget {
  /** The process's. */
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
   * @param waiter Who asks. If there is too little, it is called when something was given back.
   * @param held How many bytes it holds already.
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
   * Gives bytes back.
   *
   * @param bytes How many.
   */
  giveBack(bytes: number): void {
    this.#free += bytes;
    if (this.#waiting.size === 0 || this.#waking) return;
    this.#waking = true;
    queueMicrotask(() => this.#wake());
  }

  /**
   * Calls nobody any more who waits.
   *
   * @param waiter Who no longer waits.
   */
  forget(waiter: BudgetWaiter): void {
    this.#waiting.delete(waiter);
  }

  /** Those that get nothing wait again. */
  #wake(): void {
    this.#waking = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.onBudget();
  }
}
