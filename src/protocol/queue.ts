/** From this many taken items on, their places are worth giving back. */
const COMPACT_FROM = 32;

/**
 * A first-in, first-out queue whose every step takes constant time on average; an array's `shift` takes longer the
 * longer the array is, which makes a long queue take seconds.
 */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many items wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The item that is next, undefined if none waits. */
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
   * Takes the item that is next.
   *
   * @returns The item, undefined if none waits.
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
