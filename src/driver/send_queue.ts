import type { Connection } from "../connection/connection.ts";

/** Queues what is sent before the connection is open, in order. */
export class SendQueue {
  readonly #highWaterMark: number;
  #steps: ((connection: Connection) => unknown)[] = [];
  #bytes = 0;
  #wasFull = false;

  /** @param highWaterMark How many queued bytes make the sender stop. */
  constructor(highWaterMark: number) {
    this.#highWaterMark = highWaterMark;
  }

  /** How many bytes are queued. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether so much was queued that `"drain"` is due once there is less. */
  get wasFull(): boolean {
    return this.#wasFull;
  }

  /**
   * Adds a step to run once the connection is open.
   *
   * @param step What to do.
   * @param bytes How many bytes of a message it sends.
   */
  push(step: (connection: Connection) => unknown, bytes: number): void {
    this.#steps.push(step);
    this.#bytes += bytes;
    if (this.#bytes >= this.#highWaterMark) this.#wasFull = true;
  }

  /**
   * Runs all queued steps.
   *
   * @param connection The open connection.
   */
  run(connection: Connection): void {
    this.#bytes = 0;
    for (const step of this.#steps) step(connection);
  }
}
