import type { Inflater } from "./_inflater.ts";
import type { TaskScheduler } from "./_task_scheduler.ts";

/** A message that is being inflated, and its callbacks. */
export interface Inflation {
  /** The inflater. */
  readonly inflater: Inflater;
  /** Receives the message. */
  resolve(message: Uint8Array<ArrayBuffer>): void;
  /** Receives the error. */
  reject(error: unknown): void;
}

/**
 * Inflates long messages, one step of one message per turn of the event loop.
 *
 * All of them together hold no more than a limit. While they reach it, only the oldest continues; when it is done, the
 * others do, too. So the limit applies to any number of connections, and every message is finished.
 */
export class InflationQueue {
  /** How many bytes messages may hold together before only the oldest continues. */
  limit: number;
  readonly #scheduler: TaskScheduler;
  readonly #step: number;
  /** The oldest first. */
  readonly #inflations: Inflation[] = [];
  /** Whose turn it is. */
  #next = 0;

  /**
   * @param scheduler Gives turns.
   * @param step How many bytes to read and write in one turn.
   * @param limit How many bytes messages may hold together.
   */
  constructor(scheduler: TaskScheduler, step: number, limit: number) {
    this.#scheduler = scheduler;
    this.#step = step;
    this.limit = limit;
  }

  /** Whether messages have reached the limit. */
  get full(): boolean {
    return this.held >= this.limit;
  }

  /** How many bytes messages hold. */
  get held(): number {
    return this.#inflations.reduce((sum, { inflater }) => sum + inflater.held, 0);
  }

  /**
   * Inflates a message that has begun.
   *
   * @param inflation The message.
   */
  add(inflation: Inflation): void {
    this.#inflations.push(inflation);
    this.#scheduler.add(this.#run);
  }

  /**
   * Drops a message; its callbacks aren't called.
   *
   * @param inflater The inflater.
   */
  delete(inflater: Inflater): void {
    const index = this.#inflations.findIndex((inflation) => inflation.inflater === inflater);
    if (index < 0) return;
    this.#inflations.splice(index, 1);
    if (index < this.#next) this.#next--;
    if (this.#inflations.length === 0) this.#scheduler.delete(this.#run);
  }

  readonly #run = () => {
    const { inflater, resolve, reject } = this.#choose();
    try {
      const message = inflater.step(this.#step);
      if (message !== null) {
        this.delete(inflater);
        resolve(message);
      }
    } catch (error) {
      this.delete(inflater);
      reject(error);
    }
    if (this.#inflations.length > 0) this.#scheduler.add(this.#run);
  };

  #choose(): Inflation {
    if (this.full) return this.#inflations[0];
    this.#next %= this.#inflations.length;
    return this.#inflations[this.#next++];
  }
}
