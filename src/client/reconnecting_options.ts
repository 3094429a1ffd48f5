import { checkInteger, MAX_TIMEOUT } from "../check_integer.ts";
import { checkOptionNames } from "../check_options.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { Client } from "./client.ts";
import type { ConnectionFailure } from "./connection_failure.ts";
import { CONNECTIONS_OPTION_NAMES, type ConnectionsOptions } from "./connections.ts";
import type { Waiting } from "./reconnector.ts";

/**
 * The options of {@linkcode makeReconnectingClient}: how it connects, and what to do with messages while it is
 * disconnected.
 *
 * @example Log in before anything else is sent, and queue messages while the server restarts
 * ```ts
 * import { makeReconnectingClient, type ReconnectingClientOptions } from "@wsd/driver";
 *
 * const options: ReconnectingClientOptions = {
 *   whileAway: "queue",
 *   maxQueueAge: 10_000,
 *   onConnect: (client) => void client.send(JSON.stringify({ subscribe: "prices" })),
 * };
 * await using ws = makeReconnectingClient("wss://example.com/", options);
 * ```
 * @category Client
 */
export interface ReconnectingClientOptions extends ConnectionsOptions {
  /**
   * What to do with a message that is sent while there is no connection: `"queue"` keeps it for the next one,
   * `"refuse"` makes `send` return false.
   *
   * @default {"refuse"}
   */
  whileAway?: "queue" | "refuse";
  /**
   * How many bytes may wait for the next connection, with 64 bytes added for each message; beyond that, `send` returns
   * false.
   *
   * @default {1048576}
   */
  maxQueueBytes?: number;
  /**
   * How long a message may wait for the next connection, in milliseconds; then it is dropped, and `"dropped"` is
   * emitted.
   *
   * @default {60000}
   */
  maxQueueAge?: number;
  /**
   * Called with each connection before queued messages are sent on it: the place to authenticate and to subscribe. Its
   * own messages go first. If it returns a promise, that is awaited; if it fails, the connection is closed, which
   * counts as a failure like any other.
   *
   * Messages that arrive meanwhile go to the listeners of `client` and to those of the reconnecting client.
   *
   * @param client The open connection.
   * @param context A signal that aborts when the connection is over.
   */
  onConnect?: (client: Client, context: { signal: AbortSignal }) => unknown;
}

const OPTION_NAMES: Readonly<Record<keyof ReconnectingClientOptions, true>> = {
  ...CONNECTIONS_OPTION_NAMES,
  whileAway: true,
  maxQueueBytes: true,
  maxQueueAge: true,
  onConnect: true,
};

/** The options of the queue, with their defaults. */
export type QueueSettings =
  & Required<Pick<ReconnectingClientOptions, "whileAway" | "maxQueueBytes" | "maxQueueAge">>
  & Pick<ReconnectingClientOptions, "onConnect">;

/**
 * Separates the options of the queue from all others.
 *
 * @param options The caller's options.
 * @returns The options of the queue, with their defaults, and the others.
 * @throws {TypeError} If a value is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function takeQueueOptions(
  options: ReconnectingClientOptions,
): { settings: QueueSettings; rest: ConnectionsOptions } {
  checkOptionNames("create a reconnecting client", options, OPTION_NAMES);
  const { whileAway = "refuse", maxQueueBytes: _bytes, maxQueueAge: _age, onConnect, ...rest } = options;
  if (whileAway !== "queue" && whileAway !== "refuse") {
    throw new TypeError(
      `Cannot create a reconnecting client: whileAway must be "queue" or "refuse", received ${String(whileAway)}`,
    );
  }
  if (onConnect !== undefined && typeof onConnect !== "function") {
    throw new TypeError(
      `Cannot create a reconnecting client: onConnect must be a function, received ${typeof onConnect}`,
    );
  }
  const maxQueueBytes = checkInteger(options, "maxQueueBytes", 1024 * 1024, 1, Number.MAX_SAFE_INTEGER);
  const maxQueueAge = checkInteger(options, "maxQueueAge", 60_000, 1, MAX_TIMEOUT);
  return { settings: { whileAway, maxQueueBytes, maxQueueAge, onConnect }, rest };
}

/**
 * How to send a message that may have to wait for a connection.
 *
 * @example Send only the newest position, and remove it when the user stops
 * ```ts
 * import { makeReconnectingClient, type ReconnectingSendOptions } from "@wsd/driver/client";
 *
 * const stopping = new AbortController();
 * const options: ReconnectingSendOptions = { key: "position", signal: stopping.signal };
 *
 * await using ws = makeReconnectingClient("ws://localhost:9/", { whileAway: "queue" });
 * console.log(ws.send("1,1", options)); // queued
 * console.log(ws.send("1,2", options)); // queued
 * console.log(ws.bufferedAmount); // 3
 * stopping.abort();
 * console.log(ws.bufferedAmount); // 0
 * ```
 * @category Client
 */
