import { Buffer } from "node:buffer";
import { checkOptionNames } from "../check_options.ts";
import type { Broker, BrokerConnection, BrokerHandler } from "./broker.ts";
import { type RedisPort, redisPort } from "./_redis_port.ts";
import type { RedisClient } from "./redis_client.ts";

/**
 * The options of a {@linkcode RedisBroker}.
 *
 * @example Your own subscriber
 * ```ts
 * import { type RedisBrokerOptions, RedisBroker, type RedisClient } from "@wsd/driver/redis";
 *
 * export function makeBroker(client: RedisClient, subscriber: RedisClient): RedisBroker {
 *   const options: RedisBrokerOptions = { subscriber };
 *   return new RedisBroker(client, options);
 * }
 * ```
 * @category Brokers
 */
export interface RedisBrokerOptions {
  /**
   * The client that subscribes. It is used for nothing else, and stays connected when the topics are closed.
   *
   * @default {client.duplicate()} It is connected here, and disconnected when the topics are closed.
   */
  subscriber?: RedisClient;
}

/**
 * Carries messages through Redis publish/subscribe, over your own client: npm `@redis/client` 6 (also as `redis`) or
 * `ioredis` 6. So TLS, credentials and permissions are those of the client. A topic is the channel `NAME:TOPIC`.
 *
 * The client should not queue commands while it is disconnected, because they would be sent before others have
 * subscribed again: `disableOfflineQueue: true` for `@redis/client`, `autoResendUnfulfilledCommands: false` for
 * `ioredis`.
 *
 * @example With npm `@redis/client`
 * ```ts ignore
 * import { createClient } from "npm:@redis/client@6";
 * import { Topics } from "@wsd/driver/topics";
 * import { RedisBroker } from "@wsd/driver/redis";
 *
 * const client = createClient({ url: "rediss://redis.example:6380", disableOfflineQueue: true });
 * await client.connect();
 * const topics = new Topics({ name: "app", broker: new RedisBroker(client) });
 * ```
 * @category Brokers
 */
export class RedisBroker implements Broker {
  readonly #client: RedisClient;
  readonly #subscriber: RedisClient | undefined;

  /**
   * Checks the clients, and uses them once `Topics` connects.
   *
   * @param client The client that publishes. It may have other uses.
   * @param options The client that subscribes.
   * @throws {TypeError} If a client is neither from `@redis/client` nor from `ioredis`, or an option is unknown.
   */
  constructor(client: RedisClient, options: RedisBrokerOptions = {}) {
    checkOptionNames("create a RedisBroker", options, { subscriber: true });
    this.#client = client;
    this.#subscriber = options.subscriber;
    redisPort(client);
    if (options.subscriber !== undefined) redisPort(options.subscriber);
  }

  /**
   * Connects.
   *
   * @param handler Gets the messages.
   * @returns The connection; it is ready once both clients are.
   */
  connect(handler: BrokerHandler): BrokerConnection {
    const publisher = redisPort(this.#client);
    const own = this.#subscriber === undefined;
    const subscriber = own ? publisher.duplicate() : redisPort(this.#subscriber!);
    return new RedisConnection(publisher, subscriber, handler, own);
  }
}

/** How long to wait before subscribing again, if Redis refused that, in milliseconds. */
const RETRY_DELAY = 1_000;

class RedisConnection implements BrokerConnection {
  readonly #publisher: RedisPort;
  readonly #subscriber: RedisPort;
  readonly #handler: BrokerHandler;
  readonly #owns: boolean;
  readonly #channels = new Set<string>();
  readonly #stops: (() => void)[];
  #confirmed = false;
  #closed = false;
  /** Counts how often a client was lost, so that earlier operations don't count for the new connection. */
  #losses = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(publisher: RedisPort, subscriber: RedisPort, handler: BrokerHandler, owns: boolean) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#handler = handler;
    this.#owns = owns;
    const observer = {
      onReady: () => this.#confirm(),
      onLost: () => this.#onLost(),
      onError: (error: Error) => handler.onError(error),
    };
    this.#stops = [publisher.observe(observer), subscriber.observe(observer)];
    subscriber.onMessage((channel, message) => handler.onMessage(channel, message));
    if (owns) subscriber.connect((error) => this.#closed || handler.onError(error));
    // The handler is not called before the constructor has returned.
    queueMicrotask(() => this.#confirm());
  }

  get ready(): boolean {
    return this.#confirmed && this.#publisher.ready && this.#subscriber.ready;
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await this.#subscriber.subscribe(channels);
    for (const channel of channels) this.#channels.add(channel);
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#channels.delete(channel);
    await this.#subscriber.unsubscribe(channels);
  }

  publish(channel: string, message: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#publisher.publish(channel, Buffer.from(message.buffer, message.byteOffset, message.length));
  }

  async ping(): Promise<void> {
    await Promise.all([this.#publisher.ping(), this.#subscriber.ping()]);
  }

  async close(): Promise<void> {
    const channels = [...this.#channels];
    const { ready } = this;
    this.#closed = true;
    this.#confirmed = false;
    this.#channels.clear();
    clearTimeout(this.#retry);
    if (ready && channels.length > 0) await this.#subscriber.unsubscribe(channels).catch(() => {});
    this.#subscriber.onMessage(() => {});
    for (const stop of this.#stops) stop();
    if (this.#owns) this.#subscriber.disconnect();
  }

  #onLost(): void {
    if (this.#closed) return;
    this.#losses++;
    if (!this.#confirmed) return;
    this.#confirmed = false;
    this.#handler.onDown();
  }

  /** Both clients are connected: makes sure that Redis knows all subscriptions, and that it answers. */
  async #confirm(): Promise<void> {
    if (this.#closed || this.#confirmed || !this.#publisher.ready || !this.#subscriber.ready) return;
    const losses = this.#losses;
    try {
      if (this.#channels.size > 0) await this.#restore([...this.#channels], losses);
      await this.ping();
    } catch (error) {
      if (losses !== this.#losses || this.#closed) return;
      this.#handler.onError(error as Error);
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#confirm(), RETRY_DELAY);
      return;
    }
    if (losses !== this.#losses || this.#closed || this.#confirmed) return;
    this.#confirmed = true;
    this.#handler.onUp();
  }

  /** Subscribes again; one refused channel makes the whole command fail, and splitting it finds which one. */
  async #restore(channels: string[], losses: number): Promise<void> {
    try {
      await this.#subscriber.subscribe(channels);
    } catch (error) {
      if (losses !== this.#losses || !this.#subscriber.ready) throw error;
      if (channels.length > 1) {
        const half = channels.length >> 1;
        await this.#restore(channels.slice(0, half), losses);
        return await this.#restore(channels.slice(half), losses);
      }
      this.#channels.delete(channels[0]);
      this.#handler.onRefused(channels[0], error as Error);
    }
  }
}
