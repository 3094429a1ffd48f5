import { checkInteger } from "../check_integer.ts";
import { checkOptionNames } from "../check_options.ts";
import { CloseCode } from "../close_code.ts";
import type { MessageData } from "../connection/message_data.ts";
import type { DriverCore } from "../driver/driver_core.ts";
import { checkCompress, checkType, prepare } from "../driver/prepare_message.ts";
import { coreOf, WebSocketDriver } from "../driver/websocket_driver.ts";
import { ErrorCode, WebSocketError } from "../errors.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";
import { Latest } from "./_latest.ts";

/**
 * How to send a message to many connections.
 *
 * @example To everyone but the author, and never more than a megabyte behind
 * ```ts
 * import { broadcast, type BroadcastOptions, type WebSocketDriver } from "@wsd/driver";
 *
 * export function say(room: Set<WebSocketDriver>, author: WebSocketDriver, text: string): void {
 *   const options: BroadcastOptions = { except: author, slow: "skip", slowLimit: 1024 * 1024 };
 *   broadcast(room, text, options);
 * }
 * ```
 * @category Broadcast
 */
export interface BroadcastOptions {
  /**
   * What to send the data as.
   *
   * @default {"text" for a string, "binary" for bytes}
   */
  type?: "text" | "binary";
  /** One or several connections that don't get the message. */
  except?: WebSocketDriver | ReadonlySet<WebSocketDriver>;
  /**
   * `"shared"` compresses once for all, `"each"` separately on every connection with its context, false not at all.
   *
   * @default {"shared"}
   */
  compress?: "shared" | "each" | false;
  /**
   * What to do with a connection that has more than `slowLimit` bytes queued: `"close"` closes it with 1013, `"skip"`
   * sends it nothing, `"latest"` keeps the message, by its `key`, until there is room.
   *
   * @default {"close"}
   */
  slow?: "close" | "skip" | "latest";
  /**
   * How many bytes may be queued for a connection before it counts as slow; its `backpressureLimit` if that is less.
   *
   * @default {1048576}
   */
  slowLimit?: number;
  /**
   * For `slow: "latest"`: a message replaces a waiting one with the same key.
   *
   * @default {""}
   */
  key?: string;
}

/**
 * The result of a broadcast, in connections.
 *
 * @example Count
 * ```ts
 * import { broadcast, type BroadcastResult } from "@wsd/driver";
 *
 * const result: BroadcastResult = broadcast([], "Hi");
 * console.log(result); // { sent: 0, skipped: 0, closed: 0 }
 * ```
 * @category Broadcast
 */
export interface BroadcastResult {
  /** Connections it was sent to, or queued for. */
  sent: number;
  /** Connections that were skipped: still connecting, or slow. */
  skipped: number;
  /** Connections that are closing or closed, including those just closed for being too slow. */
  closed: number;
}

/** The default number of bytes that may be queued for a connection before it counts as slow. */
const DEFAULT_SLOW_LIMIT = 1024 * 1024;

/** All option names. */
const NAMES = { type: true, except: true, compress: true, slow: true, slowLimit: true, key: true } as const;

/**
 * Checks options of a broadcast.
 *
 * @param what The operation, for the error.
 * @param options The options.
 * @throws {TypeError} If a value is of the wrong type, or a name is unknown.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkBroadcastOptions(what: string, options: BroadcastOptions): void {
  checkOptionNames(what, options, NAMES);
  checkType(what, options.type);
  checkCompress(what, options.compress);
  checkInteger(options, "slowLimit", DEFAULT_SLOW_LIMIT, 0, Number.MAX_SAFE_INTEGER);
  const { slow, key, except } = options;
  if (slow !== undefined && slow !== "close" && slow !== "skip" && slow !== "latest") {
    throw new TypeError(`Cannot ${what}: slow must be "close", "skip" or "latest", received ${String(slow)}`);
  }
  if (key !== undefined && typeof key !== "string") {
    throw new TypeError(`Cannot ${what}: key must be a string, received ${typeof key}`);
  }
  if (except === undefined || except instanceof WebSocketDriver || typeof except.has === "function") return;
  throw new TypeError(`Cannot ${what}: except must be a connection or a Set of them, received ${String(except)}`);
}

/**
 * Sends a message to many connections: it is copied, encoded, framed and compressed once, for all of them.
 *
 * On each connection messages keep the order of the calls, `send` and `broadcast` mixed; after a `sendStream` they wait
 * for its end. Connections that are still connecting are skipped. It never throws because of a peer.
 *
 * A connection that has more than `slowLimit` bytes queued is closed with 1013, unless `slow` says otherwise: without a
 * limit, one peer that doesn't read could use up all memory. `"latest"` suits data of which only the newest counts: a
 * slow connection gets the newest message of each key, and no backlog, once everything sent before is written.
 *
 * @param targets The connections.
 * @param data Text, or bytes.
 * @param options Whom to leave out, how to compress, and what to do with slow connections.
 * @returns How many connections it was sent to, and how many not.
 * @throws {TypeError} If the data is neither text nor bytes, a target isn't a connection of this package, or an option
 * is unknown or of the wrong type. Nothing is sent then.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example A ticker: a slow client gets the newest price of each symbol
 * ```ts
 * import { broadcast, type WebSocketListener } from "@wsd/driver";
 *
 * export function publish(server: WebSocketListener, symbol: string, price: number): void {
 *   broadcast(server.connections, JSON.stringify({ symbol, price }), { slow: "latest", key: symbol });
 * }
 * ```
 * @category Broadcast
 */
