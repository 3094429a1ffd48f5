import { coreOf } from "../driver/websocket_driver.ts";
import type { Client } from "./client.ts";
import type { Environment } from "./environment.ts";
import { costOf, type QueuedMessage, type ResendQueue } from "./resend_queue.ts";

/**
 * How many bytes of frames go to a connection at once, unless a single one is longer. They fit into one block of the
 * protocol, and so leave in one write. Anything outside that write can't have reached the system.
 */
const BATCH = 16 * 1024;

/** The longest header of a client's frame, in bytes. RFC 6455 §5.2. */
const MAX_HEADER = 14;

/** The minimum time between two Pings that ask for a confirmation, in milliseconds. */
const CONFIRM_INTERVAL = 100;

/** The number of unconfirmed bytes from which the next Ping doesn't wait. */
const CONFIRM_BYTES = 64 * 1024;

/**
 * Passes queued messages to one connection, a batch at a time: the next batch leaves the queue when the system has
 * accepted the last one. So it is always known of which messages the system may have bytes.
 *
 * A message is confirmed once the peer answers a Ping that was sent after it. RFC 6455 §5.5.2.
 */
export class Delivery {
  readonly #client: Client;
  readonly #queue: ResendQueue;
  readonly #environment: Environment;
  readonly #onProgress: () => void;
  /** The messages that the connection got and that are not confirmed yet, in order. */
  readonly #unconfirmed: QueuedMessage[] = [];
  #unconfirmedCost = 0;
  /** How many of those, from the oldest on, the system has accepted completely. */
  #written = 0;
  /** How many bytes were written since the last Ping. */
  #sincePing = 0;
  /** The number of bytes in the batch that is being written. */
  #writing = 0;
  #scheduled = false;
  /** Whether the next turn begins with a Ping. */
  #pings = false;
  #awaitsPong = false;
  #pingedAt = -Infinity;
  #cancelTimer: (() => void) | null = null;
  #ended = false;

  /**
   * @param client An open connection.
   * @param queue The source of messages.
   * @param environment The clock.
   * @param onProgress Called when the system has accepted a batch.
   */
  constructor(client: Client, queue: ResendQueue, environment: Environment, onProgress: () => void) {
    this.#client = client;
    this.#queue = queue;
    this.#environment = environment;
    this.#onProgress = onProgress;
    client.on("drain", () => this.schedule());
  }

  /** The bytes that the connection got and the system has not accepted yet. */
  get bufferedAmount(): number {
    return this.#writing;
  }

  /** The size of the messages that the connection got and the peer has not confirmed yet. */
  get unconfirmedCost(): number {
    return this.#unconfirmedCost;
  }

  /** Passes on messages at the end of the turn, if no batch is being written. */
  schedule(): void {
    if (this.#scheduled || this.#isWriting || this.#ended) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#onTurn());
  }

  /**
   * A batch after something else that is being written, such as a Pong, would wait where it can't be taken back: waits
   * for that first, but only once, because the application may send on this connection without a pause.
   */
  #onTurn(): void {
    if (this.#client.bufferedAmount === 0) return this.#onRoom();
    coreOf(this.#client).connection?.whenWritten(() => queueMicrotask(() => this.#onRoom()));
  }

  #onRoom(): void {
    this.#scheduled = false;
    if (this.#ended) return;
    if (this.#pings) this.#ping();
    this.#send(BATCH);
  }

  /** Passes on everything that is queued, before the connection is closed. */
  flush(): void {
    this.#send(Infinity);
  }

  /**
   * Ends the delivery when the connection is over.
   *
   * @returns The messages of which the system may have bytes, and that the peer did not confirm.
   */
  end(): readonly QueuedMessage[] {
    this.#ended = true;
    this.#cancelTimer?.();
    return this.#unconfirmed;
  }

  get #isWriting(): boolean {
    return this.#written < this.#unconfirmed.length;
  }

  /** Messages that the connection doesn't accept stay in the queue, for the next turn or the next connection. */
  #send(most: number): void {
    let message = this.#queue.first;
    for (let bytes = 0; message !== null && !this.#ended; message = this.#queue.first) {
      const size = message.bytes + MAX_HEADER;
      bytes += size;
      if ((bytes > most && bytes > size) || !this.#hand(message)) return;
    }
  }

  #hand(message: QueuedMessage): boolean {
    const { data, type, compress, bytes } = message;
    if (!this.#client.send(data, { type, compress, callback: () => this.#onWritten(message) })) return false;
    this.#queue.delete(message);
    this.#unconfirmed.push(message);
    this.#unconfirmedCost += costOf(message);
    this.#writing += bytes;
    return true;
  }

  #onWritten({ bytes, callback }: QueuedMessage): void {
    this.#written++;
    this.#writing -= bytes;
    this.#sincePing += bytes;
    callback?.();
    if (this.#isWriting) return;
    this.#confirm();
    if (this.#queue.first !== null) this.schedule();
    this.#onProgress();
  }

  /**
   * Asks the peer whether it has read what was written, one Ping at a time. A Ping may overtake queued messages, so its
   * Pong confirms only those that were written before it.
   */
  #confirm(): void {
    if (this.#awaitsPong || this.#written === 0 || this.#ended) return;
    const wait = this.#pingedAt + CONFIRM_INTERVAL - this.#environment.now();
    if (wait > 0 && this.#sincePing < CONFIRM_BYTES) {
      this.#cancelTimer ??= this.#environment.after(wait, () => this.#onTimer());
      return;
    }
    this.#pings = true;
    this.schedule();
  }

  /** Leaves in one write with the next batch. */
  #ping(): void {
    const written = this.#written;
    this.#pings = false;
    this.#awaitsPong = this.#client.sendPing(crypto.getRandomValues(new Uint8Array(8)), () => this.#onPong(written));
    this.#pingedAt = this.#environment.now();
    this.#sincePing = 0;
  }

  #onTimer(): void {
    this.#cancelTimer = null;
    this.#confirm();
  }

  #onPong(confirmed: number): void {
    this.#awaitsPong = false;
    for (const message of this.#unconfirmed.splice(0, confirmed)) this.#unconfirmedCost -= costOf(message);
    this.#written -= confirmed;
    this.#confirm();
  }
}
