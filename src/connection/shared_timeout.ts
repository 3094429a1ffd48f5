import { reportFault } from "./report_fault.ts";

/** Something that is due at a certain time. */
interface Deadline {
  readonly at: number;
  readonly onDue: () => void;
}

/** From so late on, in milliseconds, a timer shows that the event loop had no turn. */
const LATE = 20;

/**
 * One timer for everything that waits equally long. A timer of its own for each connection's handshake and closing
 * would be a tenth of what a handshake costs (Deno 2.9.6).
 *
 * If the process was held up, timers run before what has arrived meanwhile is read. So what is late is put off once, by
 * as much as it is late: a peer that has answered in time must not pay for our delay.
 */
export class SharedTimeout {
  static readonly #all = new Map<number, SharedTimeout>();

  readonly #timeout: number;
  /** In the order in which they are due, for all wait equally long. */
  readonly #waiting = new Set<Deadline>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was due by then has been put off. */
  #putOffUntil = -Infinity;

  private constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /**
   * Runs something later.
   *
   * @param timeout How much later, in milliseconds.
   * @param onDue What to run: later still if the process was held up, once what has arrived could be read.
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
      if (now - deadline.at > LATE && deadline.at > this.#putOffUntil) {
        this.#putOffUntil = now;
        this.#timer = setTimeout(this.#run, Math.min(now - deadline.at, this.#timeout));
        return;
      }
      this.#delete(deadline);
      try {
        deadline.onDue();
      } catch (error) {
        reportFault(error);
      }
    }
  };
}
