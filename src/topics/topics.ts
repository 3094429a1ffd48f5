import { EventEmitter } from "node:events";
import { checkOptionNames } from "../check_options.ts";
import type { MessageData } from "../connection/message_data.ts";
import { reportException } from "../connection/report_exception.ts";
import { prepare } from "../driver/prepare_message.ts";
import { onRejection } from "../driver/on_rejection.ts";
import { WebSocketDriver } from "../driver/websocket_driver.ts";
import { type BroadcastOptions, type BroadcastResult, checkBroadcastOptions, deliver } from "./broadcast.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";
import { Counters } from "./_counters.ts";
import { decodeEnvelope, encodeEnvelope, type Envelope } from "./envelope.ts";
import { formatId, randomId, REPEATED } from "./_publishers.ts";
import { Relay, type RelayHandler } from "./_relay.ts";
import { Topic } from "./_topic.ts";
import type { Gap, TopicsEvents, TopicsStats } from "./topics_events.ts";
import { checkTopicName, checkTopicsOptions, type TopicsOptions, type TopicsSettings } from "./topics_options.ts";

/**
 * How to publish one message.
 *
 * @example To everyone but the author
 * ```ts
 * import type { PublishOptions, Topics } from "@wsd/driver/topics";
 * import type { WebSocketDriver } from "@wsd/driver";
 *
 * export function say(topics: Topics, author: WebSocketDriver, text: string): void {
 *   const options: PublishOptions = { except: author };
 *   topics.publish("room", text, options);
 * }
 * ```
 * @category Topics
 */
export interface PublishOptions extends Pick<BroadcastOptions, "type" | "except" | "key"> {
  /**
   * False keeps the message from being compressed, here and in other processes: see {@linkcode SendOptions}.
   *
   * @default {true}
   */
  compress?: boolean;
  /**
   * Whether only connections of this process get the message.
   *
   * @default {false}
   */
  localOnly?: boolean;
}

/**
 * The result of publishing a message.
 *
 * @example Log if other processes don't get it
 * ```ts
 * import { type PublishResult, Topics } from "@wsd/driver/topics";
 *
 * await using topics = new Topics({ name: "app" });
 * const { local, relayed }: PublishResult = topics.publish("news", "Hi");
 * console.log("sent to", local.sent, "connections here");
 * if (await relayed === "dropped") console.log("the others will not get it");
 * ```
 * @category Topics
 */
export interface PublishResult {
  /** The result in this process; all 0 with `order: "broker"`. */
  local: BroadcastResult;
  /**
   * `"sent"` once the broker has it, or if there is nobody to relay it to; `"dropped"` if other processes will not get
   * it. It never rejects.
   */
  relayed: Promise<"sent" | "dropped">;
}

/** How many exceptions of our own messages are kept while these are in transit, with `order: "broker"`. */
const MAX_EXCEPTIONS = 10_000;

const PUBLISH_OPTIONS = { type: true, except: true, key: true, compress: true, localOnly: true } as const;
const NO_OPTIONS: PublishOptions = {};

const RELAYED: Promise<"sent"> = Promise.resolve("sent");
const DONE: Promise<void> = Promise.resolve();

/**
 * Named groups of connections, across processes and machines: what is published on a topic reaches all connections that
 * were subscribed to it.
 *
 * Messages of one publisher on one topic arrive in order and at most once. None is lost silently: a `"gap"` says how
 * many. A connection that closes is unsubscribed automatically. Topics are opaque names, never patterns, and a peer
 * can't subscribe itself: that is up to the application.
 *
 * @example A chat room
 * ```ts
 * import { makeServer, serve } from "@wsd/driver";
 * import { Topics } from "@wsd/driver/topics";
 *
 * const topics = new Topics({ name: "chat" });
 *
 * // Port 0 chooses a free one; use your own.
 * const server = serve({ port: 0 }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("open", () => topics.subscribe(ws, "lobby"));
 *   ws.on("message", (message) => topics.publish("lobby", message, { except: ws }));
 *   ws.startConnection();
 *   return ws.response;
 * });
 * await server.shutdown();
 * await topics.close();
 * ```
 * @category Topics
 */
