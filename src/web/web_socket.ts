// deno-lint-ignore-file no-explicit-any -- as the types of the global class have it
import { CloseCode } from "../close_code.ts";
import type { Connection } from "../connection/connection.ts";
import { listenerFailed } from "../connection/connection_errors.ts";
import { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { Client } from "../client/client.ts";
import { coreOf, type WebSocketDriver } from "../driver/websocket_driver.ts";
import { Attachment, type AttachmentOptions } from "./attachment.ts";
import { checkCloseArguments, isWebCloseCode } from "./close_arguments.ts";
import { EventHandlers } from "./event_handlers.ts";
import { EventTasks, type EventTasksOwner } from "./event_tasks.ts";
import { ListenerGuard } from "./listener_guard.ts";
import { byteLengthOf, toPayload } from "./message_payload.ts";
import { PayloadCount } from "./payload_count.ts";
import { clampUnsignedShort, defineInterface, requireArguments, toUSVString } from "./web_idl.ts";
import { readArguments, type WebSocketInit, type WebSocketOptions } from "./web_socket_options.ts";
import { parseWebUrl } from "./web_url.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * The web's `WebSocket`, a client's connection: pass it to code that expects that class. The third argument takes the
 * options of {@linkcode makeClient}.
 *
 * It is the class of the WHATWG WebSockets Standard, with two differences. Its `"error"` events are `ErrorEvent`s that
 * say why. A listener that throws, or whose promise rejects, closes the connection with 1011, and the process keeps
 * running: the error is an `"error"` event of the global scope, and printed unless that is canceled.
 *
 * It has no backpressure: it sends however slowly the peer reads. Use `WebSocketStream` or `makeClient` for that.
 *
 * @example Use it like the global one
 * ```ts
 * import { serve, upgradeWebSocket, WebSocket } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const { socket, response } = upgradeWebSocket(request);
 *   socket.onmessage = ({ data }) => socket.send(data);
 *   return response;
 * });
 *
 * const ws = new WebSocket(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, [], { maxLength: 1024 });
 * ws.onopen = () => ws.send("Hi");
 * ws.onmessage = ({ data }) => {
 *   console.log(data);
 *   ws.close(1000);
 * };
 * const { wasClean } = await new Promise<CloseEvent>((resolve) => ws.onclose = resolve);
 * console.log(wasClean); // true
 * ```
 * @category Web standard classes
 */
export class WebSocket extends EventTarget {
  /** The connection is not open yet. */
  static readonly CONNECTING: 0 = CONNECTING;
  /** The connection is open. */
  static readonly OPEN: 1 = OPEN;
  /** The connection is being closed. */
  static readonly CLOSING: 2 = CLOSING;
  /** The connection is over, or was never opened. */
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
    (socket as WebSocket).#onListenerFault(type, fault);
  });
  readonly #driver: WebSocketDriver;
  readonly #url: string;
  readonly #origin: string;
  readonly #isCloseCode: (code: number) => boolean;
  readonly #handlers: EventHandlers = new EventHandlers(this);
  readonly #tasks: EventTasks;
  readonly #count: PayloadCount;
  #binaryType: BinaryType;
  #state: number = CONNECTING;
  #wasOpen = false;
  #fault: WebSocketError | null = null;
  /** The messages that wait for a Blob to be read: everything sent after it. */
  #blobs: Promise<void> | null = null;

  /**
   * Starts connecting.
   *
   * @param url The URL: `ws:`, `wss:`, or `http:` or `https:` instead.
   * @param protocols The subprotocols to offer, one or several; or the options, as with the runtime's own class.
   * @param options Limits, times, headers, certificates.
   * @throws {DOMException} A `SyntaxError` for a URL or subprotocols that can't be used.
   * @throws {TypeError} If the URL is missing, or an option is malformed or unknown.
   */
  constructor(url: string | URL, protocols: string | string[] | WebSocketInit = [], options: WebSocketOptions = {}) {
    requireArguments(arguments.length, 1, "create a WebSocket");
    super();
    const given: unknown = url;
    const { driver, ...attached } = given instanceof Attachment ? given.options : attach(url, protocols, options);
    this.#driver = driver;
    this.#url = attached.url;
    this.#origin = attached.url === "" ? "" : new URL(attached.url).origin;
    this.#isCloseCode = attached.isCloseCode;
    this.#binaryType = attached.binaryType;
    this.#count = new PayloadCount(driver);
    this.#tasks = new EventTasks(new WebSocket.#Owner(this));
    this.#listen();
    // An event reports it.
    attached.start?.().catch(() => {});
  }

  #listen(): void {
    const driver = this.#driver;
    driver.once("open", () => this.#tasks.queue(() => this.#onOpen()));
    driver.on("message", (message) => this.#tasks.deliver(message));
    driver.on("error", (error) => this.#fault ??= error);
    driver.on("close", (info) => this.#tasks.queue(() => this.#onClose(info)));
  }

  /** The owner of its events. A class, since closures would cost every connection 440 bytes more (Deno 2.9.6). */
  static readonly #Owner = class implements EventTasksOwner {
    readonly #socket: WebSocket;

    constructor(socket: WebSocket) {
      this.#socket = socket;
    }

    get #connection(): Connection | null {
      return coreOf(this.#socket.#driver).connection;
    }

    dispatchMessage(message: string | Uint8Array): void {
      this.#socket.#dispatchMessage(message);
    }

    /** Over the runtime's own socket, which can't be paused, only messages of one task are queued. */
    pause(): boolean {
      if (!this.#connection?.pausable) return false;
      this.#connection.pause();
      return true;
    }

    resume(): void {
      this.#connection?.resume();
    }

    cork(): void {
      this.#connection?.cork();
    }

    uncork(): void {
      this.#connection?.uncork();
    }
  };

  /** The URL, empty on a server. */
  get url(): string {
    return this.#url;
  }

  /** The state of the connection: `CONNECTING`, `OPEN`, `CLOSING` or `CLOSED`. */
  get readyState(): number {
    // Events before the Close are dispatched first, in their own tasks.
    const closing = this.#state === OPEN && this.#tasks.idle && this.#driver.readyState !== "open";
    return closing ? CLOSING : this.#state;
  }

  /** The negotiated subprotocol, empty if there is none. */
  get protocol(): string {
    return this.#driver.protocol ?? "";
  }

  /** The negotiated extensions, as in the handshake; empty if there are none. */
  get extensions(): string {
    return this.#driver.extensions;
  }

  /** How many bytes of messages are queued. It no longer decreases once the connection is over. */
  get bufferedAmount(): number {
    return this.#count.amount;
  }

  /** The type of binary messages: `"blob"` or `"arraybuffer"`; other values change nothing. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(value: BinaryType) {
    // Reads the field in any case: on an object of another kind, that throws a TypeError.
    this.#binaryType = value === "blob" || value === "arraybuffer" ? value : this.#binaryType;
  }

  /** Called when the connection is open. */
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

  /** Called when the connection failed; the event is an `ErrorEvent`, and `"close"` follows. */
  get onerror(): ((this: any, event: Event | ErrorEvent) => any) | null {
    return this.#handlers.get("error");
  }

  set onerror(value: ((this: any, event: Event | ErrorEvent) => any) | null) {
    this.#handlers.set("error", value);
  }

  /** Called when the connection is over. */
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
    super.addEventListener(type, WebSocket.#guard.guard(listener), options);
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
    // Any kind: the types of addEventListener() take listeners of one event, too.
    listener: any,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, WebSocket.#guard.guard(listener), options);
  }

  /**
   * Sends a message; once the connection is closing, it is counted but lost.
   *
   * @param data Text, an ArrayBuffer, a view of one, or a Blob; anything else is converted to text.
   * @throws {DOMException} An `InvalidStateError` if the connection is not open yet.
   * @throws {TypeError} If the data is missing.
   */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    requireArguments(arguments.length, 1, "send");
    const payload = toPayload(data, this.#blobs !== null);
    if (this.#state === CONNECTING) {
      throw new DOMException("Cannot send: the connection is not open yet", "InvalidStateError");
    }
    const length = byteLengthOf(payload);
    this.#count.add(length);
    if (this.#state !== OPEN) return;
    if (payload instanceof Blob) this.#inOrder(payload, (bytes) => this.#count.send(bytes!, length));
    else this.#inOrder(null, () => this.#count.send(payload, length));
  }

  /** Runs a step after all Blobs that are still being read, including its own; at once if there are none. */
  #inOrder(blob: Blob | null, step: (bytes: Uint8Array | null) => void): void {
    if (blob === null && this.#blobs === null) return step(null);
    const read = blob?.bytes() ?? null;
    read?.catch(() => {});
    const turn: Promise<void> = (this.#blobs ?? Promise.resolve()).then(async () => step(await read))
      .catch((error) => void this.#fail(error))
      .then(() => {
        if (this.#blobs === turn) this.#blobs = null;
      });
    this.#blobs = turn;
  }

  /** A Blob that can't be read can't be sent, and later messages must not be sent without it. */
  #fail(cause: unknown): void {
    this.#fault ??= new WebSocketError("Cannot send a Blob: it can't be read", { cause });
    this.#driver.terminate();
  }

  /**
   * Closes the connection, or stops opening it.
   *
   * @param code 1000 or 3000-4999; on a server every code that may be sent. None is sent by default.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {DOMException} An `InvalidAccessError` for another code, a `SyntaxError` for a longer reason.
   */
  close(code: number | undefined = undefined, reason: string | undefined = undefined): void {
    const how = checkCloseArguments(
      code === undefined ? null : clampUnsignedShort(code),
      reason === undefined ? "" : toUSVString(reason),
      this.#isCloseCode,
    );
    if (this.#state >= CLOSING) return;
    const wasOpen = this.#state === OPEN;
    this.#state = CLOSING;
    if (wasOpen) this.#inOrder(null, () => this.#driver.closeConnection(how.reason, how.code));
    else this.#driver.closeConnection();
  }

  #onOpen(): void {
    if (this.#state !== CONNECTING) return;
    this.#state = OPEN;
    this.#wasOpen = true;
    this.dispatchEvent(new Event("open"));
  }

  /** "If ready state is not OPEN (1), then return." */
  #dispatchMessage(message: string | Uint8Array): void {
    if (this.#state !== OPEN) return;
    const data = typeof message === "string" ? message : this.#toData(message);
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#origin }));
  }

  #toData(message: Uint8Array): Blob | ArrayBuffer {
    if (this.#binaryType === "blob") return new Blob([message as Uint8Array<ArrayBuffer>]);
    const { buffer, byteLength } = message;
    return buffer.byteLength === byteLength ? buffer as ArrayBuffer : message.slice().buffer as ArrayBuffer;
  }

  /** The peer's Close is passed on only if the connection did not fail. */
  #onClose({ code, reason }: CloseInfo): void {
    this.#state = CLOSED;
    const fault = this.#fault ?? (this.#wasOpen ? null : closedBeforeOpen());
    const wasClean = fault === null && code !== CloseCode.ABNORMAL_CLOSURE;
    if (fault !== null) this.dispatchEvent(new ErrorEvent("error", { error: fault, message: fault.message }));
    this.dispatchEvent(
      new CloseEvent("close", wasClean ? { wasClean, code, reason } : { wasClean, code: CloseCode.ABNORMAL_CLOSURE }),
    );
  }

  /** An error of the application ends its own connection, and the peer learns only that there was one. */
  #onListenerFault(type: string, cause: unknown): void {
    const core = coreOf(this.#driver);
    if (this.#state === OPEN && this.#fault === null) {
      this.#fault = listenerFailed(type, cause);
      this.#state = CLOSING;
      core.connection?.fail(this.#fault);
    }
    core.reportException(cause);
  }
}

defineInterface(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });

function attach(url: unknown, protocols: unknown, options: unknown): AttachmentOptions {
  const { href } = parseWebUrl(url);
  const driver = new Client(href, readArguments(protocols, options));
  const start = () => driver.startConnection();
  return { driver, url: href, binaryType: "blob", isCloseCode: isWebCloseCode, start };
}

function closedBeforeOpen(): WebSocketError {
  return new WebSocketError("Cannot open the connection: it was already closed");
}
