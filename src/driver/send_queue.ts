import type { Connection } from "../connection/connection.ts";
import { toBytes } from "../connection/message_data.ts";
import { cannotSend } from "../connection/connection_errors.ts";
import type { ReadyState } from "./events.ts";
import type { Settings } from "./options.ts";
import type { SendStep } from "./send_options.ts";

/** The way of all that is sent: to the connection, or into a queue until there is one. */
export class SendQueue {
  /** The connection, null before it is open. */
  connection: Connection | null = null;
  readonly #settings: Settings;
  #steps: ((connection: Connection) => unknown)[] = [];
  #bytes = 0;
  #closing = false;
  #ended = false;

  /** @param settings How much may wait, and what becomes of more. */
  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Where the connection stands. */
  get state(): ReadyState {
    if (this.#ended) return "closed";
    if (this.connection !== null) return this.connection.state;
    return this.#closing ? "closing" : "connecting";
  }

  /** Whether there may still be a connection, and is none yet. */
  get waiting(): boolean {
    return this.connection === null && !this.#ended;
  }

  /** Whether the end was told. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The bytes that wait, here and in the connection. */
  get bufferedAmount(): number {
    return this.#bytes + (this.connection?.bufferedAmount ?? 0);
  }

  /**
   * Sends something: now, or in order once the connection is open.
   *
   * @param what What to send.
   * @returns False where it was not taken.
   */
  submit({ data, step }: SendStep): boolean {
    const { connection } = this;
    if (this.#ended || (connection === null && this.#closing)) return false;
    if (data.length > 0 && this.bufferedAmount > this.#settings.backpressureLimit) return this.refuse();
    if (connection !== null) return step(connection);
    this.#steps.push(step);
    this.#bytes += toBytes(data, "send").length;
    return true;
  }

  /**
   * Does something with the connection: now, or in order once it is open, unless it never will be.
   *
   * @param step What to do.
   */
  apply(step: (connection: Connection) => unknown): void {
    if (this.connection !== null) step(this.connection);
    else if (!this.#ended) this.#steps.push(step);
  }

  /**
   * Doesn't take a message, as too much waits already.
   *
   * @returns False.
   */
  refuse(): false {
    const { onBackpressure, backpressureLimit } = this.#settings;
    if (onBackpressure === "close") this.connection?.fail(cannotSend(backpressureLimit));
    return false;
  }

  /** Takes no more before the connection is open, for a Close waits for it. */
  close(): void {
    this.#closing = true;
  }

  /**
   * The connection is open: does what has waited for it.
   *
   * @param connection The connection.
   * @returns False where that has ended it.
   */
  open(connection: Connection): boolean {
    this.connection = connection;
    const steps = this.#steps;
    this.#steps = [];
    this.#bytes = 0;
    for (const step of steps) step(connection);
    return !this.#ended;
  }

  /** Drops what waits. */
  end(): void {
    this.#ended = true;
    this.#steps = [];
    this.#bytes = 0;
  }
}
