/**
 * Carries messages from one process to others: the part of a message broker that {@linkcode Topics} needs.
 *
 * A broker delivers at most once and, from one publisher on one channel, in order. It need not be reliable: `Topics`
 * counts the messages it loses. Channels are opaque strings, without NUL and lone surrogates.
 *
 * @example Your own broker, for two objects in one process
 * ```ts
 * import { type Broker, type BrokerConnection, type BrokerHandler, Topics } from "@wsd/driver/topics";
 *
 * class Loopback implements Broker {
 *   readonly #connections = new Map<BrokerHandler, Set<string>>();
 *
 *   connect(handler: BrokerHandler): BrokerConnection {
 *     const channels = new Set<string>();
 *     this.#connections.set(handler, channels);
 *     return {
 *       ready: true,
 *       subscribe: (added) => added.forEach((channel) => channels.add(channel)),
 *       unsubscribe: (ended) => ended.forEach((channel) => channels.delete(channel)),
 *       publish: (channel, message) => {
 *         for (const [handler, channels] of this.#connections) {
 *           if (channels.has(channel)) handler.onMessage(channel, message);
 *         }
 *       },
 *       close: () => void this.#connections.delete(handler),
 *     };
 *   }
 * }
 *
 * await using topics = new Topics({ name: "app", broker: new Loopback() });
 * await topics.publish("news", "Hi").relayed;
 * ```
 * @category Brokers
 */
export interface Broker {
  /**
   * Starts to use the broker. `Topics` calls it once.
   *
   * @param handler Receives messages and events. It is not called before this returns.
   * @returns The connection. It need not be ready yet.
   */
  connect(handler: BrokerHandler): BrokerConnection;
}

/**
 * The use of a {@linkcode Broker} by one {@linkcode Topics}. A method that returns no promise has done its work.
 *
 * @example Log what is published
 * ```ts
 * import type { BrokerConnection } from "@wsd/driver/topics";
 *
 * export function logged(connection: BrokerConnection): BrokerConnection["publish"] {
 *   return (channel, message) => {
 *     console.log(channel, message.length);
 *     return connection.publish(channel, message);
 *   };
 * }
 * ```
 * @category Brokers
 */
export interface BrokerConnection {
  /** Whether it accepts messages now: it is connected, and the broker has confirmed all subscriptions. */
  readonly ready: boolean;
  /**
   * Subscribes to channels, in one command if possible. Subscribing to a channel again has no effect. After an
   * interruption the connection subscribes again by itself, before it is ready again.
   *
   * @param channels At least one.
   * @returns Resolves once the broker has confirmed. A rejection while it stays `ready` is a refusal; it must then be
   * subscribed to none of the channels.
   */
  subscribe(channels: readonly string[]): void | Promise<void>;
  /**
   * Ends subscriptions.
   *
   * @param channels At least one.
   * @returns Resolves once the broker has confirmed.
   */
  unsubscribe(channels: readonly string[]): void | Promise<void>;
  /**
   * Publishes a message, also to this connection if it is subscribed.
   *
   * @param channel The channel.
   * @param message The message. It doesn't change afterwards.
   * @returns Resolves once the broker has it. A rejection while the connection stays `ready` is a refusal; otherwise
   * the message is published again once it is ready again.
   */
  publish(channel: string, message: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /**
   * Asks the broker for an answer, on every connection that carries messages. A broker that can't freeze omits it.
   *
   * @returns Resolves with the answer.
   */
  ping?(): Promise<void>;
  /**
   * Ends all subscriptions, and whatever the connection has opened itself.
   *
   * @returns Resolves when that is done. It never rejects.
   */
  close(): void | Promise<void>;
}

/**
 * Receives the events of a {@linkcode BrokerConnection}.
 *
 * @example Write down what happens
 * ```ts
 * import type { BrokerHandler } from "@wsd/driver/topics";
 *
 * const events: string[] = [];
 * const handler: BrokerHandler = {
 *   onMessage: (channel, message) => events.push(`${channel}: ${message.length} bytes`),
 *   onUp: () => events.push("up"),
 *   onDown: () => events.push("down"),
 *   onRefused: (channel, error) => events.push(`${channel}: ${error.message}`),
 *   onError: (error) => events.push(error.message),
 * };
 * handler.onUp();
 * ```
 * @category Brokers
 */
export interface BrokerHandler {
  /**
   * A message arrived.
   *
   * @param channel The channel.
   * @param message The message; it is only read, never kept.
   */
  onMessage(channel: string, message: Uint8Array): void;
  /** The connection became `ready`: all its subscriptions are confirmed again. */
  onUp(): void;
  /** The connection is no longer `ready`. Messages may be lost from now on, or may have been lost just before. */
  onDown(): void;
  /**
   * The broker ended a confirmed subscription.
   *
   * @param channel The channel.
   * @param error The reason.
   */
  onRefused(channel: string, error: Error): void;
  /**
   * Something failed.
   *
   * @param error The error.
   */
  onError(error: Error): void;
}
