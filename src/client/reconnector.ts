import { reportException } from "../connection/report_exception.ts";
import { HandshakeError } from "../handshake_error.ts";
import { Backoff } from "./backoff.ts";
import { Client, type ClientOptions } from "./client.ts";
import { type ConnectionFailure, statusOf } from "./connection_failure.ts";
import type { Environment } from "./environment.ts";
import { parseRetryAfter } from "./retry_after.ts";
import { isBusy, isFinalFailure } from "./retry_policy.ts";
import type { RetrySettings } from "./retry_options.ts";
import { resolveUrl, type UrlSource } from "./url_source.ts";

/** How long the URL function may take if no `handshakeTimeout` is given, in milliseconds. */
const URL_TIMEOUT = 10_000;

/**
 * A wait before the next attempt.
 *
 * @example Count down for the user
 * ```ts
 * import { makeReconnectingClient, type Waiting } from "@wsd/driver/client";
 *
 * await using ws = makeReconnectingClient("wss://example.com/");
 * ws.on("waiting", ({ attempt, delay, failure }: Waiting) => {
 *   console.log(`Attempt ${attempt} in ${Math.ceil(delay / 1000)} s, after:`, failure.error ?? failure.code);
 * });
 * ```
 * @category Client
 */
export interface Waiting {
  /** The number of the next attempt, counted from 1 since the last stable connection. */
  readonly attempt: number;
  /** The wait, in milliseconds. */
  readonly delay: number;
  /** Why it must connect again. */
  readonly failure: ConnectionFailure;
}

/** Receives the events of a {@linkcode Reconnector}. */
export interface ReconnectorObserver {
  /**
   * A client was created, but isn't started yet.
   *
   * @param client The client.
   */
  onClient?(client: Client): void;
  /**
   * The wait before the next attempt begins.
   *
   * @param waiting How long, and why.
   */
  onWaiting?(waiting: Waiting): void;
}

/** The options of a {@linkcode Reconnector}. */
export interface ReconnectorOptions {
  /** The URL, or a function that returns it. */
  readonly source: UrlSource;
  /** The options of each client. */
  readonly client: ClientOptions;
  /** When to connect again. */
  readonly retry: RetrySettings;
  /** The clock and the random numbers. */
  readonly environment: Environment;
}

/** How a connection from {@linkcode Reconnector.next} ended. */
export type Loss = Pick<ConnectionFailure, "phase" | "code" | "reason" | "error">;

/**
 * Connects, as often as it takes: the machine below `connections`, `makeReconnectingClient` and
 * `ReconnectingWebSocket`.
 *
 * Its user calls {@linkcode Reconnector.next} for a connection, and {@linkcode Reconnector.lost} when that one is over.
 */
export class Reconnector {
  readonly #options: ReconnectorOptions;
  readonly #observer: ReconnectorObserver;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  /** Why there is no connection, null before the first attempt. */
  #failure: ConnectionFailure | null = null;
  #openedAt = 0;
  #url = "";
  /** Ends the current wait. */
  #wake: (() => void) | null = null;

  /**
   * @param options Where, how, and when to connect.
   * @param observer Receives the events.
   */
  constructor(options: ReconnectorOptions, observer: ReconnectorObserver = {}) {
    this.#options = options;
    this.#observer = observer;
    this.#backoff = new Backoff(options.retry, () => options.environment.random());
  }

  /** Whether it was stopped. */
  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * Connects, with waits between the attempts.
   *
   * @returns The next connection, open; null if the last failure was final, or {@linkcode Reconnector.stop} was called.
   */
  async next(): Promise<Client | null> {
    while (!this.stopped) {
      if (this.#failure?.final) return null;
      if (this.#failure !== null) await this.#wait(this.#failure);
      if (this.stopped) break;
      const client = await this.#attempt();
      if (client !== null) return client;
    }
    return null;
  }

  /** The URL of the last attempt, without credentials; empty before the first one. */
  get url(): string {
    return this.#url;
  }

  /** Why there is no connection; null before the first attempt. */
  get failure(): ConnectionFailure | null {
    return this.#failure;
  }

  /**
   * Reports that the connection is over.
   *
   * @param loss How it ended.
   * @param final Whether that is final; by default, the rules decide.
   * @returns The details of the failure.
   */
  lost(loss: Loss, final?: boolean): ConnectionFailure {
    const { environment, retry } = this.#options;
    if (environment.now() - this.#openedAt >= retry.stableAfter) this.#backoff.reset();
    return this.#fail(loss, final);
  }

  /**
   * Ends the wait before the next attempt.
   *
   * @returns False if it didn't wait.
   */
  reconnectNow(): boolean {
    if (this.#wake === null) return false;
    this.#wake();
    return true;
  }

  /** Ends the current attempt or wait. An open connection stays open. */
  stop(): void {
    this.#stopping.abort(new HandshakeError("Cannot open the connection: it was already closed"));
    this.#wake?.();
  }

  async #attempt(): Promise<Client | null> {
    const { client: common, environment } = this.#options;
    let phase: ConnectionFailure["phase"] = "url";
    this.#backoff.onAttempt(environment.now());
    try {
      const { url, options } = await this.#locate();
      phase = "opening";
      const client = new Client(url, { ...common, ...options });
      this.#url = client.url;
      this.#observer.onClient?.(client);
      await client.startConnection({ signal: this.#stopping.signal });
      this.#openedAt = environment.now();
      return client;
    } catch (error) {
      // An attempt that stop() ends is not a failure.
      if (!this.stopped) this.#fail({ phase, code: null, reason: "", error });
      return null;
    }
  }

  async #locate() {
    const { source, client, environment } = this.#options;
    const timeout = new AbortController();
    const { handshakeTimeout = URL_TIMEOUT } = client;
    const cancel = environment.after(handshakeTimeout, () => {
      timeout.abort(new HandshakeError(`Cannot connect: the function returned no URL within ${handshakeTimeout} ms`));
    });
    const signal = AbortSignal.any([this.#stopping.signal, timeout.signal]);
    try {
      return await resolveUrl(source, { attempt: this.#backoff.failures, signal });
    } finally {
      cancel();
    }
  }

  #fail(loss: Loss, final?: boolean): ConnectionFailure {
    const { source, retry } = this.#options;
    this.#backoff.onFailure();
    const failure = { ...loss, status: statusOf(loss.error), attempt: this.#backoff.failures };
    const usual = final ?? isFinalFailure(failure, typeof source === "function", this.#failure);
    this.#failure = { ...failure, final: usual };
    if (final === undefined && retry.isFinal !== undefined) this.#ask(retry.isFinal, this.#failure);
    return this.#failure;
  }

  /** An exception of the application's function is reported on its own; then the rules apply. */
  #ask(isFinal: (failure: ConnectionFailure) => boolean, failure: ConnectionFailure): void {
    try {
      this.#failure = { ...failure, final: Boolean(isFinal(failure)) };
    } catch (error) {
      reportException(error);
    }
  }

  async #wait(failure: ConnectionFailure): Promise<void> {
    const { environment } = this.#options;
    const { error, phase, attempt } = failure;
    const retryAfter = phase === "opening" && error instanceof HandshakeError
      ? parseRetryAfter(error.headers, environment.date())
      : null;
    const delay = this.#backoff.delay(environment.now(), { busy: isBusy(failure), retryAfter });
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = environment.after(delay, resolve);
    this.#wake = resolve;
    this.#observer.onWaiting?.({ attempt, delay, failure });
    await promise;
    this.#wake = null;
    cancel();
  }
}