export interface ReconnectingSendOptions {
  /**
   * What to send the data as.
   *
   * @default {"text" for a string, "binary" for bytes}
   */
  type?: "text" | "binary";
  /**
   * False sends this message uncompressed, even if the connection compresses.
   *
   * @default {true}
   */
  compress?: boolean;
  /** A newer message with the same key replaces one that is still queued. */
  key?: string;
  /** Removes the message, as long as no byte of it was handed to the system. */
  signal?: AbortSignal;
  /** Called when the message's bytes were handed to the system. */
  callback?: () => void;
}

/** All option names. */
export const SEND_OPTION_NAMES: Readonly<Record<keyof ReconnectingSendOptions, true>> = {
  type: true,
  compress: true,
  key: true,
  signal: true,
  callback: true,
};

/**
 * Details of a lost connection.
 *
 * @example Ask the server about messages that may be missing
 * ```ts
 * import { type Down, makeReconnectingClient } from "@wsd/driver/client";
 *
 * await using ws = makeReconnectingClient("wss://example.com/", { whileAway: "queue" });
 * ws.on("down", ({ code, unconfirmed }: Down) => {
 *   console.log(`Lost with ${code}; ${unconfirmed.length} messages may not have arrived`);
 * });
 * ```
 * @category Client
 */
export interface Down extends ConnectionFailure {
  /**
   * The messages that were handed to the system, completely or in part, and that the server didn't confirm: each may or
   * may not have arrived, and none is sent again.
   */
  readonly unconfirmed: readonly (string | Uint8Array)[];
}

/**
 * Messages that are not sent, although `send` accepted them.
 *
 * @example Tell the user
 * ```ts
 * import { type Dropped, makeReconnectingClient } from "@wsd/driver/client";
 *
 * await using ws = makeReconnectingClient("wss://example.com/", { whileAway: "queue", maxQueueAge: 5_000 });
 * ws.on("dropped", ({ messages, reason }: Dropped) => console.log(messages.length, "messages are lost:", reason));
 * ```
 * @category Client
 */
export interface Dropped {
  /** The messages, in order; no byte of them was handed to the system. */
  readonly messages: readonly (string | Uint8Array)[];
  /**
   * They waited longer than `maxQueueAge`; the connection was lost, and queueing is off; the client has ended for good.
   */
  readonly reason: "age" | "away" | "ended";
}

/**
 * The events of a reconnecting client, and the arguments of their listeners.
 *
 * @example Show the state to users
 * ```ts
 * import type { ReconnectingEvents } from "@wsd/driver/client";
 *
 * const onWaiting = (...[{ attempt, delay }]: ReconnectingEvents["waiting"]) => {
 *   console.log(`Attempt ${attempt} in ${Math.round(delay / 1000)} s`);
 * };
 * ```
 * @category Client
 */
export interface ReconnectingEvents {
  /** There is a connection, and `onConnect` is done; queued messages are being sent. */
  up: [client: Client];
  /** The connection that was up is over. */
  down: [down: Down];
  /** A message has arrived: text as a string, binary as bytes. */
  message: [message: string | Uint8Array];
  /** The client waits before the next attempt. */
  waiting: [waiting: Waiting];
  /** Messages that were accepted will not be sent. */
  dropped: [dropped: Dropped];
  /** There is room again for more to send, after `desiredSize` was at or below 0. */
  drain: [];
  /** A failure was final; `"close"` follows. */
  gaveUp: [failure: ConnectionFailure];
  /** The client has ended for good; the last event. The code is that of the last connection, 1006 if there was none. */
  close: [info: CloseInfo];
}