export function broadcast(
  targets: Iterable<WebSocketDriver>,
  data: MessageData,
  options: BroadcastOptions = {},
): BroadcastResult {
  checkBroadcastOptions("broadcast", options);
  const { type = typeof data === "string" ? "text" : "binary", compress = "shared" } = options;
  const message = prepare(data, type, compress);
  return deliver(checkTargets(targets), message, options);
}

/** All of them, before anything is sent: a mistake late in the list must not leave half of a broadcast behind. */
function checkTargets(targets: Iterable<WebSocketDriver>): WebSocketDriver[] {
  const connections = [...targets];
  for (let index = 0; index < connections.length; index++) {
    const value: unknown = connections[index];
    if (value instanceof WebSocketDriver) continue;
    throw new TypeError(
      "Cannot broadcast: expected connections of makeServer, makeClient or connect, received " +
        `${value === null ? "null" : typeof value} at index ${index}; nothing was sent`,
    );
  }
  return connections;
}

/**
 * Sends a message that is prepared, to connections and by options that are checked.
 *
 * @param targets The connections.
 * @param message The message.
 * @param options Whom to leave out, and what to do with slow connections.
 * @returns How many connections it was sent to, and how many not.
 */
export function deliver(
  targets: Iterable<WebSocketDriver>,
  message: PreparedMessage,
  options: Pick<BroadcastOptions, "except" | "slow" | "slowLimit" | "key">,
): BroadcastResult {
  const { except, slow = "close", slowLimit = DEFAULT_SLOW_LIMIT, key = "" } = options;
  const single = except instanceof WebSocketDriver ? except : null;
  const several = except instanceof WebSocketDriver ? undefined : except;
  const result: BroadcastResult = { sent: 0, skipped: 0, closed: 0 };
  for (const ws of targets) {
    if (ws === single || several?.has(ws)) continue;
    result[sendTo(coreOf(ws), message, slow, slowLimit, key)]++;
  }
  return result;
}

function sendTo(
  core: DriverCore,
  message: PreparedMessage,
  slow: "close" | "skip" | "latest",
  slowLimit: number,
  key: string,
): keyof BroadcastResult {
  const { connection } = core;
  if (connection === null) return core.readyState === "connecting" ? "skipped" : "closed";
  if (connection.state !== "open") return "closed";
  const limit = Math.min(slowLimit, core.settings.backpressureLimit);
  // A "latest" message stays after those that already wait.
  if (connection.bufferedAmount <= limit && (slow !== "latest" || !Latest.waitFor(connection))) {
    return core.count(connection.sendPrepared(message)) ? "sent" : "closed";
  }
  if (slow === "skip") return "skipped";
  if (slow === "latest") Latest.keep(core, connection, key, message);
  else connection.fail(tooSlow(limit));
  return slow === "latest" ? "sent" : "closed";
}

function tooSlow(limit: number): WebSocketError {
  return new WebSocketError(
    `The peer reads too slowly for a broadcast: expected at most ${limit} queued bytes (slowLimit), received more`,
    { code: ErrorCode.BACKPRESSURE_LIMIT, closeCode: CloseCode.TRY_AGAIN_LATER, reason: "too slow" },
  );
}
