import type { Broker, BrokerConnection, BrokerHandler } from "./broker.ts";
import { type OutageLimits, type Outcome, Outgoing } from "./_outgoing.ts";
import { Subscriptions } from "./_subscriptions.ts";
import type { Topic } from "./_topic.ts";

/** How long `close()` waits for messages in transit, in milliseconds. */
const CLOSE_TIMEOUT = 2_000;

/** After how many heartbeats without an answer the broker counts as lost. */
const MAX_MISSED = 2;

/** The options of a {@linkcode Relay}. */
export interface RelaySettings {
  /** The prefix of a topic's name. */
  readonly prefix: string;
  /** How long a subscription outlives its last member, in milliseconds. */
  readonly linger: number;
  /** How often to ask the broker for an answer, in milliseconds; 0 for never. */
  readonly heartbeat: number;
  /** How much may wait while the broker can't be reached. */
  readonly outage: OutageLimits;
}

/** Receives the events of a {@linkcode Relay}. */
export interface RelayHandler {
  /** A message on a topic arrived. */
  onMessage(topic: string, message: Uint8Array): void;
  /** The broker was lost, or is back with all subscriptions; for the first time, or after an interruption. */
  onState(state: "up" | "down", again: boolean): void;
  /** The subscription of a topic without members has ended. */
  onEnded(topic: Topic): void;
  /** A topic has no subscription though it has members. */
  onRefused(topic: string, error: Error): void;
  /** Something failed that doesn't stop `Topics`. */
  onError(error: Error): void;
}

/** The link to the broker: subscriptions, messages, and whether the broker answers. */
export class Relay implements BrokerHandler {
  readonly #settings: RelaySettings;
  readonly #handler: RelayHandler;
  readonly #connection: BrokerConnection;
  readonly #outgoing: Outgoing;
  readonly #subscriptions: Subscriptions;
  #state: "up" | "down" = "down";
  #wasUp = false;
  #closed = false;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  /** The Ping that the broker has not answered yet. */
  #ping: Promise<void> | null = null;
  #missed = 0;
  #frozen = false;

  /**
   * @param broker The broker.
   * @param settings Limits and times.
   * @param handler Receives the events.
   */
  constructor(broker: Broker, settings: RelaySettings, handler: RelayHandler) {
    this.#settings = settings;
    this.#handler = handler;
    this.#connection = broker.connect(this);
    this.#outgoing = new Outgoing(this.#connection, settings.outage, (error) => handler.onError(error));
    this.#subscriptions = new Subscriptions({
      connection: this.#connection,
      channelOf: ({ name }) => settings.prefix + name,
      linger: settings.linger,
      onEnded: (topic) => handler.onEnded(topic),
      onRefused: ({ name }, error) => handler.onRefused(name, error),
    });
    if (this.#connection.ready) this.onUp();
    if (settings.heartbeat > 0 && this.#connection.ping !== undefined) {
      this.#heartbeat = setInterval(() => this.#beat(), settings.heartbeat);
      Deno.unrefTimer(this.#heartbeat!);
    }
  }

  /** Whether the broker can be reached, and all subscriptions are confirmed. */
  get state(): "up" | "down" {
    return this.#state;
  }

  /** How many bytes wait for the broker to come back. */
  get waitingBytes(): number {
    return this.#outgoing.waitingBytes;
  }

  /** Asks for a topic's messages. */
  want(topic: Topic): Promise<void> {
    return this.#subscriptions.want(topic);
  }

  /** A topic has no members any more. */
  leave(topic: Topic): void {
    this.#subscriptions.leave(topic);
  }

  /** The broker has ended a subscription that is still wanted. */
  revoke(topic: Topic): void {
    this.#subscriptions.revoke(topic);
  }

  /** Publishes to other processes. */
  publish(topic: string, bytes: Uint8Array<ArrayBuffer>): Promise<Outcome> {
    return this.#outgoing.push(this.#settings.prefix + topic, bytes);
  }

  /** Sends what is in transit, and ends. */
  async close(reason: Error): Promise<void> {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    if (this.#state === "up" && this.#connection.ready) await this.#outgoing.flushed(CLOSE_TIMEOUT);
    this.#subscriptions.close(reason);
    this.#outgoing.close();
    await this.#connection.close();
  }

  /** Passes on a message. */
  onMessage(channel: string, message: Uint8Array): void {
    if (this.#closed || !channel.startsWith(this.#settings.prefix)) return;
    this.#handler.onMessage(channel.slice(this.#settings.prefix.length), message);
  }

  /** The broker is back: queued messages leave once all subscriptions are confirmed, including new ones. */
  onUp(): void {
    if (this.#closed || this.#frozen) return;
    const settled = this.#subscriptions.settled();
    if (settled === null) this.#rise();
    else settled.then(() => this.#rise());
  }

  #rise(): void {
    if (this.#closed || this.#frozen || !this.#connection.ready || this.#state === "up") return;
    const again = this.#wasUp;
    this.#state = "up";
    this.#wasUp = true;
    this.#handler.onState("up", again);
    this.#outgoing.open();
  }

  /** The broker is lost. */
  onDown(): void {
    if (this.#closed) return;
    this.#frozen = false;
    this.#ping = null;
    this.#outgoing.lose();
    this.#goDown();
  }

  #goDown(): void {
    if (this.#state === "down") return;
    this.#state = "down";
    this.#handler.onState("down", true);
  }

  /** Passes on a refusal. */
  onRefused(channel: string, error: Error): void {
    if (!this.#closed) this.#handler.onRefused(channel.slice(this.#settings.prefix.length), error);
  }

  /** Passes on an error. */
  onError(error: Error): void {
    if (!this.#closed) this.#handler.onError(error);
  }

  /** Beats are counted rather than timed: a process that was busy for long has not lost its broker. */
  #beat(): void {
    if (!this.#connection.ready) return;
    if (this.#ping !== null) {
      if (++this.#missed >= MAX_MISSED) this.#freeze();
      return;
    }
    this.#missed = 0;
    const ping = this.#ping = this.#connection.ping!();
    const onAnswer = () => {
      if (this.#ping !== ping) return;
      this.#ping = null;
      this.#thaw();
    };
    ping.then(onAnswer, onAnswer);
  }

  #freeze(): void {
    if (this.#frozen) return;
    this.#frozen = true;
    this.#outgoing.pause();
    this.#goDown();
  }

  #thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    if (this.#connection.ready) this.onUp();
  }
}
