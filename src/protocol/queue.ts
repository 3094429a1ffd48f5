/** From this many taken items on, freeing their places is worth it. */
const COMPACT_FROM = 32;

/**
 * A first-in, first-out queue whose operations take constant time on average; an array's `shift` gets slower as the
 * array grows, so a long queue would take seconds.
 */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many items are queued. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The next item, undefined if the queue is empty. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /**
   * Adds an item at the end.
   *
   * @param item The item.
   */
  push(item: T): void {
    this.#items.push(item);
  }

  /**
   * Removes the next item.
   *
   * @returns The item, undefined if the queue is empty.
   */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Drops all items. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
