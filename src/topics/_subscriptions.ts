import type { BrokerConnection } from "./broker.ts";
import type { Topic } from "./_topic.ts";

/** How many channels go in one command. */
const MAX_CHANNELS = 4096;

const DONE: Promise<void> = Promise.resolve();

/** The options of {@linkcode Subscriptions}. */
export interface SubscriptionsSetup {
  /** The broker. */
  readonly connection: BrokerConnection;
  /** The channel of a topic. */
  readonly channelOf: (topic: Topic) => string;
  /** How long a subscription outlives its last member, in milliseconds. */
  readonly linger: number;
  /** Called when a topic's subscription has ended. */
  readonly onEnded: (topic: Topic) => void;
  /** Called when the broker refused a topic. */
  readonly onRefused: (topic: Topic, error: Error) => void;
}

/**
 * The subscriptions at the broker, kept up to date: one command at a time, for everything that has changed meanwhile.
 */
export class Subscriptions {
  readonly #setup: SubscriptionsSetup;
  /** Topics that are wanted but not confirmed, or vice versa. */
  readonly #changed = new Set<Topic>();
  /** Topics without members, by the time at which their subscription ends; the first is due first. */
  readonly #lingering = new Map<Topic, number>();
  /** Topics of the command in progress. */
  #inCommand: readonly Topic[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  #closed = false;

  /** @param setup The broker, and the callbacks. */
  constructor(setup: SubscriptionsSetup) {
    this.#setup = setup;
  }

  /**
   * Asks for a topic's messages.
   *
   * @param topic The topic.
   * @returns Resolves once the broker has confirmed, or the topic is no longer wanted. A rejection need not be handled.
   */
  want(topic: Topic): Promise<void> {
    this.#lingering.delete(topic);
    topic.wanted = true;
    if (topic.confirmed) {
      this.#changed.delete(topic);
      return DONE;
    }
    if (topic.confirmation === null) {
      topic.confirmation = Promise.withResolvers();
      topic.confirmation.promise.catch(() => {});
    }
    const { promise } = topic.confirmation;
    this.#changed.add(topic);
    this.#schedule();
    return promise;
  }

  /**
   * A topic has no members any more.
   *
   * @param topic The topic.
   */
  leave(topic: Topic): void {
    this.#lingering.set(topic, performance.now() + this.#setup.linger);
    this.#arm();
  }

  /** The broker has ended a subscription. */
  revoke(topic: Topic): void {
    topic.confirmed = false;
  }

  /**
   * Brings the broker up to date after it was lost.
   *
   * @returns Resolves when everything wanted so far is confirmed or refused; null if it already is.
   */
  settled(): Promise<unknown> | null {
    this.#schedule();
    const waiting = [...this.#changed, ...this.#inCommand].filter(({ confirmation }) => confirmation !== null);
    if (waiting.length === 0) return null;
    return Promise.allSettled(waiting.map(({ confirmation }) => confirmation!.promise));
  }

  /**
   * Ends all subscriptions.
   *
   * @param reason The rejection for those that still wait for a confirmation.
   */
  close(reason: Error): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const topic of [...this.#changed, ...this.#inCommand]) topic.confirmation?.reject(reason);
    this.#changed.clear();
    this.#lingering.clear();
  }

  #schedule(): void {
    if (this.#running !== null || this.#changed.size === 0 || !this.#setup.connection.ready) return;
    const running = this.#running = DONE.then(() => this.#run()).finally(() => {
      if (this.#running === running) this.#running = null;
      this.#schedule();
    });
  }

  async #run(): Promise<void> {
    while (this.#changed.size > 0 && this.#setup.connection.ready && !this.#closed) {
      const topics = [...this.#changed.values().take(MAX_CHANNELS)];
      for (const topic of topics) this.#changed.delete(topic);
      this.#inCommand = topics;
      const wanted = topics.filter((topic) => topic.wanted && !topic.confirmed);
      const unwanted = topics.filter((topic) => !topic.wanted && topic.confirmed);
      for (const topic of topics) if (!topic.wanted && !topic.confirmed) this.#end(topic);
      if (wanted.length > 0) await this.#subscribe(wanted);
      if (unwanted.length > 0) await this.#unsubscribe(unwanted);
      this.#inCommand = [];
    }
  }

  async #subscribe(topics: Topic[]): Promise<void> {
    try {
      const confirmed = this.#setup.connection.subscribe(topics.map(this.#setup.channelOf));
      if (confirmed !== undefined) await confirmed;
      topics.forEach((topic) => this.#onConfirmed(topic));
    } catch (error) {
      await this.#onFailure(topics, error as Error);
    }
  }

  #onConfirmed(topic: Topic): void {
    topic.confirmed = true;
    topic.confirmation?.resolve();
    topic.confirmation = null;
    if (!topic.wanted) this.#change(topic);
  }

  /** One refused channel makes the whole command fail: splitting it in halves finds which one. */
  async #onFailure(topics: Topic[], error: Error): Promise<void> {
    if (this.#closed) return topics.forEach((topic) => topic.confirmation?.reject(error));
    if (!this.#setup.connection.ready) return topics.forEach((topic) => this.#change(topic));
    if (topics.length > 1) {
      const half = topics.length >> 1;
      await this.#subscribe(topics.slice(0, half));
      return await this.#subscribe(topics.slice(half));
    }
    const [topic] = topics;
    topic.confirmation?.reject(error);
    topic.confirmation = null;
    this.#setup.onRefused(topic, error);
  }

  async #unsubscribe(topics: Topic[]): Promise<void> {
    for (const topic of topics) {
      topic.confirmed = false;
      topic.forget();
    }
    try {
      const confirmed = this.#setup.connection.unsubscribe(topics.map(this.#setup.channelOf));
      if (confirmed !== undefined) await confirmed;
    } catch {
      if (!this.#setup.connection.ready) return this.#onUnsubscribeLost(topics);
    }
    for (const topic of topics) if (!topic.wanted) this.#end(topic);
  }

  /** The broker's client may subscribe to these again when it is back, so they are ended again. */
  #onUnsubscribeLost(topics: Topic[]): void {
    for (const topic of topics) {
      topic.confirmed = !topic.wanted;
      this.#change(topic);
    }
  }

  #change(topic: Topic): void {
    if (!this.#closed) this.#changed.add(topic);
  }

  #end(topic: Topic): void {
    topic.confirmation?.resolve();
    topic.confirmation = null;
    this.#setup.onEnded(topic);
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    const due = this.#lingering.values().next().value;
    if (due === undefined) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, Math.ceil(due - performance.now())));
    // Nobody waits for a subscription to end: it keeps no process alive.
    Deno.unrefTimer(this.#timer!);
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [topic, due] of this.#lingering) {
      if (due > now) break;
      this.#lingering.delete(topic);
      topic.wanted = false;
      this.#changed.add(topic);
    }
    this.#schedule();
    this.#arm();
  }
}
