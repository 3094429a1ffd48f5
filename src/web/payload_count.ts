import { coreOf, type WebSocketDriver } from "../driver/websocket_driver.ts";

/**
 * Counts the bytes of queued messages, as the web's `WebSocket.bufferedAmount` does: without frame headers, but
 * including messages after the connection's end. One callback is pending at a time, instead of one per message.
 */
export class PayloadCount {
  readonly #driver: WebSocketDriver;
  #amount = 0;
  /** The bytes that were passed to the driver, and are not known to be written. */
  #handed = 0;
  /** All bytes that were ever known to be written. */
  #taken = 0;
  #marked = false;

  /** @param driver The driver that sends the messages. */
  constructor(driver: WebSocketDriver) {
    this.#driver = driver;
  }

  /** How many bytes are queued. */
  get amount(): number {
    // If nothing is queued below, everything passed on is written. But the runtime's socket counts nothing once it closes.
    const { readyState, bufferedAmount } = this.#driver;
    if (this.#handed > 0 && readyState === "open" && bufferedAmount === 0) this.#take(this.#handed);
    return this.#amount;
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
    // Messages sent meanwhile come after it.
    if (this.#handed === 0) return;
    const next = this.#taken + this.#handed;
    this.#marked = true;
    coreOf(this.#driver).connection!.whenWritten(() => this.#onWritten(next));
  }

  #take(bytes: number): void {
    this.#taken += bytes;
    this.#handed -= bytes;
    this.#amount -= bytes;
  }
}
