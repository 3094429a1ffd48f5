import { checkOptionNames } from "../check_options.ts";
import type { Broker, BrokerConnection, BrokerHandler } from "./broker.ts";

/**
 * The part of a NATS connection that is needed: of npm `@nats-io/transport-node` 3 or another transport of `@nats-io`.
 *
 * @example Accept any of them
 * ```ts
 * import { NatsBroker, type NatsConnection } from "@wsd/driver/nats";
 *
 * export const makeBroker = (connection: NatsConnection): NatsBroker => new NatsBroker(connection);
 * ```
 * @category Brokers
 */
export interface NatsConnection {
  /** Publishes. */
  publish(subject: string, payload: Uint8Array): void;
  /** Subscribes. */
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: NatsMessage) => void },
  ): NatsSubscription;
  /** Asks for an answer, after everything that was sent before. */
  flush(): Promise<void>;
  /** Reports the events of the connection. */
  status(): AsyncIterable<{ type: string; error?: unknown }> & { stop?(): void };
  /** Whether it has ended for good. */
  isClosed(): boolean;
}

/**
 * The part of a NATS message that is needed.
 *
 * @example See how long one is
 * ```ts
 * import type { NatsMessage } from "@wsd/driver/nats";
 *
 * export const lengthOf = (message: NatsMessage): number => message.data.length;
 * ```
 * @category Brokers
 */
export interface NatsMessage {
  /** The payload. */
  readonly data: Uint8Array;
}

/**
 * The part of a NATS subscription that is needed.
 *
 * @example End one
 * ```ts
 * import type { NatsSubscription } from "@wsd/driver/nats";
 *
 * export const end = (subscription: NatsSubscription): void => subscription.unsubscribe();
 * ```
 * @category Brokers
 */
export interface NatsSubscription {
  /** Ends it. */
  unsubscribe(): void;
}

/**
 * The options of a {@linkcode NatsBroker}.
 *
 * @example Subjects that a user's permissions allow
 * ```ts
 * import { NatsBroker, type NatsBrokerOptions, type NatsConnection } from "@wsd/driver/nats";
 *
 * export function makeBroker(connection: NatsConnection): NatsBroker {
 *   const options: NatsBrokerOptions = { prefix: "shop.live" };
 *   return new NatsBroker(connection, options);
 * }
 * ```
 * @category Brokers
 */
export interface NatsBrokerOptions {
  /**
   * The prefix of all subjects: tokens of letters, digits, `-` and `_`, separated by dots. Permissions for
   * `PREFIX.>` suffice.
   *
   * @default {"wsd"}
   */
  prefix?: string;
}

const PREFIX = /^[\w-]+(\.[\w-]+)*$/;

/** How many encoded subjects are cached. */
const MAX_SUBJECTS = 10_000;

/** NATS ends the connection of a client whose line is longer than 4 KiB, unless it is configured otherwise. */
const MAX_SUBJECT = 3_000;

/**
 * Carries messages through NATS, over your own connection: npm `@nats-io/transport-node` 3. So TLS, credentials and
 * permissions are those of the connection. A topic is the subject `PREFIX.NAME=3ATOPIC`, in which any character but
 * letters, digits, `-` and `_` is written as `=` and two hexadecimal digits for each of its bytes.
 *
 * Connect with `maxReconnectAttempts: -1`: without it, the client gives up after ten attempts.
 *
 * @example With npm `@nats-io/transport-node`
 * ```ts ignore
 * import { connect } from "npm:@nats-io/transport-node@3";
 * import { Topics } from "@wsd/driver/topics";
 * import { NatsBroker } from "@wsd/driver/nats";
 *
 * const connection = await connect({ servers: "nats.example", maxReconnectAttempts: -1, reconnectTimeWait: 250 });
 * const topics = new Topics({ name: "app", broker: new NatsBroker(connection) });
 * ```
 * @category Brokers
 */
export class NatsBroker implements Broker {
  readonly #connection: NatsConnection;
  readonly #prefix: string;

  /**
   * Checks the connection, and uses it once `Topics` connects.
   *
   * @param connection The connection. It may have other uses, and stays open when the topics are closed.
   * @param options The prefix of the subjects.
   * @throws {TypeError} If it isn't a connection to NATS, or an option is unknown.
   * @throws {SyntaxError} If the prefix is malformed.
   */
  constructor(connection: NatsConnection, options: NatsBrokerOptions = {}) {
    checkOptionNames("create a NatsBroker", options, { prefix: true });
    const { prefix = "wsd" } = options;
    if (typeof connection?.flush !== "function" || typeof connection.status !== "function") {
      throw new TypeError("Cannot create a NatsBroker: expected a connection of npm @nats-io/transport-node 3");
    }
    if (typeof prefix !== "string" || !PREFIX.test(prefix)) {
      throw new SyntaxError(
        `Cannot create a NatsBroker: prefix must be tokens of letters, digits, - and _, separated by dots, received ${
          JSON.stringify(prefix)
        }`,
      );
    }
    this.#connection = connection;
    this.#prefix = prefix;
  }

