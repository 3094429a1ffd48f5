import { CloseCode } from "../close_code.ts";
import { checkOptionNames } from "../check_options.ts";
import { Client, CLIENT_OPTION_NAMES, type ClientOptions } from "./client.ts";
import { errorOf } from "./connection_failure.ts";
import { type Environment, systemEnvironment } from "./environment.ts";
import { Reconnector } from "./reconnector.ts";
import { checkRetryOptions, RETRY_OPTION_NAMES, type RetryOptions, type RetrySettings } from "./retry_options.ts";
import type { UrlSource } from "./url_source.ts";

/** The default time between two Pings of a reconnecting client, in milliseconds. */
const PING_INTERVAL = 30_000;

/**
 * The options of {@linkcode connections}: those of each client, and when to connect again.
 *
 * @example Stop with the program
 * ```ts
 * import { connections, type ConnectionsOptions } from "@wsd/driver";
 * import { assertRejects } from "@std/assert";
 *
 * const stopping = new AbortController();
 * const options: ConnectionsOptions = { signal: stopping.signal, maxDelay: 5_000, pingInterval: 10_000 };
 * const running = (async () => {
 *   for await (const ws of connections("ws://localhost:9/", options)) ws.send("Hi");
 * })();
 * stopping.abort(new Error("The program ends"));
 * await assertRejects(() => running, Error, "The program ends");
 * ```
 * @category Client
 */
export interface ConnectionsOptions extends Omit<ClientOptions, "signal" | "transport">, RetryOptions {
  /** Ends it for good: a wait, an attempt or an open connection. */
  signal?: AbortSignal;
  /**
   * The time between two Pings of the heartbeat, in milliseconds; 0 for none. Together with `pingTimeout`, it
   * determines how soon a vanished network is noticed.
   *
   * @default {30000}
   */
  pingInterval?: number;
}

/** All option names. */
export const CONNECTIONS_OPTION_NAMES: Readonly<Record<keyof ConnectionsOptions, true>> = {
  ...CLIENT_OPTION_NAMES,
  ...RETRY_OPTION_NAMES,
};

/** The options, split by recipient. */
export interface SortedOptions {
  /** The options of each client. */
  readonly client: ClientOptions;
  /** When to connect again. */
  readonly retry: RetrySettings;
}

/**
 * Checks the options, and splits them by recipient.
 *
 * @param source The URL, or a function that returns it.
 * @param options The caller's options.
 * @returns The options of a client, and those of reconnecting.
 * @throws {TypeError} If the URL or an option is malformed.
 * @throws {RangeError} If a number is out of its range.
 */
export function sortOptions(source: UrlSource, options: ConnectionsOptions): SortedOptions {
  const retry = checkRetryOptions(options);
  const { signal, pingInterval = PING_INTERVAL, ...rest } = options;
  const client: ClientOptions & RetryOptions = { ...rest, pingInterval };
  for (const name of Object.keys(RETRY_OPTION_NAMES)) delete client[name as keyof RetryOptions];
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`Cannot connect: signal must be an AbortSignal, received ${typeof signal}`);
  }
  if (client.transport !== undefined) {
    throw new TypeError(
      "Cannot connect twice over one transport: let a function return the URL, and a transport with it",
    );
  }
  // A client checks its options when it is created: this one is never started.
  new Client(typeof source === "function" ? "wss://localhost/" : source, client);
  return { client, retry };
}

/**
 * Stays connected: iterates over open connections, with a new one after each that is lost.
 *
 * The body of the loop uses its connection until that ends. If the body is done sooner, the connection is closed, and
 * the next one is opened. Leaving the loop closes the connection and ends the iteration. So does a close with 1000 by
 * the server, or by the body if it waits for `closed`.
 *
 * Between two connections it waits according to {@linkcode RetryOptions}.
 *
 * @param url The URL, or a function that returns it before each attempt, for example with a fresh token.
 * @param options The options of each client, and when to connect again.
 * @returns An iterator over the open connections, one at a time.
 * @throws {TypeError} If the URL or an option is malformed.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example Receive messages, whatever happens to the server
 * ```ts
 * import { connections, makeServer, serve } from "@wsd/driver";
 *
 * // It fails after each message.
 * let count = 0;
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("open", () => ws.send(`${++count}`, { callback: () => ws.closeConnection("", 1011) }));
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * const messages: unknown[] = [];
 * const url = `ws://localhost:${(server.addr as Deno.NetAddr).port}/`;
 * for await (const ws of connections(url, { minDelay: 10 })) {
 *   ws.send("Hi");
 *   for await (const message of ws) messages.push(message);
 *   if (messages.length === 3) break;
 * }
 * console.log(messages); // [ "1", "2", "3" ]
 * ```
 * @category Client
 */
export function connections(url: UrlSource, options: ConnectionsOptions = {}): AsyncGenerator<Client, void, void> {
  return connectionsIn(systemEnvironment, url, options);
}

/**
 * Implements {@linkcode connections}.
 *
 * @param environment The clock and the random numbers.
 * @param source The URL, or a function that returns it.
 * @param options The options of each client, and when to connect again.
 * @returns The connections.
 */
export function connectionsIn(
  environment: Environment,
  source: UrlSource,
  options: ConnectionsOptions = {},
): AsyncGenerator<Client, void, void> {
  checkOptionNames("connect", options, CONNECTIONS_OPTION_NAMES);
  const sorted = sortOptions(source, options);
  return iterate(new Reconnector({ source, ...sorted, environment }), options.signal);
}

async function* iterate(
  reconnector: Reconnector,
  signal: AbortSignal | undefined,
): AsyncGenerator<Client, void, void> {
  let client: Client | null = null;
  const onAbort = () => {
    reconnector.stop();
    client?.terminate();
  };
  if (signal?.aborted) reconnector.stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    while ((client = await reconnector.next()) !== null) {
      if (reconnector.stopped) client.terminate();
      yield client;
      await finish(client, reconnector);
    }
    signal?.throwIfAborted();
    const { failure } = reconnector;
    if (failure !== null && failure.code !== CloseCode.NORMAL_CLOSURE) throw errorOf(failure, reconnector.url);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    reconnector.stop();
    await client?.[Symbol.asyncDispose]();
  }
}

/** A body that is done before its connection ends wants another one. */
async function finish(client: Client, reconnector: Reconnector): Promise<void> {
  const left = client.readyState !== "closed";
  if (left) await client[Symbol.asyncDispose]();
  const { code, reason } = await client.closed;
  reconnector.lost({ phase: "open", code, reason, error: null }, left ? false : undefined);
}
