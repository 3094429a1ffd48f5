import type { RetrySettings } from "./retry_options.ts";

/** The maximum number of attempts within twice `maxDelay`. */
const MAX_ATTEMPTS = 8;

/** The minimum wait for clients of a busy server, in multiples of `minDelay`. */
const BUSY_FACTOR = 5;

/** What a wait depends on, besides the number of failures. */
export interface BackoffReason {
  /** Whether the server has said that it is overloaded or restarting. */
  readonly busy: boolean;
  /** How long the server has asked to wait, in milliseconds; null if it has not. */
  readonly retryAfter: number | null;
}

/**
 * How long to wait before the next attempt: exponential backoff with full jitter.
 *
 * Full jitter alone bounds nothing: its waits can all be close to 0. So that a server which accepts and closes at once
 * is not hammered, there are never more than eight attempts in twice `maxDelay`.
 */
export class Backoff {
  readonly #settings: RetrySettings;
  readonly #random: () => number;
  /** When the last attempts were, the oldest first. */
  readonly #attempts: number[] = [];
  #failures = 0;

  /**
   * @param settings The shortest and the longest wait, and how it grows.
   * @param random Returns numbers from 0 to below 1.
   */
  constructor(settings: RetrySettings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
  }

  /** The number of failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Counts an attempt.
   *
   * @param now The time, in milliseconds.
   */
  onAttempt(now: number): void {
    if (this.#attempts.push(now) > MAX_ATTEMPTS) this.#attempts.shift();
  }

  /** Counts a failure. */
  onFailure(): void {
    this.#failures++;
  }

  /** Restarts the count, after a connection was open for long enough. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Returns how long to wait before the next attempt.
   *
   * @param now The time, in milliseconds.
   * @param reason What the server said.
   * @returns The wait, in whole milliseconds.
   */
  delay(now: number, { busy, retryAfter }: BackoffReason): number {
    const { minDelay, maxDelay, factor } = this.#settings;
    const [from, to] = busy && retryAfter === null
      // IANA on 1012: a client "should reconnect using a randomized delay of 5 - 30s".
      ? [Math.min(BUSY_FACTOR * minDelay, maxDelay), maxDelay]
      : [0, Math.min(minDelay * factor ** Math.max(this.#failures - 1, 0), maxDelay)];
    const jitter = from + this.#random() * (to - from);
    return Math.round(jitter + Math.max(retryAfter ?? 0, this.#pause(now, (retryAfter ?? 0) + jitter)));
  }

  /** The addition to a wait that keeps the limit, with jitter, because clients may have started together. */
  #pause(now: number, delay: number): number {
    if (this.#attempts.length < MAX_ATTEMPTS) return 0;
    const earliest = this.#attempts[0] + 2 * this.#settings.maxDelay;
    return now + delay < earliest ? earliest - now : 0;
  }
}
