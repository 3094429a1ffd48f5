import { CloseCode } from "../close_code.ts";
import { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { checkCloseArguments } from "./close_arguments.ts";
import { EventHandlers } from "./event_handlers.ts";
import { PayloadCount } from "./payload_count.ts";
import { byteLengthOf, toPayload, type WebSocketData } from "./web_socket_data.ts";
import type { WebSocketDriver } from "../driver/websocket_driver.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * Handles an event of a socket's.
 *
 * @example One handler for all sockets
 * ```ts
 * import type { WebSocketBase, WebSocketEventHandler } from "@wsd/driver";
 *
 * const onClose: WebSocketEventHandler<CloseEvent> = ({ code, reason }) => console.log("Closed:", code, reason);
 *
 * export function watch(...sockets: WebSocketBase[]): void {
 *   for (const socket of sockets) socket.onclose = onClose;
 * }
 * ```
 */
// deno-lint-ignore no-explicit-any
export type WebSocketEventHandler<Type extends Event> = ((this: any, event: Type) => any) | null;

/**
 * A WebSocket connection in the shape of the web's `WebSocket`, by the WHATWG WebSockets Standard; what the client's and
 * the server's have in common.
 *
 * @example Take what either side gives
 * ```ts
 * import type { WebSocketBase } from "@wsd/driver";
 *
 * export function echo(socket: WebSocketBase): void {
 *   socket.onmessage = ({ data }) => socket.send(data);
 * }
 * ```
 */
export abstract class WebSocketBase extends EventTarget {
  /** The connection is not open yet. */
  static readonly CONNECTING: 0 = CONNECTING;
  /** The connection is open. */
  static readonly OPEN: 1 = OPEN;
  /** The connection is being closed. */
  static readonly CLOSING: 2 = CLOSING;
  /** The connection is over, or was never opened. */
  static readonly CLOSED: 3 = CLOSED;

  readonly #driver: WebSocketDriver;
  readonly #url: string;
  readonly #handlers: EventHandlers = new EventHandlers(this);
  readonly #origin: string;
  readonly #count: PayloadCount;
  #binaryType: BinaryType;
  #state: number = CONNECTING;
  #wasOpen = false;
  #fault: WebSocketError | null = null;
  /** What waits for a Blob to be read: everything that was sent behind it. */
  #blobs: Promise<void> | null = null;

  /**
   * Takes a driver that is not open yet.
   *
   * @param driver The driver.
   * @param url The URL.
   * @param binaryType How binary messages are given at first.
   */
  protected constructor(driver: WebSocketDriver, url: string, binaryType: BinaryType) {
    super();
    this.#driver = driver;
    this.#url = url;
    this.#origin = url === "" ? "" : new URL(url).origin;
    this.#count = new PayloadCount(driver);
    this.#binaryType = binaryType;
    driver.on("open", () => this.#onOpen());
    driver.on("message", (message) => this.#onMessage(message));
    driver.on("error", (error) => this.#fault ??= error);
    driver.on("close", (info) => this.#onClose(info));
  }

  /** 0. */
  get CONNECTING(): 0 {
    return CONNECTING;
  }

  /** 1. */
  get OPEN(): 1 {
    return OPEN;
  }

  /** 2. */
  get CLOSING(): 2 {
    return CLOSING;
  }

  /** 3. */
  get CLOSED(): 3 {
    return CLOSED;
  }

  /** The URL, empty on a server. */
  get url(): string {
    return this.#url;
  }

  /** Where the connection stands: `CONNECTING`, `OPEN`, `CLOSING` or `CLOSED`. */
  get readyState(): number {
    return this.#state === OPEN && this.#driver.readyState !== "open" ? CLOSING : this.#state;
  }

  /** The subprotocol that was agreed on, empty where there is none. */
  get protocol(): string {
    return this.#driver.protocol ?? "";
  }

  /** The extensions that were agreed on, as in the handshake; empty where there are none. */
  get extensions(): string {
    return this.#driver.extensions;
  }

  /** How many bytes of messages wait to be written. It falls no more once the connection is over. */
  get bufferedAmount(): number {
    return this.#count.amount;
  }

  /** How binary messages are given: as a `"blob"` or an `"arraybuffer"`; other values change nothing. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(value: BinaryType) {
    if (value === "blob" || value === "arraybuffer") this.#binaryType = value;
  }

  /** Called when the connection is open. */
  get onopen(): WebSocketEventHandler<Event> {
    return this.#handlers.get("open");
  }

  set onopen(value: WebSocketEventHandler<Event>) {
    this.#handlers.set("open", value);
  }

  /** Called with each message. */
  get onmessage(): WebSocketEventHandler<MessageEvent> {
    return this.#handlers.get("message");
  }

  set onmessage(value: WebSocketEventHandler<MessageEvent>) {
    this.#handlers.set("message", value);
  }

  /** Called when the connection failed; the event is an `ErrorEvent`, and `"close"` follows. */
  get onerror(): WebSocketEventHandler<Event | ErrorEvent> {
    return this.#handlers.get("error");
  }

  set onerror(value: WebSocketEventHandler<Event | ErrorEvent>) {
    this.#handlers.set("error", value);
  }

  /** Called when the connection is over. */
  get onclose(): WebSocketEventHandler<CloseEvent> {
    return this.#handlers.get("close");
  }

  set onclose(value: WebSocketEventHandler<CloseEvent>) {
    this.#handlers.set("close", value);
  }

  /**
   * Adds a listener, as every event target does.
   *
   * @param type The event: `"open"`, `"message"`, `"error"` or `"close"`.
   * @param listener What to call.
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
    // deno-lint-ignore no-explicit-any
    listener: any,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  /**
   * Sends a message; once the connection is closing, it is counted and lost.
   *
   * @param data Text, an ArrayBuffer, a view of one, or a Blob; all else is made text.
   * @throws {DOMException} An `InvalidStateError` where the connection is not open yet.
   */
  send(data: WebSocketData): void {
    if (this.readyState === CONNECTING) {
      throw new DOMException("Cannot send before the connection is open", "InvalidStateError");
    }
    const payload = toPayload(data, this.#blobs !== null);
    const length = byteLengthOf(payload);
    this.#count.add(length);
    if (this.readyState !== OPEN) return;
    if (payload instanceof Blob) this.#inOrder(payload, (bytes) => this.#count.send(bytes!, length));
    else this.#inOrder(null, () => this.#count.send(payload, length));
  }

  /** Does something behind all Blobs that are still being read, and its own; at once, where there is none. */
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

  /** A Blob that can't be read can't be sent, and what was to follow it must not come without it. */
  #fail(cause: unknown): void {
    this.#fault ??= new WebSocketError("Cannot send a Blob as it can't be read", { cause });
    this.#driver.terminate();
  }

  /**
   * Closes the connection, or gives up opening it.
   *
   * @param code 1000 or 3000-4999; none is sent where it is left out.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {DOMException} An `InvalidAccessError` for another code, a `SyntaxError` for a longer reason.
   */
  close(code?: number, reason?: string): void {
    const how = checkCloseArguments(
      code === undefined ? null : clamp(code),
      reason === undefined ? "" : String(reason),
    );
    const { readyState } = this;
    if (readyState >= CLOSING) return;
    this.#state = CLOSING;
    if (readyState === CONNECTING) this.#driver.closeConnection();
    else this.#inOrder(null, () => this.#driver.closeConnection(how.reason, how.code));
  }

  #onOpen(): void {
    this.#wasOpen = true;
    if (this.#state !== CONNECTING) return;
    this.#state = OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** "If ready state is not OPEN (1), then return." */
  #onMessage(message: string | Uint8Array): void {
    if (this.readyState !== OPEN) return;
    const data = typeof message === "string" ? message : this.#toData(message);
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#origin }));
  }

  #toData(message: Uint8Array): Blob | ArrayBuffer {
    if (this.#binaryType === "blob") return new Blob([message as Uint8Array<ArrayBuffer>]);
    const { buffer, byteLength } = message;
    return buffer.byteLength === byteLength ? buffer as ArrayBuffer : message.slice().buffer as ArrayBuffer;
  }

  /** What the peer's Close said is told only of a connection that did not fail. */
  #onClose({ code, reason }: CloseInfo): void {
    this.#state = CLOSED;
    this.#count.close();
    const fault = this.#fault ?? (this.#wasOpen ? null : new WebSocketError("Cannot open what was closed before"));
    const wasClean = fault === null && code !== CloseCode.ABNORMAL_CLOSURE;
    if (fault !== null) this.dispatchEvent(new ErrorEvent("error", { error: fault, message: fault.message }));
    this.dispatchEvent(
      new CloseEvent("close", wasClean ? { wasClean, code, reason } : { wasClean, code: CloseCode.ABNORMAL_CLOSURE }),
    );
  }
}

/** Web IDL's `[Clamp] unsigned short`. */
function clamp(code: unknown): number {
  const number = Number(code);
  if (Number.isNaN(number)) return 0;
  const bounded = Math.min(Math.max(number, 0), 65535);
  const floor = Math.floor(bounded);
  const rest = bounded - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}
