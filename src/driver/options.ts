import { checkInteger, DEFAULT_TIMEOUT, MAX_TIMEOUT } from "../check_integer.ts";
import { AdditionalHeaders } from "./additional_headers.ts";
import { checkDeflateOptions, type DeflateSettings, type PerMessageDeflateOptions } from "../deflate/options.ts";
import { checkSubprotocols } from "../handshake/subprotocol.ts";
import { CloseCode, isSendableCloseCode } from "../close_code.ts";
import { DEFAULT_MAX_FRAGMENTS, DEFAULT_MAX_LENGTH } from "../protocol/protocol_options.ts";

/**
 * The options that servers and clients share.
 *
 * @example Hold both sides to the same limits
 * ```ts
 * import { makePair, type WebSocketDriverOptions } from "@wsd/driver";
 *
 * const options: WebSocketDriverOptions = {
 *   maxLength: 64 * 1024,
 *   idleTimeout: 60_000,
 *   backpressureLimit: 1024 * 1024,
 *   onBackpressure: "refuse",
 *   perMessageDeflate: { threshold: 256 },
 * };
 * await using pair = await makePair(options);
 * console.log([pair.server.maxLength, pair.client.maxLength]); // [ 65536, 65536 ]
 * ```
 * @category Connection
 */
export interface WebSocketDriverOptions {
  /**
   * The longest message to accept, in bytes, whether it comes in one frame or in many; a longer one fails the
   * connection with 1009 before its payload is read. So does text longer than 536,870,888 bytes, whatever the limit,
   * because no string is longer, unless it is read from `messages`.
   *
   * @default {0x3ffffff}
   */
  maxLength?: number;
  /**
   * The most frames that one message may have; a message with more fails the connection with 1008.
   *
   * @default {131072}
   */
  maxFragments?: number;
  /**
   * The subprotocols to support, RFC 6455 §1.9. A client offers them in this order. A server selects the first of the
   * client's that is among them.
   *
   * @default {[]}
   */
  acceptProtocols?: string[];
  /** Header fields to add to the handshake's request or response: anything `new Headers(…)` accepts. */
  additionalHeaders?: HeadersInit;
  /**
   * How long the opening handshake may take, in milliseconds.
   *
   * @default {10000}
   */
  handshakeTimeout?: number;
  /**
   * How long the peer may take to answer a Close and to end the connection, in milliseconds; then it is cut off.
   *
   * @default {10000}
   */
  closeTimeout?: number;
  /**
   * The time between two Pings of the heartbeat, in milliseconds; 0 for none. Over the built-in socket under
   * `Deno.serve` the runtime sends its own.
   *
   * @default {30000}
   */
  pingInterval?: number;
  /**
   * How long the peer may be silent after a Ping of the heartbeat was sent, in milliseconds; then the connection is
   * ended and reported as 1006. Any bytes that arrive are a sign of life, and so are bytes that a slow peer accepts.
   * This is checked sixteen times per `pingInterval`.
   *
   * @default {20000}
   */
  pingTimeout?: number;
  /**
   * How long no part of a message may pass in either direction, in milliseconds, before the connection is closed with
   * 1001; 0 for no limit. It may take half as long again. Over the built-in socket under `Deno.serve`, an incoming
   * message counts once it is complete.
   *
   * @default {0}
   */
  idleTimeout?: number;
  /**
   * Whether to compress messages, RFC 7692, if the peer supports it; an object contains the settings. See
   * `ws.extensions` for the result, and docs/compression.md for when compression is worth its cost.
   *
   * The built-in socket under `Deno.serve` can't compress: offers are ignored there, and `ws.extensions` stays empty.
   *
   * @default {false}
   */
  perMessageDeflate?: boolean | PerMessageDeflateOptions;
  /**
   * How many bytes may be queued before `desiredSize` reaches 0; `"drain"` is emitted once there are fewer again. Also
   * how many bytes of messages may wait in `readable`, or in each stream of `messages`, before reading stops.
   *
   * @default {65536}
   */
  highWaterMark?: number;
  /**
   * How many bytes may be queued before `send` accepts no more messages; see `onBackpressure`. A single message may be
   * longer, and control frames are always sent. Over the built-in socket under `Deno.serve`, which can't stop reading,
   * it is also how many bytes of unread messages `readable` and `messages` may hold before the connection is closed
   * with 1013.
   *
   * @default {16777216}
   */
  backpressureLimit?: number;
  /**
   * What happens to a message above `backpressureLimit`: `"close"` fails the connection with 1013; with `"refuse"`,
   * `send` returns false, and the message is lost unless you send it again.
   *
   * @default {"close"}
   */
  onBackpressure?: "close" | "refuse";
  /**
   * The code of the Close that is sent when `writable` is closed, or `readable` or `messages` is canceled without a
   * reason: 1000-1003, 1007-1014 or 3000-4999, or 1005 to send none.
   *
   * @default {1000}
   */
  streamCloseCode?: number;
}

