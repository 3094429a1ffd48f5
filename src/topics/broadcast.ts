import { checkInteger } from "../check_integer.ts";
import { CloseCode } from "../close_code.ts";
import { type MessageData, toBytes, toText } from "../connection/message_data.ts";
import type { WebSocketDriver } from "../driver/websocket_driver.ts";

/**
 * How a message is sent to many.
 *
 * @example To all but the one who wrote it, and never more than a megabyte behind
 * ```ts
 * import { broadcast, type BroadcastOptions, type WebSocketDriver } from "@wsd/driver";
 *
 * export function say(room: Set<WebSocketDriver>, author: WebSocketDriver, text: string): void {
 *   const options: BroadcastOptions = { except: author, slow: "skip", slowLimit: 1024 * 1024 };
 *   broadcast(room, text, options);
 * }
 * ```
 */
export interface BroadcastOptions {
  /**
   * What to send the data as.
   *
   * @default {"text" for a string, "binary" for bytes}
   */
  type?: "text" | "binary";
  /** A connection, or several, that don't get the message. */
  except?: WebSocketDriver | ReadonlySet<WebSocketDriver>;
  /**
   * `"shared"` compresses once for all, `"each"` for every connection with what it sent before, false not at all.
   *
   * @default {"shared"}
   */
  compress?: "shared" | "each" | false;
  /**
   * What becomes of a connection that has more than `slowLimit` bytes waiting: `"close"` closes it with 1013, `"skip"`
   * sends it nothing, `"latest"` keeps the message, by its `key`, until there is room.
   *
   * @default {"close"}
   */
  slow?: "close" | "skip" | "latest";
  /**
   * How many bytes may wait for a connection before it counts as slow.
   *
   * @default {1048576}
   */
  slowLimit?: number;
  /**
   * For `slow: "latest"`: a message replaces the one of the same key that still waits.
   *
   * @default {""}
   */
  key?: string;
}

/**
 * What became of a broadcast, in connections.
 *
 * @example Count
 * ```ts
 * import { broadcast, type BroadcastResult } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const result: BroadcastResult = broadcast([], "Hi");
 * assertEquals(result, { sent: 0, skipped: 0, closed: 0 });
 * ```
 */
export interface BroadcastResult {
  /** It was sent, or waits to be sent. */
  sent: number;
  /** It was not sent: they are still connecting, or slow. */
  skipped: number;
  /** It was not sent: they are closing or closed, some of them now as they were too slow. */
  closed: number;
}

/** How many bytes may wait for a connection before it counts as slow, unless an option says otherwise. */
const DEFAULT_SLOW_LIMIT = 1024 * 1024;

/**
 * Checks options of a broadcast.
 *
 * @param what What is to be done, for the error.
 * @param options The options.
 * @throws {TypeError} If a value is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkBroadcastOptions(what: string, options: BroadcastOptions): void {
  checkOneOf(what, "type", options.type, ["text", "binary"]);
  checkOneOf(what, "compress", options.compress, ["shared", "each", false]);
  checkOneOf(what, "slow", options.slow, ["close", "skip", "latest"]);
  checkInteger(options, "slowLimit", DEFAULT_SLOW_LIMIT, 0, Number.MAX_SAFE_INTEGER);
  const { key } = options;
  if (key === undefined || typeof key === "string") return;
  throw new TypeError(`Cannot ${what}: key must be a string, received ${typeof key}`);
}

function checkOneOf(what: string, name: string, value: unknown, values: readonly unknown[]): void {
  if (value === undefined || values.includes(value)) return;
  const expected = values.map((one) => JSON.stringify(one)).join(" or ");
  throw new TypeError(`Cannot ${what}: ${name} must be ${expected}, received ${String(value)}`);
}

/**
 * Sends a message to many connections.
 *
 * @param targets The connections.
 * @param data The message.
 * @param options Who is left out, and what becomes of slow ones.
 * @returns How many connections it was sent to, and how many not.
 * @throws {TypeError} If the data is neither text nor bytes, or an option is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function broadcast(
  targets: Iterable<WebSocketDriver>,
  data: MessageData,
  options: BroadcastOptions = {},
): BroadcastResult {
  checkBroadcastOptions("broadcast", options);
  const { type = typeof data === "string" ? "text" : "binary", except, compress, slow = "close" } = options;
  const { slowLimit = DEFAULT_SLOW_LIMIT } = options;
  const message = type === "text" ? toText(data, "broadcast") : toBytes(data, "broadcast").slice();
  const result: BroadcastResult = { sent: 0, skipped: 0, closed: 0 };
  for (const ws of targets) {
    if (ws === except || (except instanceof Set && except.has(ws))) continue;
    if (ws.readyState === "connecting") result.skipped++;
    else if (ws.readyState !== "open") result.closed++;
    else if (ws.bufferedAmount <= slowLimit) {
      ws.send(message, { compress: compress !== false }) ? result.sent++ : result.closed++;
    } else if (slow === "close") {
      ws.closeConnection("too slow", CloseCode.TRY_AGAIN_LATER);
      result.closed++;
    } else result.skipped++;
  }
  return result;
}
