/** What an {@linkcode IdleTimer} watches. */
export interface Used {
  /** Changes with every use. */
  readonly messages: number;
  /**
   * It is not used.
   *
   * @param reason How long it was not.
   */
  onIdle(reason: string): void;
}

/** Notices that a connection is not used. */
export class IdleTimer {
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * Begins.
   *
   * @param used What to watch.
   * @param timeout How long there may be no use before it is told so, and half as long again at the most, in
   * milliseconds.
   */
  constructor(used: Used, timeout: number) {
    let last = used.messages;
    let quiet = 0;
    this.#timer = setInterval(() => {
      quiet = used.messages === last ? quiet + 1 : 0;
      last = used.messages;
      if (quiet >= 2) used.onIdle(`No message for ${timeout} ms`);
    }, timeout / 2);
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
