/** Notices that a connection is not used. */
export class IdleWatch {
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * Begins.
   *
   * @param count Gives a number that changes with every use.
   * @param timeout How long there may be none, in milliseconds.
   * @param onIdle Called after that long, and half as long again at the most.
   */
  constructor(count: () => number, timeout: number, onIdle: () => void) {
    let last = count();
    let quiet = 0;
    this.#timer = setInterval(() => {
      quiet = count() === last ? quiet + 1 : 0;
      last = count();
      if (quiet >= 2) onIdle();
    }, timeout / 2);
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
