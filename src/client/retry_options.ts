import { checkInteger, MAX_TIMEOUT } from "../check_integer.ts";
import type { ConnectionFailure } from "./connection_failure.ts";

/**
 * When to connect again, and when to give up.
 *
 * @example Reconnect faster in your own network, and give up when the server says that the session is over
 * ```ts
 * import { makeReconnectingClient, type RetryOptions } from "@wsd/driver/client";
 *
 * const options: RetryOptions = {
 *   minDelay: 100,
 *   maxDelay: 5_000,
 *   isFinal: ({ code, status, final }) => code === 4001 || (status !== 404 && final),
 * };
 * await using ws = makeReconnectingClient("ws://localhost:5000/", options);
 * ```
 * @category Client
 */
export interface RetryOptions {
  /**
   * How long to wait after a first failure, in milliseconds; chosen at random from 0 to this ("full jitter"), so that
   * the clients of a lost server don't all return at once.
   *
   * @default {1000}
   */
  minDelay?: number;
  /**
   * The longest of these waits, in milliseconds, again chosen at random from 0 to this. There are never more than eight
   * attempts in twice this time, and a server can ask for more with `Retry-After`.
   *
   * @default {30000}
   */
  maxDelay?: number;
  /**
   * By how much the longest wait grows with each failure in a row.
   *
   * @default {2}
   */
  factor?: number;
  /**
   * How long a connection must have been open, in milliseconds, for the count of failures to start again.
   *
   * @default {10000}
   */
  stableAfter?: number;
  /**
   * Decides whether a failure is final. `failure.final` is what happens without this function.
   *
   * @param failure The failure.
   * @returns True to give up, false to connect again.
   */
  isFinal?: (failure: ConnectionFailure) => boolean;
}

/** A day, in milliseconds. */
const LONGEST_DELAY = 86_400_000;

/** The options with their defaults. */
export type RetrySettings = Required<Omit<RetryOptions, "isFinal">> & Pick<RetryOptions, "isFinal">;

/** All option names. */
export const RETRY_OPTION_NAMES: Readonly<Record<keyof RetryOptions, true>> = {
  minDelay: true,
  maxDelay: true,
  factor: true,
  stableAfter: true,
  isFinal: true,
};

/**
 * Checks options and fills in the defaults.
 *
 * @param options The caller's options.
 * @returns All settings.
 * @throws {TypeError} If a value is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkRetryOptions(options: RetryOptions): RetrySettings {
  const { factor = 2, isFinal } = options;
  if (typeof factor !== "number") {
    throw new TypeError(`Cannot use the option factor: factor must be a number, received ${typeof factor}`);
  }
  if (!(factor >= 1 && factor < Infinity)) {
    throw new RangeError(`Cannot use the option factor: factor must be a number of at least 1, received ${factor}`);
  }
  if (isFinal !== undefined && typeof isFinal !== "function") {
    throw new TypeError(`Cannot use the option isFinal: isFinal must be a function, received ${typeof isFinal}`);
  }
  const maxDelay = checkInteger(options, "maxDelay", 30_000, 1, LONGEST_DELAY);
  const minDelay = checkInteger(options, "minDelay", Math.min(1_000, maxDelay), 1, maxDelay);
  const stableAfter = checkInteger(options, "stableAfter", 10_000, 0, MAX_TIMEOUT);
  return { minDelay, maxDelay, factor, stableAfter, isFinal };
}
