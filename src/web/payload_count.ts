/** What a {@linkcode PayloadCount} needs of a driver. */
export interface PayloadDriver {
  /** The bytes that wait, frames included. */
  readonly bufferedAmount: number;
  /**
   * Sends a message.
   *
   * @param data The message.
   * @param options What to run when it is written.
   * @returns False if it was not accepted.
   */
  send(data: string | Uint8Array, options?: { callback: () => void }): boolean;
}

/**
 * Counts the bytes of messages that wait, as the web's `WebSocket.bufferedAmount` does: without frames, and with what
 * was sent after the connection's end. One callback at a time is on its way, and not one a message.
 */
export class PayloadCount {
  readonly #driver: PayloadDriver;
  #amount = 0;
  /** What was handed to the driver, and is not known to be written. */
  #handed = 0;
  /** All bytes that were ever known to be written. */
  #taken = 0;
  #marked = false;
  #open = true;

  /** @param driver What messages are sent with. */
  constructor(driver: PayloadDriver) {
    this.#driver = driver;
  }

  /** How many bytes are queued. */
  get amount(): number {
    // If nothing waits below, all that was handed on is written.
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
