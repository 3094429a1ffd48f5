import { makePair, type WebSocketPair } from "@wsd/driver";
import { type Gap, Topics, type TopicsOptions } from "@wsd/driver/topics";
import type { ClientKind, Connected } from "./_servers.ts";

/** The topic that all subscribe to. */
export const TOPIC = "numbers: *.>";

/** A process of an application, though in this one: topics over a client of its own, with one connection. */
export class Node {
  readonly topics: Topics;
  readonly gaps: Gap[] = [];
  readonly errors: Error[] = [];
  /** How many messages it has published. */
  sent = 0;
  readonly #connected: Connected;
  readonly #pair: WebSocketPair;
  readonly #logs = new Map<string, number[]>();
  readonly #waiting = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(connected: Connected, pair: WebSocketPair, options: Partial<TopicsOptions>) {
    this.#connected = connected;
    this.#pair = pair;
    this.topics = new Topics({ name: "app", broker: connected.broker, heartbeat: 50, ...options });
    this.topics.on("gap", (gap) => this.gaps.push(gap));
    this.topics.on("error", (error) => this.errors.push(error));
    pair.client.on("message", (message) => this.#receive(message as string));
  }

  /** Starts one, subscribed. */
  static async start(kind: ClientKind, port: number, options: Partial<TopicsOptions> = {}): Promise<Node> {
    const node = new Node(await kind.connect(port), await makePair(), options);
    await node.topics.subscribe(node.#pair.server, TOPIC);
    return node;
  }

  #receive(message: string): void {
    const [from, number] = message.split(" ");
    this.logOf(from).push(Number(number));
    for (const waiting of this.#waiting) waiting();
  }

  /** The numbers that came from another node, or itself. */
  logOf(id: string): number[] {
    let log = this.#logs.get(id);
    if (log === undefined) this.#logs.set(id, log = []);
    return log;
  }

  /** Publishes the next number. */
  publish(): Promise<"sent" | "dropped"> {
    return this.topics.publish(TOPIC, `${this.topics.id} ${++this.sent}`).relayed;
  }

  /** Publishes all the time, some in a turn. */
  begin(): void {
    this.#timer = setInterval(() => {
      for (let i = 0; i < 3; i++) this.publish();
    }, 1);
  }

  /** Stops that. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Waits until so many messages of another node have come in all. */
  async receives(from: Node, count: number): Promise<void> {
    const log = this.logOf(from.topics.id);
    await this.#until(() => log.length >= count);
  }

  async #until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = () => {
      if (condition()) resolve();
    };
    this.#waiting.add(waiting);
    await promise;
    this.#waiting.delete(waiting);
  }

  /** Waits until another node's latest message has come. */
  async catchesUp(from: Node): Promise<void> {
    const log = this.logOf(from.topics.id);
    await this.#until(() => log.at(-1) === from.sent);
  }

  /** Waits for a state. */
  async becomes(state: "up" | "down"): Promise<void> {
    if (this.topics.stats.state === state) return;
    await new Promise<void>((resolve) => {
      const onState = (now: string) => {
        if (now !== state) return;
        this.topics.off("state", onState);
        resolve();
      };
      this.topics.on("state", onState);
    });
  }

  /** How many messages of another node are counted as missing. */
  missed(from: Node): number {
    const gaps = this.gaps.filter(({ publisher }) => publisher === from.topics.id);
    return gaps.reduce((sum, { missed }) => sum + missed!, 0);
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.stop();
    await this.topics.close();
    await this.#connected.end();
    await this.#pair[Symbol.asyncDispose]();
  }
}
