import { checkOptionNames } from "../check_options.ts";
import { CloseCode } from "../close_code.ts";
import { messageOf } from "../connection/message_of.ts";
import { ProtocolConnection } from "../connection/protocol_connection.ts";
import { SharedTimeout } from "../connection/shared_timeout.ts";
import type { DriverCore } from "../driver/driver_core.ts";
import type { DriverSide } from "../driver/driver_side.ts";
import { negotiateAsClient, type NegotiatedExtensions, offerExtensions } from "../driver/negotiate_extensions.ts";
import type { Negotiated } from "../driver/negotiated.ts";
import { DRIVER_OPTION_NAMES } from "../driver/option_names.ts";
import type { WebSocketDriverOptions } from "../driver/options.ts";
import { watchHandshake } from "../driver/publish.ts";
import { coreOf, WebSocketDriver } from "../driver/websocket_driver.ts";
import { ErrorCode, type WebSocketError } from "../errors.ts";
import { checkSubprotocols } from "../handshake/subprotocol.ts";
import { HandshakeError } from "../handshake_error.ts";
import { type ByteStreamPair, StreamTransport } from "../transport/stream_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { dial } from "./dial.ts";
import { type OpenedHandshake, openHandshake } from "./open_handshake.ts";
import { type Destination, followRedirect } from "./redirect.ts";
import { remindAtExit } from "./remind_at_exit.ts";
import { checkStartOptions, START_OPTION_NAMES, type StartConnectionOptions } from "./start_options.ts";
import { parseTarget, type Target } from "./target.ts";

/** A handshake that a server has accepted, and the transport it came over. */
interface AcceptedHandshake extends OpenedHandshake {
  readonly transport: Transport;
}

/**
 * The options of {@linkcode makeClient}.
 *
 * @example Identify yourself, choose subprotocols, and set a timeout
 * ```ts
 * import { type ClientOptions, makeClient } from "@wsd/driver";
 *
 * const options: ClientOptions = {
 *   acceptProtocols: ["chat"],
 *   additionalHeaders: { authorization: "Bearer 123" },
 *   handshakeTimeout: 5_000,
 *   maxLength: 1024 * 1024,
 * };
 * const ws = makeClient("wss://example.com/chat", options);
 * console.log(ws.maxLength); // 1048576
 * ```
 * @category Client
 */
export interface ClientOptions extends WebSocketDriverOptions, StartConnectionOptions {
  /**
   * Whether to fail if the server picks none of `acceptProtocols`. RFC 6455 leaves that to the client; the web's
   * classes always fail.
   *
   * @default {false}
   */
  requireProtocol?: boolean;
}

export const CLIENT_OPTION_NAMES: Readonly<Record<keyof ClientOptions, true>> = {
  ...DRIVER_OPTION_NAMES,
  ...START_OPTION_NAMES,
  requireProtocol: true,
};

/** The names of some options in other libraries and in the web's classes. */
const OTHER_NAMES = {
  headers: "additionalHeaders",
  protocol: "acceptProtocols",
  protocols: "acceptProtocols",
  subprotocols: "acceptProtocols",
  ca: "caCerts",
  maxPayload: "maxLength",
  agent: "proxy",
  followRedirects: "maxRedirects",
  timeout: "handshakeTimeout",
} as const;

/**
 * The client's side of a WebSocket connection; create one with {@linkcode makeClient}.
 *
 * @example Talk to a server
 * ```ts
 * import { makeClient, makeServer, serve } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * const ws = makeClient(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`);
 * const answer = new Promise((resolve) => ws.on("message", resolve));
 * console.log(await ws.startConnection()); // true
 * ws.send("Hi");
 * console.log(await answer); // Hi
 * ```
 * @category Client
 */
export class Client extends WebSocketDriver {
  readonly #target: Target;
  readonly #options: ClientOptions;
  readonly #handshake = new AbortController();
  /** The transport of the current attempt. */
  #transport: Transport | null = null;
  /** How far the handshake is, until the connection is open or has failed. */
  #state: "new" | "started" | "abandoned" = "new";
  #starting: Promise<boolean> | null = null;
  /** Cancels the reminder that it was not started. */
  #stopReminding: (() => void) | null = null;
  /** The header fields of the response, unparsed until somebody reads them. */
  #responseHeaders: Headers | [name: string, value: string][] | null = null;
  /** Cancels the delayed start of reading; null if none is due. */
  #cancelStart: (() => void) | null = null;