export class Topics extends EventEmitter<TopicsEvents> {
  /** The random id of this object, which identifies its messages: 12 hexadecimal digits. */
  readonly id: string;
  readonly #id: number;
  readonly #settings: TopicsSettings;
  readonly #relay: Relay | null;
  readonly #topics = new Map<string, Topic>();
  readonly #memberships = new Map<WebSocketDriver, Set<Topic>>();
  readonly #counters = new Counters();
  /** Whom to leave out for our own messages in transit, by topic and number. */
  readonly #exceptions = new Map<string, BroadcastOptions["except"]>();
  readonly #onClose: (this: WebSocketDriver) => void;
  #subscriptions = 0;
  #closing: Promise<void> | null = null;
  readonly #counts = { published: 0, relayed: 0, dropped: 0, received: 0, repeated: 0, gaps: 0, missed: 0 };

  static {
    onRejection<Topics, TopicsEvents>(this.prototype, (_topics, _name, cause) => reportException(cause));
  }

  /**
   * Connects to the broker, if there is one.
   *
   * @param options The name, the broker and limits.
   * @throws {TypeError} If an option is unknown or of the wrong type.
   * @throws {RangeError} If a number is out of its range, or the name is empty or too long.
   */
  constructor(options: TopicsOptions) {
    super({ captureRejections: true });
    const settings = this.#settings = checkTopicsOptions(options);
    this.#id = randomId();
    this.id = formatId(this.#id);
    const leave = (ws: WebSocketDriver) => this.#leaveAll(ws);
    this.#onClose = function (this: WebSocketDriver) {
      leave(this);
    };
    const { broker, linger, heartbeat, outage } = settings;
    const prefix = `${settings.name}:`;
    this.#relay = broker && new Relay(broker, { prefix, linger, heartbeat, outage }, this.#relayHandler());
  }

  /** Counts since the creation. */
  get stats(): TopicsStats {
    return {
      topics: this.#topics.size,
      subscriptions: this.#subscriptions,
      ...this.#counts,
      waitingBytes: this.#relay?.waitingBytes ?? 0,
      state: this.#relay?.state ?? "up",
    };
  }

