import { checkInteger, MAX_TIMEOUT } from "../check_integer.ts";
import { checkOptionNames } from "../check_options.ts";
import type { Broker } from "./broker.ts";
import { type BroadcastOptions, checkBroadcastOptions } from "./broadcast.ts";

/**
 * How much may wait while the broker can't be reached.
 *
 * @example Wait for up to half a minute, with up to 8 MiB
 * ```ts
 * import { type OutageOptions, Topics } from "@wsd/driver/topics";
 *
 * const outage: OutageOptions = { maxBytes: 8 * 1024 * 1024, maxAge: 30_000 };
 * await using topics = new Topics({ name: "app", outage });
 * ```
 * @category Brokers
 */
export interface OutageOptions {
  /**
   * How many bytes may wait. If there are more, the oldest messages are dropped.
   *
   * @default {1048576}
   */
  maxBytes?: number;
  /**
   * How long a message may wait, in milliseconds.
   *
   * @default {5000}
   */
  maxAge?: number;
}

/**
 * The options of {@linkcode Topics}. Of the options of {@linkcode broadcast}, those for slow connections and
 * compression apply to every message.
 *
 * @example Topics over Redis, with a small queue for outages
 * ```ts
 * import type { Broker, TopicsOptions } from "@wsd/driver/topics";
 *
 * export function options(broker: Broker): TopicsOptions {
 *   return { name: "app", broker, outage: { maxBytes: 64 * 1024 }, slow: "skip" };
 * }
 * ```
 * @category Topics
 */
export interface TopicsOptions extends Pick<BroadcastOptions, "compress" | "slow" | "slowLimit"> {
  /** The name of the application at the broker: all `Topics` with the same name see the same messages. */
  name: string;
  /**
   * Carries messages to other processes.
   *
   * @default {undefined} Messages stay in this process.
   */
  broker?: Broker;
  /**
   * `"local-first"` delivers to connections of this process at once, and to others by the broker. `"broker"` delivers
   * to all by the broker, so that nobody gets anything while it is lost, and all processes see one order if the broker
   * has one: Redis, `WorkerBroker` and `MemoryBroker` do. NATS keeps the order of each publisher, and no more.
   *
   * @default {"local-first"}
   */
  order?: "local-first" | "broker";
  /**
   * The longest name of a topic, in bytes of UTF-8.
   *
   * @default {256}
   */
  maxTopicLength?: number;
  /**
   * How many topics a connection may subscribe to.
   *
   * @default {1000}
   */
  maxTopicsPerConnection?: number;
  /**
   * How long the broker's subscription outlives the last subscribed connection, in milliseconds.
   *
   * @default {5000}
   */
  linger?: number;
  /**
   * How often to ask the broker for an answer, in milliseconds; after two without one it counts as lost. 0 for never.
   *
   * @default {2000}
   */
  heartbeat?: number;
  /** What may wait while the broker can't be reached. */
  outage?: OutageOptions;
}

/** The options with their defaults. */
export interface TopicsSettings {
  readonly name: string;
  readonly broker: Broker | null;
  readonly order: "local-first" | "broker";
  readonly maxTopicLength: number;
  readonly maxTopicsPerConnection: number;
  readonly linger: number;
  readonly heartbeat: number;
  readonly outage: Required<OutageOptions>;
  readonly compress: "shared" | "each" | false;
  readonly slow: "close" | "skip" | "latest" | undefined;
  readonly slowLimit: number | undefined;
}

const WHAT = "create Topics";

/**
 * Checks options and fills in the defaults.
 *
 * @param options The caller's options.
 * @returns All settings.
 * @throws {TypeError} If a value is of the wrong type, or a name is unknown.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkTopicsOptions(options: TopicsOptions): TopicsSettings {
  checkOptionNames(WHAT, options, {
    name: true,
    broker: true,
    order: true,
    maxTopicLength: true,
    maxTopicsPerConnection: true,
    linger: true,
    heartbeat: true,
    outage: true,
    compress: true,
    slow: true,
    slowLimit: true,
  });
  const { name, broker = null, order = "local-first", outage = {} } = options;
  checkName(name);
  checkBroker(broker);
  if (order !== "local-first" && order !== "broker") {
    throw new TypeError(`Cannot ${WHAT}: order must be "local-first" or "broker", received ${JSON.stringify(order)}`);
  }
  checkOptionNames(WHAT, outage, { maxBytes: true, maxAge: true });
  const { compress = "shared", slow, slowLimit } = options;
  checkBroadcastOptions(WHAT, { compress, slow, slowLimit });
  return {
    name,
    broker,
    order,
    maxTopicLength: checkInteger(options, "maxTopicLength", 256, 1, 65_535),
    maxTopicsPerConnection: checkInteger(options, "maxTopicsPerConnection", 1_000, 1, Number.MAX_SAFE_INTEGER),
    linger: checkInteger(options, "linger", 5_000, 0, MAX_TIMEOUT),
    heartbeat: checkInteger(options, "heartbeat", 2_000, 0, MAX_TIMEOUT),
    outage: {
      maxBytes: checkInteger(outage, "maxBytes", 1024 * 1024, 0, Number.MAX_SAFE_INTEGER),
      maxAge: checkInteger(outage, "maxAge", 5_000, 0, MAX_TIMEOUT),
    },
    compress,
    slow,
    slowLimit,
  };
}

function checkBroker(broker: unknown): void {
  if (broker === null || typeof (broker as Partial<Broker>).connect === "function") return;
  throw new TypeError(`Cannot ${WHAT}: broker must be a Broker such as a RedisBroker, received ${typeof broker}`);
}

function checkName(name: unknown): void {
  if (typeof name !== "string") throw new TypeError(`Cannot ${WHAT}: name must be a string, received ${typeof name}`);
  checkTopicName(WHAT, name, 256);
}

const encoder = new TextEncoder();

/**
 * Checks the name of a topic. It may be anything that every broker carries unchanged.
 *
 * @param what The operation, for the error.
 * @param name The name.
 * @param maxLength The longest that it may be, in bytes of UTF-8.
 * @throws {TypeError} If it isn't a string.
 * @throws {RangeError} If it is empty or too long, or contains NUL or a lone surrogate.
 */
export function checkTopicName(what: string, name: string, maxLength: number): void {
  if (typeof name !== "string") throw new TypeError(`Cannot ${what}: a name must be a string, received ${typeof name}`);
  if (name === "") throw new RangeError(`Cannot ${what}: a name must not be empty`);
  if (name.includes("\0")) throw new RangeError(`Cannot ${what}: a name must not contain NUL, received ${show(name)}`);
  if (!name.isWellFormed()) {
    throw new RangeError(`Cannot ${what}: a name must not contain a lone surrogate, received ${show(name)}`);
  }
  // A code unit takes at most three bytes: most names need no encoding.
  if (name.length * 3 <= maxLength) return;
  const length = name.length > maxLength ? name.length : encoder.encode(name).length;
  if (length <= maxLength) return;
  throw new RangeError(`Cannot ${what}: a name must have at most ${maxLength} bytes of UTF-8, received ${length}`);
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
