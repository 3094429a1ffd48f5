import type { RetrySettings } from "./retry_options.ts";

/** How many attempts there may be in twice `maxDelay`. */
const MAX_ATTEMPTS = 8;

/** How many times `minDelay` the clients of a server that is busy wait at least. */
const BUSY_FACTOR = 5;

/** What a wait depends on, beside how often it has failed. */
export interface BackoffReason {
  /** Whether the server has said that it is overloaded, or restarts. */
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
   * @param random Gives numbers from 0 to below 1.
   */
  constructor(settings: RetrySettings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
  }

  /** How often it has failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Notes an attempt.
   *
   * @param now The time, in milliseconds.
   */
  onAttempt(now: number): void {
    if (this.#attempts.push(now) > MAX_ATTEMPTS) this.#attempts.shift();
  }

  /** Notes a failure. */
  onFailure(): void {
    this.#failures++;
  }

  /** A connection has been open for long enough: the count starts again. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Tells how long to wait before the next attempt.
   *
   * @param now The time, in milliseconds.
   * @param reason What the server has said.
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

  /** What is to be added to a wait so that it keeps the bound; with the jitter, for clients may have begun together. */
  #pause(now: number, delay: number): number {
    if (this.#attempts.length < MAX_ATTEMPTS) return 0;
    const earliest = this.#attempts[0] + 2 * this.#settings.maxDelay;
    return now + delay < earliest ? earliest - now : 0;
  }
}
