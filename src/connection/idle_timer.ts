/** Notices that nothing happens on a connection. */
export class IdleTimer {
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * Begins.
   *
   * @param activity Gives a number that changes whenever something happens.
   * @param onIdle Called when nothing has happened for the time-out, or up to half as long again.
   * @param timeout The time-out, in milliseconds.
   */
  constructor(activity: () => number, onIdle: () => void, timeout: number) {
    let last = activity();
    let quiet = 0;
    this.#timer = setInterval(() => {
      const now = activity();
      quiet = now === last ? quiet + 1 : 0;
      last = now;
      if (quiet >= 2) onIdle();
    }, timeout / 2);
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
