// deno-lint-ignore-file no-explicit-any -- as the types of the global class have it
import { setImmediate } from "node:timers";
import type { Client } from "../client/client.ts";
import { errorOf } from "../client/connection_failure.ts";
import { CONNECTIONS_OPTION_NAMES, sortOptions } from "../client/connections.ts";
import { systemEnvironment } from "../client/environment.ts";
import { Reconnector } from "../client/reconnector.ts";
import type { RetryOptions } from "../client/retry_options.ts";
import type { UrlSource } from "../client/url_source.ts";
import { checkOptionNames } from "../check_options.ts";
import { CloseCode } from "../close_code.ts";
import { listenerFailed } from "../connection/connection_errors.ts";
import { reportException } from "../connection/report_exception.ts";
import { coreOf } from "../driver/websocket_driver.ts";
import { WebSocketError } from "../errors.ts";
import { Attachment } from "./attachment.ts";
import { checkCloseArguments, isWebCloseCode } from "./close_arguments.ts";
import { EventHandlers } from "./event_handlers.ts";
import { ListenerGuard } from "./listener_guard.ts";
import { clampUnsignedShort, defineInterface, requireArguments, toUSVString } from "./web_idl.ts";
import { WebSocket } from "./web_socket.ts";
import { readArguments, type WebSocketOptions } from "./web_socket_options.ts";
import { parseWebUrl } from "./web_url.ts";

const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocket;

/**
 * The options of {@linkcode ReconnectingWebSocket} beyond the standard: those of {@linkcode WebSocket}, and when to
 * connect again.
 *
 * @example For a library that creates a new socket by itself
 * ```ts
 * import { ReconnectingWebSocket, type ReconnectingWebSocketOptions } from "@wsd/driver";
 *
 * const options: ReconnectingWebSocketOptions = { reopen: false, maxDelay: 10_000 };
 *
 * export class PatientWebSocket extends ReconnectingWebSocket {
 *   constructor(url: string | URL, protocols?: string | string[]) {
 *     super(url, protocols, options);
 *   }
 * }
 * ```
 * @category Web standard classes
 */
export interface ReconnectingWebSocketOptions extends Omit<WebSocketOptions, "transport">, RetryOptions {
  /**
   * Whether to connect again after an open connection is lost. If not, only the opening is tried again: there is one
   * `"open"` and one `"close"`, as with any `WebSocket`. That is for libraries that create a new socket themselves when
   * theirs is closed, such as graphql-ws.
   *
   * @default {true}
   */
  reopen?: boolean;
}

const OPTION_NAMES: Readonly<Record<keyof ReconnectingWebSocketOptions, true>> = {
  ...CONNECTIONS_OPTION_NAMES,
  headers: true,
  reopen: true,
};

/**
 * A `WebSocket` that reconnects: pass it to code that expects that class.
 *
 * It has the standard's members, and its events are those of each connection: an `"open"` whenever there is one, its
 * messages, and `"error"` and `"close"` when it is lost. In between, `readyState` is `CONNECTING`, and `send` throws an
 * `InvalidStateError`. A failed attempt fires no event, unless it is the last one. `close` ends it for good, even
 * within a `"close"` event.
 *
 * @example Reconnect after the server was gone
 * ```ts
 * import { ReconnectingWebSocket, serve, upgradeWebSocket } from "@wsd/driver";
 *
 * let count = 0;
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const { socket, response } = upgradeWebSocket(request);
 *   // The first one breaks down.
 *   socket.onopen = () => ++count === 1 ? socket.close(1011) : socket.send("Hi");
 *   return response;
 * });
 *
 * const url = `ws://localhost:${(server.addr as Deno.NetAddr).port}/`;
 * const ws = new ReconnectingWebSocket(url, [], { minDelay: 10 });
 * const { data } = await new Promise<MessageEvent>((resolve) => ws.onmessage = resolve);
 * console.log(data); // Hi
 * ws.close();
 * await new Promise((resolve) => ws.onclose = resolve);
 * ```
 * @category Web standard classes
 */
export class ReconnectingWebSocket extends EventTarget {
  /** There is no connection yet, or none any more. */
  static readonly CONNECTING: 0 = CONNECTING;
  /** The connection is open. */
  static readonly OPEN: 1 = OPEN;
  /** The socket is being closed for good. */
  static readonly CLOSING: 2 = CLOSING;
  /** The socket is closed for good, or the connection was just lost. */
  static readonly CLOSED: 3 = CLOSED;
  /** 0. */
  declare readonly CONNECTING: 0;
  /** 1. */
  declare readonly OPEN: 1;
  /** 2. */
  declare readonly CLOSING: 2;
  /** 3. */
  declare readonly CLOSED: 3;