  /**
   * Subscribes a connection. It gets the messages of this process from now on, and all once the broker has confirmed.
   *
   * @param ws The connection. One that is closing or closed is not subscribed.
   * @param topic The topic.
   * @returns Resolves once the broker has confirmed; rejects if it refuses. A rejection that nobody handles is only
   * reported by `"error"`.
   * @throws {TypeError} If the topic isn't a string, or the topics are closed.
   * @throws {RangeError} If the topic is empty, too long, or contains NUL or a lone surrogate, or the connection
   * already has `maxTopicsPerConnection` topics.
   */
  subscribe(ws: WebSocketDriver, topic: string): Promise<void> {
    this.#checkOpen("subscribe");
    if (!(ws instanceof WebSocketDriver)) {
      throw new TypeError(`Cannot subscribe: the first argument must be a WebSocketDriver, received a ${typeof ws}`);
    }
    checkTopicName("subscribe", topic, this.#settings.maxTopicLength);
    if (ws.readyState === "closing" || ws.readyState === "closed") return DONE;
    const entry = this.#entryOf(topic);
    this.#join(ws, entry);
    return this.#relay?.want(entry) ?? DONE;
  }

  /**
   * Ends a subscription of a connection, or all of them.
   *
   * @param ws The connection.
   * @param topic The topic; all if it is not given.
   */
  unsubscribe(ws: WebSocketDriver, topic?: string): void {
    if (topic === undefined) return this.#leaveAll(ws);
    const joined = this.#memberships.get(ws);
    const entry = this.#topics.get(topic);
    if (joined === undefined || entry === undefined || !joined.delete(entry)) return;
    this.#leave(ws, entry);
    if (joined.size === 0) this.#forget(ws);
  }

  /**
   * Lists the topics of a connection.
   *
   * @param ws The connection.
   * @returns Their names.
   */
  topicsOf(ws: WebSocketDriver): string[] {
    return Array.from(this.#memberships.get(ws) ?? [], ({ name }) => name);
  }

  /**
   * Counts the connections of this process that are subscribed to a topic.
   *
   * @param topic The topic.
   * @returns The number of connections.
   */
  count(topic: string): number {
    return this.#topics.get(topic)?.members.size ?? 0;
  }

  /**
   * Publishes a message to all subscribers, in this process and others.
   *
   * @param topic The topic.
   * @param data Text, or bytes, which are copied.
   * @param options Whom to leave out.
   * @returns As {@linkcode ReconnectingClient.send}.
   * @throws {TypeError} If the data is neither text nor bytes, an option or the topic is of the wrong type, or the
   * topics are closed.
   * @throws {RangeError} If the topic is empty, too long, or contains NUL or a lone surrogate.
   */
  publish(topic: string, data: MessageData, options: PublishOptions = NO_OPTIONS): PublishResult {
    this.#checkOpen("publish");
    checkTopicName("publish", topic, this.#settings.maxTopicLength);
    if (options !== NO_OPTIONS) checkPublishOptions(options);
    const { type = typeof data === "string" ? "text" : "binary", localOnly = false } = options;
    const message = prepare(data, type, options.compress === false ? false : this.#settings.compress);
    this.#counts.published++;
    if (this.#relay === null || localOnly) return { local: this.#deliver(topic, message, options), relayed: RELAYED };
    const waits = this.#settings.order === "broker";
    const local = waits ? { sent: 0, skipped: 0, closed: 0 } : this.#deliver(topic, message, options);
    return { local, relayed: this.#publish(this.#relay, topic, message, options, waits ? options.except : undefined) };
  }

  /**
   * Ends all subscriptions, sends pending messages, and leaves the broker. Connections stay open. A broker that doesn't
   * answer gets 2 s; then unconfirmed messages are `"dropped"`, though they may still arrive.
   *
   * @returns Resolves when that is done. It never rejects.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    for (const ws of [...this.#memberships.keys()]) this.#forget(ws);
    this.#subscriptions = 0;
    this.#topics.clear();
    await this.#relay?.close(new Error("Cannot subscribe: the topics were closed"));
  }

  #checkOpen(what: string): void {
    if (this.#closing !== null) throw new TypeError(`Cannot ${what}: the topics are closed`);
  }

  #entryOf(topic: string): Topic {
    let entry = this.#topics.get(topic);
    if (entry === undefined) this.#topics.set(topic, entry = new Topic(topic));
    return entry;
  }

  #join(ws: WebSocketDriver, entry: Topic): void {
    const joined = this.#memberships.get(ws);
    if (joined?.has(entry)) return;
    if (joined === undefined) {
      this.#memberships.set(ws, new Set([entry]));
      ws.once("close", this.#onClose);
    } else {
      this.#checkRoom(joined, entry);
      joined.add(entry);
    }
    entry.members.add(ws);
    this.#subscriptions++;
  }

  #checkRoom({ size }: Set<Topic>, entry: Topic): void {
    const { maxTopicsPerConnection } = this.#settings;
    if (size < maxTopicsPerConnection) return;
    if (entry.members.size === 0 && !entry.wanted) this.#topics.delete(entry.name);
    throw new RangeError(
      `Cannot subscribe: a connection may have ${maxTopicsPerConnection} topics (maxTopicsPerConnection), and has them`,
    );
  }

  #leaveAll(ws: WebSocketDriver): void {
    const joined = this.#memberships.get(ws);
    if (joined === undefined) return;
    this.#forget(ws);
    for (const entry of joined) this.#leave(ws, entry);
  }

  #forget(ws: WebSocketDriver): void {
    this.#memberships.delete(ws);
    ws.off("close", this.#onClose);
  }

  #leave(ws: WebSocketDriver, entry: Topic): void {
    entry.members.delete(ws);
    this.#subscriptions--;
    if (entry.members.size > 0) return;
    if (this.#relay === null) this.#topics.delete(entry.name);
    else this.#relay.leave(entry);
  }

  /** Delivers in this process. */
  #deliver(topic: string, message: PreparedMessage, { except, key }: PublishOptions): BroadcastResult {
    const members = this.#topics.get(topic)?.members;
    if (members === undefined || members.size === 0) return { sent: 0, skipped: 0, closed: 0 };
    const { slow, slowLimit } = this.#settings;
    const result = deliver(members, message, { except, key, slow, slowLimit });
    if (result.closed > 0) this.#sweep(members);
    return result;
  }

  /** A connection leaves when it is closed, unless the application has removed all listeners. */
  #sweep(members: ReadonlySet<WebSocketDriver>): void {
    for (const ws of members) if (ws.readyState === "closed") this.#leaveAll(ws);
  }

  async #publish(
    relay: Relay,
    topic: string,
    message: PreparedMessage,
    { key, compress = true }: PublishOptions,
    except: BroadcastOptions["except"],
  ): Promise<"sent" | "dropped"> {
    const { epoch, counter } = this.#counters.next(topic);
    const token = except === undefined ? null : tokenOf(topic, epoch, counter);
    if (token !== null) this.#except(token, except);
    const { type, payload } = message;
    const envelope = encodeEnvelope({ publisher: this.#id, epoch, counter, type, compress, key, payload });
    const outcome = await relay.publish(topic, envelope);
    this.#counts[outcome === "sent" ? "relayed" : "dropped"]++;
    if (token !== null && outcome === "dropped") this.#exceptions.delete(token);
    return outcome;
  }

  #except(token: string, except: BroadcastOptions["except"]): void {
    if (this.#exceptions.size >= MAX_EXCEPTIONS) this.#exceptions.delete(this.#exceptions.keys().next().value!);
    this.#exceptions.set(token, except);
  }

  #relayHandler(): RelayHandler {
    return {
      onMessage: (topic, bytes) => this.#onMessage(topic, bytes),
      onState: (state, again) => this.#onState(state, again),
      onEnded: (entry) => {
        if (this.#topics.get(entry.name) === entry) this.#topics.delete(entry.name);
      },
      onRefused: (topic, error) => this.#onRefused(topic, error),
      onError: (error) => this.#report(error),
    };
  }

  #onMessage(topic: string, bytes: Uint8Array): void {
    const entry = this.#topics.get(topic);
    if (entry === undefined) return;
    const envelope = decodeEnvelope(bytes);
    if (envelope === null) {
      const rule = "expected the envelope of Topics of this version";
      return this.#report(new Error(`Cannot read a message on topic ${JSON.stringify(topic)}: ${rule}`));
    }
    const own = envelope.publisher === this.#id;
    if (own && this.#settings.order === "local-first") return;
    const missed = entry.publishers.receive(envelope.publisher, envelope.epoch, envelope.counter);
    if (missed === REPEATED) {
      this.#counts.repeated++;
      return;
    }
    if (missed > 0) this.#onGap({ topic, publisher: formatId(envelope.publisher), missed, reason: "lost" });
    if (entry.members.size === 0) return;
    this.#counts.received++;
    this.#deliverEnvelope(topic, envelope, own);
  }

  #deliverEnvelope(topic: string, { type, compress, key, payload, epoch, counter }: Envelope, own: boolean): void {
    const token = own ? tokenOf(topic, epoch, counter) : null;
    const except = token === null ? undefined : this.#exceptions.get(token);
    if (token !== null) this.#exceptions.delete(token);
    try {
      const message = prepare(payload as Uint8Array<ArrayBuffer>, type, compress ? this.#settings.compress : false);
      this.#deliver(topic, message, { except, key });
    } catch (cause) {
      this.#report(new Error(`Cannot deliver a message on topic ${JSON.stringify(topic)}`, { cause }));
    }
  }

  #onState(state: "up" | "down", again: boolean): void {
    this.#tell("state", state);
    if (state === "down" || !again) return;
    for (const { name, confirmed } of this.#topics.values()) {
      if (confirmed) this.#onGap({ topic: name, publisher: null, missed: null, reason: "outage" });
    }
  }

  #onGap(gap: Gap): void {
    this.#counts.gaps++;
    this.#counts.missed += gap.missed ?? 0;
    this.#tell("gap", gap);
  }

  #onRefused(topic: string, error: Error): void {
    const entry = this.#topics.get(topic);
    if (entry?.confirmed) this.#relay?.revoke(entry);
    this.#report(new Error(`The broker refused the subscription to topic ${JSON.stringify(topic)}`, { cause: error }));
  }

  #report(error: Error): void {
    if (this.listenerCount("error") > 0) this.#tell("error", error);
  }

  /** A listener's exception must not reach the broker's client. */
  #tell<Name extends keyof TopicsEvents>(name: Name, ...values: TopicsEvents[Name]): void {
    try {
      this.emit(name as "gap", values[0] as Gap);
    } catch (error) {
      reportException(error);
    }
  }
}

function checkPublishOptions(options: PublishOptions): void {
  checkOptionNames("publish", options, PUBLISH_OPTIONS);
  const { type, except, key } = options;
  checkBroadcastOptions("publish", { type, except, key });
}

/** The key of one of our own messages in transit. */
function tokenOf(topic: string, epoch: number, counter: number): string {
  return `${epoch}.${counter} ${topic}`;
}
