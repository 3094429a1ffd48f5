import { coreOf } from "../driver/websocket_driver.ts";
import type { Client } from "./client.ts";
import type { Environment } from "./environment.ts";
import { costOf, type QueuedMessage, type ResendQueue } from "./resend_queue.ts";

/**
 * How many bytes of frames go to a connection at once, unless a single one is longer. They fit into one block of
 * the protocol's, and so leave in one write. What is not in that write can't have reached the system.
 */
const BATCH = 16 * 1024;

/** The longest header of a client's frame, in bytes. RFC 6455 §5.2. */
const MAX_HEADER = 14;

/** How long after one Ping that asks for a confirmation may come the next, in milliseconds. */
const CONFIRM_INTERVAL = 100;

/** From how many unconfirmed bytes on the next Ping doesn't wait for that. */
const CONFIRM_BYTES = 64 * 1024;

/**
 * Hands queued messages to one connection, a batch at a time: the next batch leaves the queue when the system has taken
 * the last one. So it is known at any time which messages the system may have bytes of.
 *
 * A message is confirmed once the peer answers a Ping that was sent behind it. RFC 6455 §5.5.2.
 */
export class Delivery {
  readonly #client: Client;
  readonly #queue: ResendQueue;
  readonly #environment: Environment;
  readonly #onProgress: () => void;
  /** What the connection got, in order, until it is confirmed. */
  readonly #unconfirmed: QueuedMessage[] = [];
  #unconfirmedCost = 0;
  /** How many of those, from the oldest on, the system has taken whole. */
  #written = 0;
  /** How many bytes were written since the last Ping. */
  #sincePing = 0;
  /** The bytes of the batch that is being written. */
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
   * @param queue Where messages come from.
   * @param environment The time.
   * @param onProgress Called when the system has taken a batch.
   */
  constructor(client: Client, queue: ResendQueue, environment: Environment, onProgress: () => void) {
    this.#client = client;
    this.#queue = queue;
    this.#environment = environment;
    this.#onProgress = onProgress;
    client.on("drain", () => this.schedule());
  }

  /** The bytes that the connection got, and the system has not taken yet. */
  get bufferedAmount(): number {
    return this.#writing;
  }

  /** What the messages count for that the connection got, and the peer has not confirmed yet. */
  get unconfirmedCost(): number {
    return this.#unconfirmedCost;
  }

  /** Hands messages over at the end of the turn, if no batch is being written. */
  schedule(): void {
    if (this.#scheduled || this.#isWriting || this.#ended) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#onTurn());
  }

  /**
   * Behind something else that is being written, such as a Pong, a batch would wait where it can't be taken back: waits
   * for that first. Once, for the application may send on this connection without a pause.
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

  /** Hands over everything that waits, as the connection is to be closed behind it. */
  flush(): void {
    this.#send(Infinity);
  }

  /**
   * The connection is over.
   *
   * @returns The messages that any bytes of may have been handed to the system, and that the peer did not confirm.
   */
  end(): readonly QueuedMessage[] {
    this.#ended = true;
    this.#cancelTimer?.();
    return this.#unconfirmed;
  }

  get #isWriting(): boolean {
    return this.#written < this.#unconfirmed.length;
  }

  /** What the connection doesn't take stays in the queue: for the next turn, or the next connection. */
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
   * Asks the peer whether it has read what was written; one question at a time. A Ping may pass messages that still wait,
   * so it stands for those only that were written before it.
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
