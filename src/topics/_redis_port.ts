import type { Buffer } from "node:buffer";
import type { IoRedisClient, NodeRedisClient, RedisClient } from "./redis_client.ts";

/** Receives the events of a client. */
export interface RedisObserver {
  /** It is connected. */
  onReady(): void;
  /** It is no longer connected. */
  onLost(): void;
  /** It reported an error. */
  onError(error: Error): void;
}

/** The operations that both kinds of clients support. */
export interface RedisPort {
  /** Whether commands reach Redis. */
  readonly ready: boolean;
  /** Observes the connection, until the function that is returned is called. */
  observe(observer: RedisObserver): () => void;
  /** Sets the receiver of messages. */
  onMessage(onMessage: (channel: string, message: Uint8Array) => void): void;
  /** Publishes. */
  publish(channel: string, message: Buffer): Promise<void>;
  /** Subscribes; also to what it has subscribed to before. */
  subscribe(channels: readonly string[]): Promise<void>;
  /** Ends subscriptions. */
  unsubscribe(channels: readonly string[]): Promise<void>;
  /** Asks for an answer, after all earlier commands. */
  ping(): Promise<void>;
  /** Creates another client, which queues nothing while it is not connected. */
  duplicate(): RedisPort;
  /** Connects a client that {@linkcode RedisPort.duplicate} created. */
  connect(onError: (error: Error) => void): void;
  /** Ends the connection. */
  disconnect(): void;
}

/**
 * Adapts a client of either kind.
 *
 * @param client The client.
 * @returns Its operations.
 * @throws {TypeError} If it is of neither kind.
 */
export function redisPort(client: RedisClient): RedisPort {
  if (typeof client?.publish === "function" && typeof client.duplicate === "function") {
    if ("isReady" in client) return new NodeRedisPort(client);
    if ("status" in client) return new IoRedisPort(client);
  }
  throw new TypeError(
    "Cannot create a RedisBroker: expected a client of npm @redis/client 6 or ioredis 6, received something else",
  );
}

/** After any of these events, the client is not connected, or won't be for long. */
const LOST_EVENTS = ["reconnecting", "close", "end"] as const;

function observe(client: RedisClient, isReady: () => boolean, { onReady, onLost, onError }: RedisObserver): () => void {
  const onFault = (error: Error) => {
    if (!isReady()) onLost();
    onError(error);
  };
  client.on("ready", onReady);
  client.on("error", onFault);
  for (const event of LOST_EVENTS) client.on(event, onLost);
  return () => {
    client.off("ready", onReady);
    client.off("error", onFault);
    for (const event of LOST_EVENTS) client.off(event, onLost);
  };
}

class NodeRedisPort implements RedisPort {
  readonly #client: NodeRedisClient;
  #onMessage: (channel: string, message: Uint8Array) => void = () => {};
  readonly #listener = (message: Buffer, channel: Buffer): void => this.#onMessage(channel.toString(), message);

  constructor(client: NodeRedisClient) {
    this.#client = client;
  }

  get ready(): boolean {
    return this.#client.isReady;
  }

  observe(observer: RedisObserver): () => void {
    return observe(this.#client, () => this.ready, observer);
  }

  onMessage(onMessage: (channel: string, message: Uint8Array) => void): void {
    this.#onMessage = onMessage;
  }

  async publish(channel: string, message: Buffer): Promise<void> {
    await this.#client.publish(channel, message);
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await this.#client.subscribe([...channels], this.#listener, true);
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await this.#client.unsubscribe([...channels], this.#listener, true);
  }

  async ping(): Promise<void> {
    await this.#client.ping();
  }

  duplicate(): RedisPort {
    return new NodeRedisPort(this.#client.duplicate({ disableOfflineQueue: true }) as NodeRedisClient);
  }

  connect(onError: (error: Error) => void): void {
    this.#client.connect().catch(onError);
  }

  disconnect(): void {
    // Failures no longer matter, but an error without a listener would be thrown.
    this.#client.on("error", () => {});
    this.#client.destroy();
  }
}

class IoRedisPort implements RedisPort {
  readonly #client: IoRedisClient;
  #stop: (() => void) | null = null;

  constructor(client: IoRedisClient) {
    this.#client = client;
  }

  get ready(): boolean {
    return this.#client.status === "ready";
  }

  observe(observer: RedisObserver): () => void {
    const stop = observe(this.#client, () => this.ready, observer);
    return () => {
      stop();
      this.#stop?.();
    };
  }

  onMessage(onMessage: (channel: string, message: Uint8Array) => void): void {
    this.#stop?.();
    const listener = (channel: Buffer, message: Buffer) => onMessage(channel.toString(), message);
    this.#client.on("messageBuffer", listener);
    this.#stop = () => this.#client.off("messageBuffer", listener);
  }

  async publish(channel: string, message: Buffer): Promise<void> {
    await this.#client.publish(channel, message);
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await this.#client.subscribe(...channels);
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await this.#client.unsubscribe(...channels);
  }

  async ping(): Promise<void> {
    await this.#client.ping();
  }

  duplicate(): RedisPort {
    const overrides = {
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      lazyConnect: false,
    };
    return new IoRedisPort(this.#client.duplicate(overrides) as IoRedisClient);
  }

  /** It connects by itself. */
  connect(): void {}

  disconnect(): void {
    this.#client.on("error", () => {});
    this.#client.disconnect();
  }
}