  /**
   * Connects.
   *
   * @param handler Gets the messages.
   * @returns The connection; it is ready once NATS has answered.
   */
  connect(handler: BrokerHandler): BrokerConnection {
    return new NatsLink(this.#connection, this.#prefix, handler);
  }
}

class NatsLink implements BrokerConnection {
  readonly #nats: NatsConnection;
  readonly #prefix: string;
  readonly #handler: BrokerHandler;
  readonly #subscriptions = new Map<string, NatsSubscription>();
  readonly #subjects = new Map<string, string>();
  /** Channels whose subscription NATS knows. */
  readonly #confirmed = new Set<string>();
  /** Why NATS refused subscriptions that are not confirmed yet. */
  readonly #refusals = new Map<string, Error>();
  readonly #status: ReturnType<NatsConnection["status"]>;
  #ready = false;
  #closed = false;
  #losses = 0;
  /** The answer to everything published up to the end of this turn. */
  #answer: Promise<void> | null = null;
  #lastAnswer: Promise<void> = Promise.resolve();

  constructor(nats: NatsConnection, prefix: string, handler: BrokerHandler) {
    this.#nats = nats;
    this.#prefix = prefix;
    this.#handler = handler;
    this.#status = nats.status();
    this.#watch();
    this.#confirm();
  }

  get ready(): boolean {
    return this.#ready && !this.#nats.isClosed();
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    const added = channels.filter((channel) => !this.#subscriptions.has(channel));
    try {
      for (const channel of added) this.#subscribe(channel);
      await this.#flush();
      for (const channel of added) if (this.#refusals.has(channel)) throw this.#refusals.get(channel);
    } catch (error) {
      this.#end(added);
      throw error;
    } finally {
      for (const channel of added) this.#refusals.delete(channel);
    }
    for (const channel of added) this.#confirmed.add(channel);
  }

  #subscribe(channel: string): void {
    const callback = (error: Error | null, message: NatsMessage) => {
      if (error) this.#onRefused(channel, error);
      else if (!this.#closed) this.#handler.onMessage(channel, message.data);
    };
    this.#subscriptions.set(channel, this.#nats.subscribe(this.#subjectOf(channel), { callback }));
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    this.#end(channels);
    await this.#flush();
  }

  publish(channel: string, message: Uint8Array): Promise<void> {
    try {
      this.#nats.publish(this.#subjectOf(channel), message);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#answer ??= this.#askOnce();
  }

  ping(): Promise<void> {
    return this.#flush();
  }

  async close(): Promise<void> {
    const { ready } = this;
    this.#closed = true;
    this.#ready = false;
    this.#end([...this.#subscriptions.keys()]);
    if (ready) await this.#nats.flush().catch(() => {});
    this.#status.stop?.();
  }

  /** One request for an answer at a time: messages published meanwhile are covered by the next one. */
  async #askOnce(): Promise<void> {
    await this.#lastAnswer;
    await null;
    this.#answer = null;
    const answer = this.#flush();
    this.#lastAnswer = answer.catch(() => {});
    await answer;
  }

  async #flush(): Promise<void> {
    const losses = this.#losses;
    try {
      await this.#nats.flush();
    } catch (error) {
      // It fails with the connection, perhaps before the status says so.
      if (losses === this.#losses) this.#onLost();
      throw error;
    }
  }

  #end(channels: readonly string[]): void {
    for (const channel of channels) {
      this.#confirmed.delete(channel);
      if (!this.#nats.isClosed()) this.#subscriptions.get(channel)?.unsubscribe();
      this.#subscriptions.delete(channel);
    }
  }

  #onRefused(channel: string, error: Error): void {
    this.#subscriptions.delete(channel);
    if (this.#confirmed.delete(channel)) this.#handler.onRefused(channel, error);
    else this.#refusals.set(channel, error);
  }

  async #watch(): Promise<void> {
    for await (const { type, error } of this.#status) {
      if (this.#closed) return;
      if (type === "disconnect" || type === "close") this.#onLost();
      else if (type === "reconnect") this.#confirm();
      else if (type === "error") this.#handler.onError(asError(error));
    }
  }

  #onLost(): void {
    this.#losses++;
    if (!this.#ready || this.#closed) return;
    this.#ready = false;
    this.#handler.onDown();
  }

  /** The client has subscribed again; an answer shows that NATS knows of it. */
  async #confirm(): Promise<void> {
    const losses = this.#losses;
    try {
      await this.#nats.flush();
    } catch {
      return;
    }
    if (losses !== this.#losses || this.#closed || this.#ready) return;
    this.#ready = true;
    this.#handler.onUp();
  }

  #subjectOf(channel: string): string {
    let subject = this.#subjects.get(channel);
    if (subject !== undefined) return subject;
    if (this.#subjects.size >= MAX_SUBJECTS) this.#subjects.clear();
    subject = `${this.#prefix}.${encodeToken(channel)}`;
    this.#subjects.set(channel, subject);
    if (subject.length <= MAX_SUBJECT) return subject;
    this.#subjects.delete(channel);
    throw new RangeError(
      `Cannot use a topic whose subject at NATS has ${subject.length} bytes: expected ${MAX_SUBJECT}`,
    );
  }
}

const encoder = new TextEncoder();

/** Encodes any name as one token: dots, `*`, `>` and spaces have a meaning in NATS. */
function encodeToken(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/gu, (character) => {
    return Array.from(encoder.encode(character), (byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(
      "",
    );
  });
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(`NATS reported an error: ${String(value)}`);
}
