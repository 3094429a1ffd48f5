import type { Environment } from "../../src/client/environment.ts";

/** A timer of a {@linkcode TestEnvironment}. */
interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that passes when a test says so, and chance that a test decides. */
export class TestEnvironment implements Environment {
  /** The time, in milliseconds. */
  time = 0;
  readonly #timers = new Set<Timer>();
  readonly #random: () => number;

  /** @param random What `random` gives: a number, or a function that gives one. */
  constructor(random: number | (() => number) = 0.5) {
    this.#random = typeof random === "number" ? () => random : random;
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.time;
  }

  /** 2026-01-01, and on from there. */
  date(): number {
    return Date.UTC(2026, 0, 1) + this.time;
  }

  random(): number {
    return this.#random();
  }

  after(delay: number, callback: () => void): () => void {
    const timer = { at: this.time + delay, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /**
   * Lets time pass, and runs what is due.
   *
   * @param duration How much, in milliseconds.
   */
  pass(duration: number): void {
    this.time += duration;
    for (const timer of this.#timers) {
      if (timer.at > this.time) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}