  /**
   * Checks the URL and the options; nothing is connected yet.
   *
   * @param url Where to connect to.
   * @param options Limits, times, certificates, headers.
   * @throws {TypeError} If the URL or an option is malformed, or an option is unknown.
   * @throws {RangeError} If a number is out of its range.
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    super(checkNames(options));
    this.#core.side = new Client.#Side(this);
    this.#target = parseTarget(url);
    this.#options = options;
    checkStartOptions(options, this.#target);
    checkRequireProtocol(options);
    this.#core.settings.additionalHeaders.check();
  }

  get #core(): DriverCore {
    return coreOf(this);
  }

  /** The URL, with the scheme `ws:` or `wss:` and without credentials. */
  get url(): string {
    return this.#target.url.href;
  }

  /**
   * The header fields of the response that opened the connection, such as the `Set-Cookie` of a load balancer with
   * sticky sessions; null before. Those of a refusal are in its {@linkcode HandshakeError}.
   *
   * @example Return to the same server
   * ```ts
   * import { makeClient, makeServer, serve } from "@wsd/driver";
   *
   * await using server = serve({ port: 0, onListen() {} }, (request) => {
   *   const ws = makeServer(request, { additionalHeaders: { "set-cookie": "server=b; Path=/" } });
   *   ws.startConnection();
   *   return ws.response;
   * });
   *
   * await using ws = makeClient(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`);
   * await ws.startConnection();
   * const cookies = ws.responseHeaders?.getSetCookie().map((cookie) => cookie.split(";")[0]) ?? [];
   * console.log(cookies); // [ "server=b" ]
   * // For the next one: makeClient(ws.url, { additionalHeaders: { cookie: cookies.join("; ") } })
   * ```
   */
  get responseHeaders(): Headers | null {
    if (Array.isArray(this.#responseHeaders)) this.#responseHeaders = new Headers(this.#responseHeaders);
    return this.#responseHeaders;
  }

  /**
   * Connects to the server and does the opening handshake, RFC 6455 §4.1.
   *
   * @param options Options that override those of the client.
   * @returns True once the connection is open; false if it was already started.
   * @throws {HandshakeError} As a rejection: the server can't be reached, refuses, breaks a rule or takes longer than
   * `handshakeTimeout`. `"error"` and `"close"` are emitted, too; if there is a listener for errors, the rejection need
   * not be handled.
   * @throws {TypeError} At the call, if an option is malformed.
   */
  startConnection(options: StartConnectionOptions = {}): Promise<boolean> {
    if (this.#state !== "new" || this.readyState !== "connecting") return Promise.resolve(false);
    checkOptionNames<StartConnectionOptions>("start the connection", options, START_OPTION_NAMES);
    const merged = { ...this.#options, ...options };
    checkStartOptions(merged, this.#target);
    checkSubprotocols(this.acceptProtocols);
    this.#core.settings.additionalHeaders.check();
    this.#state = "started";
    this.#stopReminding?.();
    this.#core.handshake = watchHandshake("client");
    return this.#starting = this.#start(merged);
  }

  async #start(options: ClientOptions): Promise<boolean> {
    const { signal } = this.#handshake;
    const stopWatching = this.#watch(options.signal);
    const giveUp = () => this.#transport?.close();
    signal.addEventListener("abort", giveUp);
    try {
      if (options.transport !== undefined) this.#transport = toTransport(options.transport);
      // Nothing fails before the caller can listen to it.
      await null;
      signal.throwIfAborted();
      const { transport, protocol, extensions, fields, early } = await this.#requestUpgrade(options);
      signal.throwIfAborted();
      const negotiated = { protocol, ...negotiateAsClient(extensions, this.#core.settings.perMessageDeflate) };
      this.#responseHeaders = [...fields];
      this.#open(transport, negotiated, early);
      return true;
    } catch (error) {
      giveUp();
      const fault = this.#faultOf(error);
      // A listener gets the error, so the rejection need not be handled. The listener may be added after the start.
      if (this.listenerCount("error") > 0) queueMicrotask(() => this.#starting?.catch(() => {}));
      this.#onRefused(fault);
      throw fault;
    } finally {
      stopWatching();
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Connects and does the handshake, again for each redirect. */
  async #requestUpgrade(options: ClientOptions): Promise<AcceptedHandshake> {
    let from: Destination = { target: this.#target, fields: this.#core.settings.additionalHeaders.check(), options };
    const { maxRedirects = 0, requireProtocol = false } = options;
    for (let followed = 0;; followed++) {
      const transport = await this.#connect(from, options.transport);
      try {
        const offers = offerExtensions(this.#core.settings.perMessageDeflate);
        const request = { protocols: this.acceptProtocols, offers, fields: from.fields, requireProtocol };
        return { transport, ...await openHandshake(transport, from.target, request) };
      } catch (refusal) {
        const next = followed < maxRedirects ? followRedirect(refusal, from) : null;
        if (next === null) throw refusal;
        transport.close();
        this.#handshake.signal.throwIfAborted();
        from = next;
      }
    }
  }

  /** Uses the given transport, or creates one. */
  async #connect({ target, options }: Destination, given: ClientOptions["transport"]): Promise<Transport> {
    if (given === undefined) this.#transport = await dial(target, options, this.#handshake.signal);
    return this.#transport!;
  }

  /** The error that ended the handshake. A refusal says more than a timeout while its body was being read. */
  #faultOf(error: unknown): unknown {
    const { aborted, reason } = this.#handshake.signal;
    if (!aborted) return error;
    const timedOut = reason instanceof HandshakeError && reason.code === ErrorCode.HANDSHAKE_TIMEOUT;
    return timedOut && error instanceof HandshakeError && error.status !== null ? error : reason;
  }

  /** Lets the caller's signal and the timeout end the handshake. */
  #watch(signal: AbortSignal | undefined): () => void {
    const { handshakeTimeout } = this.#core.settings;
    const onAbort = () => this.#handshake.abort(signal?.reason);
    const stopTimer = SharedTimeout.after(handshakeTimeout, () => {
      this.#handshake.abort(
        new HandshakeError(
          `Cannot open the connection to ${this.url}: received no response within ${handshakeTimeout} ms`,
          { code: ErrorCode.HANDSHAKE_TIMEOUT },
        ),
      );
    });
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    return () => {
      stopTimer();
      signal?.removeEventListener("abort", onAbort);
    };
  }

  #open(transport: Transport, negotiated: Negotiated & NegotiatedExtensions, early: Uint8Array): void {
    const options = { ...this.#core.settings, maxLength: this.maxLength, extension: negotiated.extension };
    const connection = this.#core.open(
      (handler) => new ProtocolConnection(transport, handler, "client", options),
      negotiated,
    );
    // A listener of "open" may have ended it.
    if (connection.state === "closed") return;
    // A caller may add listeners only after awaiting startConnection(), and must still get messages that arrived with
    // the response.
    if (this.#core.takesMessages) connection.start(early);
    else this.#startLater(connection, early);
  }

  /** Starts reading in a later turn. A timer of its own would keep the connection until V8 next collects old objects. */
  #startLater(connection: ProtocolConnection, early: Uint8Array): void {
    this.#cancelStart = SharedTimeout.after(0, () => {
      this.#cancelStart = null;
      connection.start(early);
    });
  }

  #onRefused(fault: unknown): void {
    if (this.#state !== "abandoned") this.#core.reportError(this.#errorFor(fault));
    this.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  /** The error for `"error"`: a missing permission and a signal's reason are not connection errors by themselves. */
  #errorFor(fault: unknown): WebSocketError {
    if (fault instanceof HandshakeError) return fault;
    return new HandshakeError(`Cannot open the connection to ${this.url}: ${messageOf(fault)}`, { cause: fault });
  }

  /** The driver's client side. */
  static readonly #Side = class implements DriverSide {
    readonly #ws: Client;

    constructor(ws: Client) {
      this.#ws = ws;
    }

    /** Stops the pending handshake. */
    abandonHandshake(): void {
      const ws = this.#ws;
      const isNew = ws.#state === "new";
      ws.#state = "abandoned";
      ws.#handshake.abort(new HandshakeError(`Cannot open the connection to ${ws.url} as it was closed meanwhile`));
      if (isNew) ws.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
    }

    /** Sending doesn't connect, so a program that forgets to start gets a reminder instead of a silent end. */
    onQueued(): void {
      const ws = this.#ws;
      if (ws.#state === "new") ws.#stopReminding = remindAtExit(ws.url);
    }

    /** Cancels the delayed start of reading. */
    onEnd(): void {
      this.#ws.#cancelStart?.();
      this.#ws.#stopReminding?.();
    }
  };
}

function checkNames(options: ClientOptions): ClientOptions {
  if (Array.isArray(options)) {
    throw new TypeError(
      "Cannot create a client: the options must be an object, received an array. " +
        `To offer subprotocols, give { acceptProtocols: ${JSON.stringify(options)} }`,
    );
  }
  checkOptionNames("create a client", options, CLIENT_OPTION_NAMES, OTHER_NAMES);
  return options;
}

function checkRequireProtocol({ requireProtocol = false }: ClientOptions): void {
  if (typeof requireProtocol !== "boolean") {
    throw new TypeError(
      `Cannot create a client: requireProtocol must be a boolean, received ${typeof requireProtocol}`,
    );
  }
}

function toTransport(transport: Transport | ByteStreamPair): Transport {
  return "readable" in transport ? new StreamTransport(transport) : transport;
}