/** The time between two Pings of the heartbeat, in milliseconds. */
const DEFAULT_PING_INTERVAL = 30_000;

/** The options with their defaults, checked. */
export type Settings =
  & Readonly<Required<Omit<WebSocketDriverOptions, "additionalHeaders" | "perMessageDeflate">>>
  & { readonly additionalHeaders: AdditionalHeaders; readonly perMessageDeflate: DeflateSettings | null };

/**
 * Checks options and fills in the defaults.
 *
 * @param options The caller's options.
 * @returns All settings.
 * @throws {TypeError} If a value is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkOptions(options: WebSocketDriverOptions): Settings {
  return {
    maxLength: checkInteger(options, "maxLength", DEFAULT_MAX_LENGTH, 0, Number.MAX_SAFE_INTEGER),
    maxFragments: checkInteger(options, "maxFragments", DEFAULT_MAX_FRAGMENTS, 1, Number.MAX_SAFE_INTEGER),
    acceptProtocols: [...checked(options.acceptProtocols ?? [])],
    additionalHeaders: new AdditionalHeaders(options.additionalHeaders),
    handshakeTimeout: checkInteger(options, "handshakeTimeout", DEFAULT_TIMEOUT, 0, MAX_TIMEOUT),
    closeTimeout: checkInteger(options, "closeTimeout", DEFAULT_TIMEOUT, 0, MAX_TIMEOUT),
    pingInterval: checkInteger(options, "pingInterval", DEFAULT_PING_INTERVAL, 0, MAX_TIMEOUT),
    pingTimeout: checkInteger(options, "pingTimeout", 20_000, 1, MAX_TIMEOUT),
    idleTimeout: checkInteger(options, "idleTimeout", 0, 0, MAX_TIMEOUT),
    perMessageDeflate: checkDeflateOptions(options.perMessageDeflate),
    highWaterMark: checkInteger(options, "highWaterMark", 64 * 1024, 1, Number.MAX_SAFE_INTEGER),
    backpressureLimit: checkInteger(options, "backpressureLimit", 16 * 1024 * 1024, 1, Number.MAX_SAFE_INTEGER),
    onBackpressure: checkOnBackpressure(options.onBackpressure),
    streamCloseCode: checkStreamCloseCode(options),
  };
}

function checkOnBackpressure(value: unknown = "close"): "close" | "refuse" {
  if (value === "close" || value === "refuse") return value;
  throw new TypeError(`Cannot use the option onBackpressure: it must be "close" or "refuse", received ${value}`);
}

function checkStreamCloseCode(options: WebSocketDriverOptions): number {
  const code = checkInteger(options, "streamCloseCode", CloseCode.NORMAL_CLOSURE, 1000, 4999);
  if (code === CloseCode.NO_STATUS_RECEIVED || isSendableCloseCode(code)) return code;
  throw new RangeError(
    `Cannot use the option streamCloseCode: it must be a code that may be sent (RFC 6455 7.4), received ${code}`,
  );
}

/** A string would be split into its letters. */
function checked(protocols: string[]): string[] {
  checkSubprotocols(protocols);
  return protocols;
}
