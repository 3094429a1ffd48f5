import { checkAgain } from "./check_again.ts";

/** Notices when nothing happens on a connection. */
export class IdleTimer {
  readonly #activity: () => number;
  readonly #onIdle: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #last: number;
  /** How many checks in a row have found no change. */
  #quiet = 0;
  #cancelSecondCheck: (() => void) | null = null;

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
    this.#timer = setInterval(() => this.#check(), timeout / 2);
  }

  /** Ends. */
  stop(): void {
    clearInterval(this.#timer);
    this.#cancelSecondCheck?.();
  }

  #check(): void {
    if (this.#cancelSecondCheck !== null) return;
    const now = this.#activity();
    this.#quiet = now === this.#last ? this.#quiet + 1 : 0;
    this.#last = now;
    if (this.#quiet < 2) return;
    this.#cancelSecondCheck = checkAgain(() => {
      this.#cancelSecondCheck = null;
      if (this.#activity() === this.#last) this.#onIdle();
    });
  }
}