  static readonly #guard = new ListenerGuard((socket, type, fault) => {
    (socket as ReconnectingWebSocket).#onListenerFault(type, fault);
  });
  readonly #handlers: EventHandlers = new EventHandlers(this);
  readonly #reconnector: Reconnector;
  readonly #reopen: boolean;
  readonly #url: string;
  /** Stops listening to the signal of the options. */
  readonly #listening = new AbortController();
  #state: number = CONNECTING;
  #binaryType: BinaryType = "blob";
  #client: Client | null = null;
  /** The socket of the current or the last connection. */
  #socket: WebSocket | null = null;
  /** Resolves when the newest connection is over, after its last event. */
  #over: Promise<void> = Promise.resolve();

  /**
   * Starts connecting.
   *
   * @param url The URL: `ws:`, `wss:`, or `http:` or `https:` instead; or a function that returns it before each
   * attempt.
   * @param protocols The subprotocols to offer, one or several; or the options.
   * @param options Limits, times, headers, certificates, and when to connect again.
   * @throws {DOMException} A `SyntaxError` for a URL or subprotocols that can't be used.
   * @throws {TypeError} If the URL is missing, or an option is malformed or unknown.
   */
  constructor(
    url: UrlSource,
    protocols: string | string[] | (ReconnectingWebSocketOptions & { protocols?: string | string[] }) = [],
    options: ReconnectingWebSocketOptions = {},
  ) {
    requireArguments(arguments.length, 1, "create a ReconnectingWebSocket");
    super();
    const source = typeof url === "function" ? url : parseWebUrl(url).href;
    const given: ReconnectingWebSocketOptions = readArguments(protocols, options);
    checkOptionNames("create a ReconnectingWebSocket", given, OPTION_NAMES);
    const { reopen = true, signal, ...rest } = given;
    const sorted = sortOptions(source, { ...rest, signal });
    this.#url = typeof source === "function" ? "" : source;
    this.#reopen = reopen;
    this.#reconnector = new Reconnector({ source, ...sorted, environment: systemEnvironment }, {
      onClient: (client) => this.#onClient(client),
    });
    if (signal?.aborted) this.close();
    signal?.addEventListener("abort", () => this.close(), { once: true, signal: this.#listening.signal });
    void this.#run();
  }

  /** The URL; with a URL function, that of the last attempt, and empty before. */
  get url(): string {
    return this.#url || this.#reconnector.url;
  }

  /** The state: `CONNECTING`, `OPEN`, `CLOSING` or `CLOSED`. */
  get readyState(): number {
    return this.#state === OPEN ? this.#socket!.readyState : this.#state;
  }

  /** The negotiated subprotocol, empty if there is none. */
  get protocol(): string {
    return this.#socket?.protocol ?? "";
  }

  /** The negotiated extensions, as in the handshake; empty if there are none. */
  get extensions(): string {
    return this.#socket?.extensions ?? "";
  }

  /** How many bytes of messages are queued on the connection. */
  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** The type of binary messages: `"blob"` or `"arraybuffer"`; other values change nothing. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(value: BinaryType) {
    this.#binaryType = value === "blob" || value === "arraybuffer" ? value : this.#binaryType;
    if (this.#socket !== null) this.#socket.binaryType = this.#binaryType;
  }

  /** Called when a connection is open. */
  get onopen(): ((this: any, event: Event) => any) | null {
    return this.#handlers.get("open");
  }

  set onopen(value: ((this: any, event: Event) => any) | null) {
    this.#handlers.set("open", value);
  }

  /** Called with each message. */
  get onmessage(): ((this: any, event: MessageEvent) => any) | null {
    return this.#handlers.get("message");
  }

  set onmessage(value: ((this: any, event: MessageEvent) => any) | null) {
    this.#handlers.set("message", value);
  }

  /** Called when a connection failed, or the last attempt; the event is an `ErrorEvent`, and `"close"` follows. */
  get onerror(): ((this: any, event: Event | ErrorEvent) => any) | null {
    return this.#handlers.get("error");
  }

  set onerror(value: ((this: any, event: Event | ErrorEvent) => any) | null) {
    this.#handlers.set("error", value);
  }

  /** Called when a connection is over, and if the last attempt failed. */
  get onclose(): ((this: any, event: CloseEvent) => any) | null {
    return this.#handlers.get("close");
  }

  set onclose(value: ((this: any, event: CloseEvent) => any) | null) {
    this.#handlers.set("close", value);
  }

  /**
   * Adds a listener, as every event target does.
   *
   * @param type The event: `"open"`, `"message"`, `"error"` or `"close"`.
   * @param listener The function to call.
   * @param options As for every event target.
   */
  override addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: (this: this, event: WebSocketEventMap[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Adds a listener of any event. */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: any,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, ReconnectingWebSocket.#guard.guard(listener), options);
  }

  /**
   * Removes a listener, as every event target does.
   *
   * @param type The event.
   * @param listener The function that was added.
   * @param options As for every event target.
   */
  override removeEventListener(
    type: string,
    listener: any,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, ReconnectingWebSocket.#guard.guard(listener), options);
  }

  /**
   * Sends a message; once the connection is closing, it is lost.
   *
   * @param data Text, an ArrayBuffer, a view of one, or a Blob; anything else is converted to text.
   * @throws {DOMException} An `InvalidStateError` if there is no connection yet, or none any more.
   * @throws {TypeError} If the data is missing.
   */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    requireArguments(arguments.length, 1, "send");
    if (this.#state === CONNECTING) {
      throw new DOMException("Cannot send: there is no connection at present", "InvalidStateError");
    }
    this.#socket?.send(data);
  }

  /**
   * Ends it for good: closes the connection, or stops opening one.
   *
   * @param code 1000 or 3000-4999. None is sent by default.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {DOMException} An `InvalidAccessError` for another code, a `SyntaxError` for a longer reason.
   */
  close(code: number | undefined = undefined, reason: string | undefined = undefined): void {
    checkCloseArguments(
      code === undefined ? null : clampUnsignedShort(code),
      reason === undefined ? "" : toUSVString(reason),
      isWebCloseCode,
    );
    this.#reconnector.stop();
    if (this.#state >= CLOSING) return;
    const wasOpen = this.#state === OPEN;
    this.#state = CLOSING;
    if (wasOpen) this.#socket!.close(code, reason);
  }

  /**
   * Ends the wait before the next attempt, for example when the network is back or the user asks for it.
   *
   * @returns False if it didn't wait.
   */
  reconnectNow(): boolean {
    return this.#reconnector.reconnectNow();
  }

  /** Runs one connection after another, until there are no more. */
  async #run(): Promise<void> {
    while (await this.#reconnector.next() !== null) await this.#over;
    this.#listening.abort();
    // As after the standard's close(): no event is dispatched before the method has returned, nor in its task.
    if (this.#state !== CLOSED) setImmediate(() => this.#giveUp());
  }

  #onClient(client: Client): void {
    const attached = { driver: client, url: client.url, binaryType: this.#binaryType, isCloseCode: isWebCloseCode };
    const socket = new WebSocket(new Attachment(attached) as never);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = promise;
    socket.addEventListener("open", () => this.#onOpen(socket, client));
    socket.addEventListener("close", (event) => {
      // A failed attempt is not the end of a connection.
      if (socket === this.#socket) this.#onClose(event);
      resolve();
    });
  }

  /** From now on, the connection's events are those of this socket. */
  #onOpen(socket: WebSocket, client: Client): void {
    this.#socket = socket;
    this.#client = client;
    socket.binaryType = this.#binaryType;
    if (this.#state !== CONNECTING) return socket.close();
    this.#state = OPEN;
    socket.addEventListener("message", ({ data, origin }) => {
      this.dispatchEvent(new MessageEvent("message", { data, origin }));
    });
    socket.addEventListener("error", (event) => {
      const { error, message } = event as ErrorEvent;
      this.dispatchEvent(new ErrorEvent("error", { error, message }));
    });
    this.dispatchEvent(new Event("open"));
  }

  #onClose({ wasClean, code, reason }: CloseEvent): void {
    const { final } = this.#reconnector.lost({ phase: "open", code, reason, error: null });
    if (final || !this.#reopen) this.#reconnector.stop();
    this.#state = CLOSED;
    this.dispatchEvent(new CloseEvent("close", { wasClean, code, reason }));
    // A listener may have ended it.
    if (!this.#reconnector.stopped) this.#state = CONNECTING;
  }

  /** There was no connection, and there won't be one. */
  #giveUp(): void {
    const { failure, stopped } = this.#reconnector;
    const error = stopped || failure === null
      ? new WebSocketError("Cannot open the connection: it was already closed")
      : errorOf(failure, this.url);
    this.#state = CLOSED;
    this.dispatchEvent(new ErrorEvent("error", { error, message: error instanceof Error ? error.message : "" }));
    this.dispatchEvent(new CloseEvent("close", { wasClean: false, code: CloseCode.ABNORMAL_CLOSURE }));
  }

  /** A listener's exception closes the connection with 1011, as with a `WebSocket`; then it reconnects. */
  #onListenerFault(type: string, fault: unknown): void {
    if (this.readyState === OPEN) coreOf(this.#client!).connection?.fail(listenerFailed(type, fault));
    reportException(fault);
  }
}

defineInterface(ReconnectingWebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });
