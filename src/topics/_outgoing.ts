import { Queue } from "../protocol/queue.ts";
import type { BrokerConnection } from "./broker.ts";

/** How many bytes may be unanswered at the broker's client, before more wait here. */
const MAX_IN_FLIGHT = 64 * 1024 * 1024;

/** The result for a message: the broker has it, or nobody will get it. */
export type Outcome = "sent" | "dropped";

/** How much may wait while the broker can't be reached. */
export interface OutageLimits {
  /** In bytes. */
  readonly maxBytes: number;
  /** In milliseconds. */
  readonly maxAge: number;
}

interface Message {
  readonly channel: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When it was published. */
  readonly time: number;
  readonly settle: (outcome: Outcome) => void;
  settled: boolean;
}

const SENT: Promise<Outcome> = Promise.resolve("sent");

/**
 * Messages on their way to the broker, in order: first the unanswered ones that its client has, then those that wait.
 * When the broker is lost, the unanswered ones wait again. Some of them may have arrived: a receiver of duplicates
 * drops them by number.
 */
export class Outgoing {
  readonly #connection: BrokerConnection;
  readonly #limits: OutageLimits;
  readonly #onError: (error: Error) => void;
  #inFlight = new Queue<Message>();
  #waiting = new Queue<Message>();
  #inFlightBytes = 0;
  #waitingBytes = 0;
  #open = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onEmpty: (() => void) | null = null;

  /**
   * @param connection The connection to the broker.
   * @param limits How much may wait.
   * @param onError Receives the error when the broker refuses a message.
   */
  constructor(connection: BrokerConnection, limits: OutageLimits, onError: (error: Error) => void) {
    this.#connection = connection;
    this.#limits = limits;
    this.#onError = onError;
  }

  /** How many bytes wait for the broker to come back. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** How many bytes are unanswered at the broker's client. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /**
   * Sends a message: now, or when the broker is back.
   *
   * @param channel The channel.
   * @param bytes The message.
   * @returns As {@linkcode ReconnectingClient.send}. It never rejects.
   */
  push(channel: string, bytes: Uint8Array<ArrayBuffer>): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const message: Message = { channel, bytes, time: performance.now(), settle: resolve, settled: false };
    if (this.#flows && this.#waiting.length === 0) return this.#hand(message) ? SENT : promise;
    this.#waiting.push(message);
    this.#waitingBytes += bytes.length;
    this.#trim();
    return promise;
  }

  get #flows(): boolean {
    return this.#open && this.#inFlightBytes < MAX_IN_FLIGHT;
  }

  /** The broker can be reached: sends what waits. */
  open(): void {
    this.#open = true;
    this.#drain();
  }

  /** The broker doesn't answer: holds back what is not in transit yet. */
  pause(): void {
    this.#open = false;
  }

  /** The broker is lost, and perhaps the messages in transit: they wait again, before the rest. */
  lose(): void {
    this.#open = false;
    const later = this.#waiting;
    this.#waiting = new Queue();
    for (let message = this.#inFlight.shift(); message !== undefined; message = this.#inFlight.shift()) {
      if (message.settled) continue;
      this.#waiting.push(message);
      this.#waitingBytes += message.bytes.length;
    }
    for (let message = later.shift(); message !== undefined; message = later.shift()) this.#waiting.push(message);
    this.#inFlight = new Queue();
    this.#inFlightBytes = 0;
    this.#trim();
  }

  /**
   * Waits until nothing is on its way any more, as all ends: what is lost from here on is not sent again.
   *
   * @param timeout How long, in milliseconds.
   */
  async flushed(timeout: number): Promise<void> {
    if (this.#inFlight.length === 0 && this.#waiting.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const timer = setTimeout(resolve, timeout);
    await promise;
    clearTimeout(timer);
  }

  /** Drops all. */
  close(): void {
    this.#open = false;
    this.lose();
    while (this.#waiting.length > 0) this.#drop();
    clearTimeout(this.#timer);
  }

  #drain(): void {
    while (this.#waiting.length > 0 && this.#flows) {
      const message = this.#take();
      if (this.#hand(message)) message.settle("sent");
    }
    if (this.#waiting.length === 0 && this.#inFlight.length === 0) this.#onEmpty?.();
    this.#watchAge();
  }

  /** Passes a message to the broker's client; true if the broker already has it. */
  #hand(message: Message): boolean {
    let taken: void | Promise<void>;
    try {
      taken = this.#connection.publish(message.channel, message.bytes);
    } catch (error) {
      taken = Promise.reject(error);
    }
    if (taken === undefined) return true;
    const flight = this.#inFlight;
    flight.push(message);
    this.#inFlightBytes += message.bytes.length;
    taken.then(() => this.#settle(flight, message, "sent"), (error) => this.#onFailure(flight, message, error));
    return false;
  }

  #onFailure(flight: Queue<Message>, message: Message, error: Error): void {
    if (flight !== this.#inFlight) return;
    const { ready } = this.#connection;
    // A message that failed with the connection stays in its place, and is sent again with the others, unless all ends.
    if (!ready && this.#onEmpty === null) return;
    if (ready) this.#onError(error);
    this.#settle(flight, message, "dropped");
  }

  #settle(flight: Queue<Message>, message: Message, outcome: Outcome): void {
    if (flight !== this.#inFlight) return;
    message.settled = true;
    message.settle(outcome);
    while (flight.first?.settled) this.#inFlightBytes -= flight.shift()!.bytes.length;
    this.#drain();
  }

  /** Enforces the limits: the oldest messages go first, as they are worth least. */
  #trim(): void {
    while (this.#waitingBytes > this.#limits.maxBytes && this.#waiting.length > 0) this.#drop();
    this.#watchAge();
  }

  #expire(): void {
    this.#timer = undefined;
    const oldest = performance.now() - this.#limits.maxAge;
    while (this.#waiting.length > 0 && this.#waiting.first!.time <= oldest) this.#drop();
    this.#watchAge();
  }

  #watchAge(): void {
    const oldest = this.#waiting.first;
    if (oldest === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      const due = Math.max(1, Math.ceil(oldest.time + this.#limits.maxAge - performance.now()));
      this.#timer ??= setTimeout(() => this.#expire(), due);
    }
  }

  #take(): Message {
    const message = this.#waiting.shift()!;
    this.#waitingBytes -= message.bytes.length;
    return message;
  }

  #drop(): void {
    this.#take().settle("dropped");
  }
}
