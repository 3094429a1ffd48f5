import { reportFault } from "../connection/report_fault.ts";
import { HandshakeError } from "../handshake_error.ts";
import { Backoff } from "./backoff.ts";
import { Client, type ClientOptions } from "./client.ts";
import { type ConnectionFailure, statusOf } from "./connection_failure.ts";
import type { Environment } from "./environment.ts";
import { parseRetryAfter } from "./retry_after.ts";
import { isBusy, isFinalFailure } from "./retry_policy.ts";
import type { RetrySettings } from "./retry_options.ts";
import { resolveUrl, type UrlSource } from "./url_source.ts";

/** How long the function for the URL may take if no `handshakeTimeout` is given, in milliseconds. */
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
  /** Which attempt is next, counted from 1 since the last connection that was stable. */
  readonly attempt: number;
  /** How long it waits, in milliseconds. */
  readonly delay: number;
  /** Why it has to connect again. */
  readonly failure: ConnectionFailure;
}

/** Who learns what a {@linkcode Reconnector} does. */
export interface ReconnectorObserver {
  /**
   * There is a client, which isn't started yet.
   *
   * @param client The client.
   */
  onClient?(client: Client): void;
  /**
   * It waits before the next attempt.
   *
   * @param waiting For how long, and why.
   */
  onWaiting?(waiting: Waiting): void;
}

/** What a {@linkcode Reconnector} is made from. */
export interface ReconnectorOptions {
  /** Where to connect to. */
  readonly source: UrlSource;
  /** The options of each client. */
  readonly client: ClientOptions;
  /** When to connect again. */
  readonly retry: RetrySettings;
  /** The time and the chance. */
  readonly environment: Environment;
}

/** How a connection ended that {@linkcode Reconnector.next} gave. */
export type Loss = Pick<ConnectionFailure, "phase" | "code" | "reason" | "error">;

/**
 * Connects, as often as it takes: the machine below `connections`, `makeReconnectingClient` and `ReconnectingWebSocket`.
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
  /** Ends the wait that is under way. */
  #wake: (() => void) | null = null;

  /**
   * @param options Where to, how, and when.
   * @param observer Who learns what happens.
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

  /** Where the last attempt was to, without a user's name and password; empty before the first one. */
  get url(): string {
    return this.#url;
  }

  /** Why there is no connection; null before the first attempt. */
  get failure(): ConnectionFailure | null {
    return this.#failure;
  }

  /**
   * The connection is over.
   *
   * @param loss How.
   * @param final Whether that ends it for good; if it is not given, the rules decide.
   * @returns All that is known of it.
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

  /** Ends what is under way, an attempt or a wait. A connection that is open stays open. */
  stop(): void {
    this.#stopping.abort(new HandshakeError("Cannot open the connection: it was closed before"));
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
      // What ends with it is not its failure.
      if (!this.stopped) this.#fail({ phase, code: null, reason: "", error });
      return null;
    }
  }

  async #locate() {
    const { source, client, environment } = this.#options;
    const timeout = new AbortController();
    const { handshakeTimeout = URL_TIMEOUT } = client;
    const cancel = environment.after(handshakeTimeout, () => {
      timeout.abort(new HandshakeError(`Cannot connect: the function gave no URL within ${handshakeTimeout} ms`));
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

  /** What the application's function throws is a fault of its own; the rules hold then. */
  #ask(isFinal: (failure: ConnectionFailure) => boolean, failure: ConnectionFailure): void {
    try {
      this.#failure = { ...failure, final: Boolean(isFinal(failure)) };
    } catch (error) {
      reportFault(error);
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
