import { lookAgain } from "./look_again.ts";

/** Notices when nothing happens on a connection. */
export class IdleTimer {
  readonly #activity: () => number;
  readonly #onIdle: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #last: number;
  /** How many checks in a row have found no change. */
  #quiet = 0;
  #stopSecondLook: (() => void) | null = null;

  /**
   * Begins.
   *
   * @param activity Returns a number that changes whenever something happens.
   * @param onIdle Called when nothing has happened for the timeout, or up to half as long again.
   * @param timeout The timeout, in milliseconds.
   */
  constructor(activity: () => number, onIdle: () => void, timeout: number) {
    this.#activity = activity;
    this.#onIdle = onIdle;
    this.#last = activity();
    this.#timer = setInterval(() => this.#look(), timeout / 2);
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stopSecondLook?.();
  }

  #look(): void {
    if (this.#stopSecondLook !== null) return;
    const now = this.#activity();
    this.#quiet = now === this.#last ? this.#quiet + 1 : 0;
    this.#last = now;
    if (this.#quiet < 2) return;
    this.#stopSecondLook = lookAgain(() => {
      this.#stopSecondLook = null;
      if (this.#activity() === this.#last) this.#onIdle();
    });
  }
}
