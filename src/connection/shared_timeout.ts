import { reportException } from "./report_exception.ts";
import { Roster, RosterMember } from "./roster.ts";

/** A callback that is due at a certain time. */
class Deadline extends RosterMember {
  readonly at: number;
  readonly onDue: () => void;

  constructor(at: number, onDue: () => void) {
    super();
    this.at = at;
    this.onDue = onDue;
  }
}

/** A timer that is at least this late, in milliseconds, shows that the event loop had no turn. */
const LATE = 20;

/**
 * One timer for everything that waits equally long. A separate timer for each connection's handshake and closing would
 * cost a tenth of a handshake (Deno 2.9.6).
 *
 * If the process was held up, timers run before the bytes that arrived meanwhile are read. So a late callback is
 * postponed once, by as much as it is late: a peer that answered in time must not pay for our delay.
 */
export class SharedTimeout {
  static readonly #all = new Map<number, SharedTimeout>();

  readonly #timeout: number;
  /** In the order in which they are due, because all wait equally long. */
  readonly #waiting = new Roster<Deadline>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Callbacks that were due by this time were already postponed once. */
  #postponedUntil = -Infinity;

  private constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /**
   * Runs a callback later.
   *
   * @param timeout The delay, in milliseconds.
   * @param onDue The function to run: even later if the process was held up, so that arrived bytes can be read first.
   * @returns A function that cancels it; once it has run, that does nothing.
   */
  static after(timeout: number, onDue: () => void): () => void {
    let shared = this.#all.get(timeout);
    if (shared === undefined) this.#all.set(timeout, shared = new SharedTimeout(timeout));
    return shared.#add(onDue);
  }

  #add(onDue: () => void): () => void {
    const deadline = new Deadline(performance.now() + this.#timeout, onDue);
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
    for (let deadline = this.#waiting.first; deadline !== null; deadline = this.#waiting.first) {
      if (deadline.at > now) {
        this.#timer = setTimeout(this.#run, deadline.at - now + 1);
        return;
      }
      if (now - deadline.at > LATE && deadline.at > this.#postponedUntil) {
        this.#postponedUntil = now;
        this.#timer = setTimeout(this.#run, Math.min(now - deadline.at, this.#timeout));
        return;
      }
      this.#delete(deadline);
      try {
        deadline.onDue();
      } catch (error) {
        reportException(error);
      }
    }
  };
}
