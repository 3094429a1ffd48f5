/** Something that is due at a certain time. */
interface Deadline {
  readonly at: number;
  readonly onDue: () => void;
}

/**
 * One timer for everything that waits equally long. A timer of its own for each connection's handshake and closing
 * would be a tenth of what a handshake costs (Deno 2.9.6).
 */
export class SharedTimeout {
  static readonly #all = new Map<number, SharedTimeout>();

  readonly #timeout: number;
  /** In the order in which they are due, for all wait equally long. */
  readonly #waiting = new Set<Deadline>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /**
   * Runs something later.
   *
   * @param timeout How much later, in milliseconds.
   * @param onDue What to run.
   * @returns A function that calls it off; once it has run, that does nothing.
   */
  static after(timeout: number, onDue: () => void): () => void {
    let deadlines = this.#all.get(timeout);
    if (deadlines === undefined) this.#all.set(timeout, deadlines = new SharedTimeout(timeout));
    return deadlines.#add(onDue);
  }

  #add(onDue: () => void): () => void {
    const deadline = { at: performance.now() + this.#timeout, onDue };
    this.#waiting.add(deadline);
    this.#timer ??= setTimeout(this.#run, this.#timeout);
    return () => this.#delete(deadline);
  }

  #delete(deadline: Deadline): void {
    if (!this.#waiting.delete(deadline) || this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    SharedTimeout.#all.delete(this.#timeout);
  }

  readonly #run = () => {
    // A timer may fire a fraction of a millisecond early.
    const now = performance.now() + 1;
    for (const deadline of this.#waiting) {
      if (deadline.at > now) {
        this.#timer = setTimeout(this.#run, deadline.at - now + 1);
        return;
      }
      this.#delete(deadline);
      try {
        deadline.onDue();
      } catch (error) {
        reportError(error);
      }
    }
  };
}
