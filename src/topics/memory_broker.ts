import type { Broker, BrokerConnection, BrokerHandler } from "./broker.ts";

/**
 * A broker in memory: it connects several {@linkcode Topics} of one thread. It is for tests of code that will run in
 * several processes, and for parts of a program that share only the broker.
 *
 * @example Test in one process what will run in two
 * ```ts
 * import { MemoryBroker, Topics } from "@wsd/driver/topics";
 * import { makePair } from "@wsd/driver";
 *
 * const broker = new MemoryBroker();
 * await using here = new Topics({ name: "app", broker });
 * await using there = new Topics({ name: "app", broker });
 *
 * await using pair = await makePair();
 * await there.subscribe(pair.server, "news");
 * here.publish("news", "Hi");
 * for await (const message of pair.client) {
 *   console.log(message);
 *   break;
 * }
 * ```
 * @category Brokers
 */
export class MemoryBroker implements Broker {
  readonly #channels = new Map<string, Set<BrokerHandler>>();
  readonly #waiting: { channel: string; message: Uint8Array }[] = [];
  #delivering = false;

  /**
   * Connects.
   *
   * @param handler Gets the messages.
   * @returns The connection, ready at once.
   */
  connect(handler: BrokerHandler): BrokerConnection {
    const subscribed = new Set<string>();
    const leave = (channel: string) => {
      if (subscribed.delete(channel)) this.#leave(handler, channel);
    };
    return {
      ready: true,
      subscribe: (channels) => {
        for (const channel of channels) {
          subscribed.add(channel);
          this.#join(handler, channel);
        }
      },
      unsubscribe: (channels) => channels.forEach(leave),
      publish: (channel, message) => this.#publish(channel, message),
      close: () => subscribed.forEach(leave),
    };
  }

  #join(handler: BrokerHandler, channel: string): void {
    const handlers = this.#channels.get(channel);
    if (handlers === undefined) this.#channels.set(channel, new Set([handler]));
    else handlers.add(handler);
  }

  #leave(handler: BrokerHandler, channel: string): void {
    const handlers = this.#channels.get(channel);
    handlers?.delete(handler);
    if (handlers?.size === 0) this.#channels.delete(channel);
  }

  /** Messages published within a delivery wait until that is done, so that all see one order. */
  #publish(channel: string, message: Uint8Array): void {
    this.#waiting.push({ channel, message });
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let at = 0; at < this.#waiting.length; at++) {
        this.#deliver(this.#waiting[at].channel, this.#waiting[at].message);
      }
    } finally {
      this.#waiting.length = 0;
      this.#delivering = false;
    }
  }

  #deliver(channel: string, message: Uint8Array): void {
    this.#channels.get(channel)?.forEach((handler) => handler.onMessage(channel, message));
  }
}
