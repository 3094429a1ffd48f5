/** The part of a driver that a {@linkcode PayloadCount} needs. */
export interface PayloadDriver {
  /** How many bytes are queued, including frame headers. */
  readonly bufferedAmount: number;
  /**
   * Sends a message.
   *
   * @param data The message.
   * @param options The callback to run when it is written.
   * @returns False if it was not accepted.
   */
  send(data: string | Uint8Array, options?: { callback: () => void }): boolean;
}

/**
 * Counts the bytes of queued messages, as the web's `WebSocket.bufferedAmount` does: without frame headers, but
 * including messages after the connection's end. One callback is pending at a time, instead of one per message.
 */
export class PayloadCount {
  readonly #driver: PayloadDriver;
  #amount = 0;
  /** The bytes that were passed to the driver, and are not known to be written. */
  #handed = 0;
  /** All bytes that were ever known to be written. */
  #taken = 0;
  #marked = false;
  #open = true;

  /** @param driver The driver that sends the messages. */
  constructor(driver: PayloadDriver) {
    this.#driver = driver;
  }

  /** How many bytes are queued. */
  get amount(): number {
    // If nothing is queued below, everything passed on is written.
    if (this.#handed > 0 && this.#open && this.#driver.bufferedAmount === 0) this.#take(this.#handed);
    return this.#amount;
  }

  /** The connection is over: nothing is written any more. */
  close(): void {
    this.#open = false;
  }

  /**
   * Counts a message.
   *
   * @param bytes Its length.
   */
  add(bytes: number): void {
    this.#amount += bytes;
  }

  /**
   * Sends a message that was counted.
   *
   * @param payload The message.
   * @param bytes Its length.
   */
  send(payload: string | Uint8Array, bytes: number): void {
    if (this.#marked) {
      if (this.#driver.send(payload)) this.#handed += bytes;
      return;
    }
    const handed = this.#handed + bytes;
    const before = this.#taken;
    this.#marked = true;
    this.#handed = handed;
    const taken = this.#driver.send(payload, { callback: () => this.#onWritten(handed + before) });
    if (!taken) {
      this.#marked = false;
      this.#handed -= bytes;
    }
  }

  /** All bytes up to a position, counted from the first one ever sent, are written. */
  #onWritten(position: number): void {
    this.#marked = false;
    if (position > this.#taken) this.#take(position - this.#taken);
  }

  #take(bytes: number): void {
    this.#taken += bytes;
    this.#handed -= bytes;
    this.#amount -= bytes;
  }
}
