import type { Connection } from "../connection/connection.ts";

/** What is sent before the connection is open: it waits here, in order. */
export class SendQueue {
  readonly #highWaterMark: number;
  #steps: ((connection: Connection) => unknown)[] = [];
  #bytes = 0;
  #wasFull = false;

  /** @param highWaterMark From how many waiting bytes on the sender should stop. */
  constructor(highWaterMark: number) {
    this.#highWaterMark = highWaterMark;
  }

  /** The bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether so much has waited that `"drain"` is due once less does. */
  get wasFull(): boolean {
    return this.#wasFull;
  }

  /**
   * Adds something to do once the connection is open.
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
   * Does all that waits.
   *
   * @param connection The connection, which is open now.
   */
  run(connection: Connection): void {
    this.#bytes = 0;
    for (const step of this.#steps) step(connection);
  }
}
