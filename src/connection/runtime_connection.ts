import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode, type WebSocketError } from "../errors.ts";
import { type CloseInfo, fitReason, formatClosePayload } from "../protocol/close_payload.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";
import { messageTooLong } from "../protocol/protocol_errors.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import { closeTimedOut } from "./connection_errors.ts";
import { SharedTimeout } from "./shared_timeout.ts";
import { WriteWatch } from "./write_watch.ts";

/** The events that a {@linkcode RuntimeConnection} listens for. */
const EVENTS = ["message", "error", "close"];

/** The events that {@linkcode whenOpen} listens for: an `AbortSignal` to stop all would cost more than they do. */
const OPENING = ["open", "error", "close"];

/** The options of a {@linkcode RuntimeConnection}. */
export interface RuntimeConnectionOptions {
  /** The longest message to accept, in bytes. */
  maxLength: number;
  /** How long the peer may take to end the connection once its closing has begun, in milliseconds. */
  closeTimeout: number;
  /** How many queued bytes make the sender stop. */
  highWaterMark: number;
}

/** Receives the result of opening a built-in socket, with one call of one of these methods. */
export interface OpeningObserver {
  /**
   * The socket is open. Called within its `"open"` event: listeners added now miss nothing, but listeners added after
   * an await miss messages that followed the request.
   */
  onOpen(): void;
  /**
   * The socket will not open.
   *
   * @param error The error.
   */
  onFailure(error: ConnectionError): void;
}

/** The options of {@linkcode whenOpen}. */
export interface WhenOpenOptions {
  /** How long the socket may take to open, in milliseconds. */
  timeout: number;
}

/**
 * Waits until the socket of `Deno.upgradeWebSocket` is open.
 *
 * The runtime opens it once the response was sent. If the response is never returned, or the peer has left by then, the
 * socket emits no event: hence the timeout. A socket that opens after the timeout, or after it was abandoned, is closed
 * with 1001.
 *
 * @param socket The socket, which nobody else has sent on or closed.
 * @param observer Receives the result.
 * @param options How long to wait.
 * @returns A function that abandons the opening: the observer isn't called any more.
 */
export function whenOpen(socket: WebSocket, observer: OpeningObserver, options: WhenOpenOptions): () => void {
  const settle = () => {
    stopTimer();
    for (const type of OPENING) socket.removeEventListener(type, onEvent);
  };
  const abandon = () => {
    settle();
    socket.addEventListener("open", () => socket.close(CloseCode.GOING_AWAY, ""), { once: true });
  };
  const fail = (code: ErrorCode, why: string, cause?: unknown) => {
    abandon();
    observer.onFailure(new ConnectionError(`Cannot open the connection: ${why}`, code, cause));
  };
  const onEvent = (event: Event) => {
    if (event.type === "close") return fail(ErrorCode.CONNECTION_LOST, "the socket was closed");
    if (event.type === "error") {
      const cause = faultOf(event);
      return fail(ErrorCode.CONNECTION_LOST, cause.message, cause);
    }
    settle();
    observer.onOpen();
  };
  const stopTimer = SharedTimeout.after(
    options.timeout,
    () => fail(ErrorCode.HANDSHAKE_TIMEOUT, `received no open socket from the runtime within ${options.timeout} ms`),
  );
  for (const type of OPENING) socket.addEventListener(type, onEvent);
  return abandon;
}

/**
 * A connection over the `WebSocket` that `Deno.upgradeWebSocket` returns under `Deno.serve`, which doesn't expose the
 * bytes.
 *
 * It is the only {@linkcode Connection} that doesn't go through this package's own protocol: the framing is the
 * runtime's, with its leniencies and limits (as of Deno 2.9.6):
 * - It accepts unmasked frames. Other violations end TCP without a Close frame, and are reported as `CONNECTION_LOST`
 *   with the runtime's error as the cause; so is a peer that just leaves.
 * - A message is received completely, however long, before it can fail for exceeding `maxLength`.
 * - It answers Pings, but reports none and can't send any; nor can it stop reading.
 * - Once our Close was sent, anything that the peer sends, except its own Close, makes the runtime drop the connection,
 *   which is reported as 1006; a peer that sends without pause may even be dropped before our Close could leave.
 * - TCP can't be ended from here. If the peer neither answers our Close, nor sends anything, nor leaves, its
 *   connection stays until the server is shut down. The end is reported to the handler in time all the same.
 * - Once our Close was sent, `bufferedAmount` is 0, and a peer that vanishes looks like one whose Close has no code.
 */
export class RuntimeConnection implements Connection {
  readonly #socket: WebSocket;
  readonly #handler: ConnectionHandler;
  readonly #maxLength: number;
  readonly #closeTimeout: number;
  readonly #writes: WriteWatch;

  /** Why the connection ends, once that is known: our own error, or the peer's Close. */
  #info: CloseInfo | null = null;
  /** `"closing"` once our Close is due, `"closeSent"` once the runtime has it. */
  #state: "open" | "closing" | "closeSent" | "ended" = "open";
  #ownClose: CloseInfo | null = null;
  #sendTimer: ReturnType<typeof setTimeout> | undefined;
  #stopCloseTimer: (() => void) | null = null;

  /**
   * Starts at once. Call it within {@linkcode OpeningObserver.onOpen}, so that no message is lost. The handler isn't
   * called before the constructor has returned.
   *
   * @param socket An open socket that nobody else uses.
   * @param handler Receives the events.
   * @param options Limits and times.
   * @throws {TypeError} If the socket is not open.
   */
  constructor(socket: WebSocket, handler: ConnectionHandler, options: RuntimeConnectionOptions) {
    if (socket.readyState !== WebSocket.OPEN) {
      throw new TypeError(
        `Cannot create a connection: expected an open socket, received one whose readyState is ${socket.readyState}`,
      );
    }
    this.#socket = socket;
    this.#handler = handler;
    this.#maxLength = options.maxLength;
    this.#closeTimeout = options.closeTimeout;
    this.#writes = new WriteWatch(socket, options.highWaterMark, handler);
    socket.binaryType = "arraybuffer";
    for (const type of EVENTS) socket.addEventListener(type, this);
  }

  /**
   * Handles an event of the socket. Three separate listeners, with a signal that removes them, would cost every
   * connection 1.7 KiB of memory (Deno 2.9.6).
   *
   * @param event The event.
   */
  handleEvent(event: Event): void {
    if (event.type === "message") this.#onMessage((event as MessageEvent).data);
    else if (event.type === "error") this.#onError(faultOf(event));
    else this.#onClose(event as CloseEvent);
  }

  /** The state of the connection. */
  get state(): "open" | "closing" | "closed" {
    if (this.#state === "ended") return "closed";
    return this.#state === "open" && this.#socket.readyState === WebSocket.OPEN ? "open" : "closing";
  }

  /**
   * The bytes of queued messages, without frame headers; each message counts until its last byte is written. Always 0
   * once our Close was sent.
   */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Null: the runtime reports only messages, and watches the peer itself. */
  get received(): null {
    return null;
  }

  /** How many bytes were handed to the system, without frame headers. */
  get sent(): number {
    return this.#writes.progress;
  }

  /** Grows as messages are handed to the system; an incoming message can't be seen before it is complete. */
  get progress(): number {
    return this.#writes.progress;
  }

  /** Null: the runtime doesn't report it. */
  get writing(): null {
    return null;
  }

  /** False: it can't be paused. */
  get paused(): boolean {
    return false;
  }

  #onMessage(data: string | ArrayBuffer): void {
    if (this.#info !== null) return;
    const message = typeof data === "string" ? data : new Uint8Array(data);
    const length = lengthAbove(message, this.#maxLength);
    if (length === null) this.#handler.onMessage(message);
    else this.fail(messageTooLong(length, this.#maxLength));
  }

  #onError(cause: Error): void {
    if (this.#info === null) {
      this.#handler.onError(
        new ConnectionError(
          `The connection was lost: ${cause.message}`,
          ErrorCode.CONNECTION_LOST,
          cause,
        ),
      );
    }
    this.#end();
  }

  #onClose({ code, reason }: CloseEvent): void {
    if (this.#info === null && this.#isOfPeer(code)) {
      this.#info = { code, reason };
      // Both our Close and our answer to the peer's are written after all messages.
      this.#writes.settle();
    }
    this.#end();
  }

  /**
   * Checks whether the runtime's event comes from a Close of the peer. Otherwise the event has code 0, or 1005 if we
   * had sent our own. A peer echoes the code that it received (RFC 6455 §5.5.1), so 1005 means that no Close arrived,
   * unless ours had no code either.
   */
  #isOfPeer(code: number): boolean {
    if (code === 0) return false;
    const answersCode = this.#state === "closeSent" && this.#ownClose?.code !== CloseCode.NO_STATUS_RECEIVED;
    return code !== CloseCode.NO_STATUS_RECEIVED || !answersCode;
  }

  /** Reports once that the connection is over. */
  #end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    clearTimeout(this.#sendTimer);
    this.#stopCloseTimer?.();
    this.#writes.stop();
    for (const type of EVENTS) this.#socket.removeEventListener(type, this);
    this.#handler.onClose(this.#info ?? { code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  /** Sends a text message. It is never compressed. */
  sendText(message: string): boolean {
    return this.#send(message);
  }

  /** Sends a binary message. It is never compressed; the runtime copies it. */
  sendBinary(message: Uint8Array): boolean {
    return this.#send(message);
  }

  /** Sends a prepared message. The runtime frames it, and never compresses it. */
  sendPrepared(message: PreparedMessage): boolean {
    return this.#send(message.data);
  }

  #send(message: string | Uint8Array): boolean {
    if (this.state !== "open") return false;
    this.#writes.send(message);
    return true;
  }

  /**
   * Throws: the built-in socket can't send fragments, and buffering the whole message would defeat the purpose.
   *
   * @throws {TypeError} Always.
   */
  startMessage(): never {
    throw unsupported("send a message in fragments");
  }

  /** Returns false: no fragmented message can have begun. */
  sendFragment(): false {
    return false;
  }

  /** Does nothing, for the same reason. */
  abandonMessage(): void {}

  /**
   * Throws: the built-in socket can't send a Ping.
   *
   * @throws {TypeError} Always.
   */
  sendPing(): never {
    throw unsupported("send a Ping");
  }

  /**
   * Throws: the built-in socket can't send a Pong.
   *
   * @throws {TypeError} Always.
   */
  sendPong(): never {
    throw unsupported("send a Pong");
  }

  /** False: the built-in socket can't stop reading. */
  get pausable(): boolean {
    return false;
  }

  /** Does nothing: the runtime delivers only complete messages. */
  receiveParts(): void {}

  /** Does nothing: the runtime writes each message separately. */
  cork(): void {}

  /** Does nothing. */
  uncork(): void {}

  /**
   * Throws: the built-in socket can't stop reading, and messages held back here would pile up unnoticed.
   *
   * @throws {TypeError} Always.
   */
  pause(): never {
    throw unsupported("pause");
  }

  /**
   * Throws, since nothing can have been paused.
   *
   * @throws {TypeError} Always.
   */
  resume(): never {
    throw unsupported("resume");
  }

  /**
   * Runs a callback when everything sent so far is written: at once if nothing is queued, otherwise when the runtime's
   * count of queued bytes shows it. There is no event for that, so a timer checks the count, after 0 ms at first, and
   * at least every 64 ms if the peer doesn't read. Once the connection is closing, it runs when the peer's Close has
   * arrived; never if none does.
   *
   * @param callback The function to run. Its exception is reported as an uncaught exception.
   */
  whenWritten(callback: () => void): void {
    if (this.#state !== "ended") this.#writes.whenWritten(callback);
  }

  /**
   * Begins the closing handshake; every code that RFC 6455 §7.4 allows is sent unchanged.
   *
   * @param code The code to send, 1005 for none.
   * @param reason The reason to send.
   * @returns False if it had already begun.
   * @throws {RangeError} If the code may not be sent, or the reason is too long.
   */
  close(code: number, reason: string): boolean {
    formatClosePayload(code, reason);
    if (this.state !== "open") return false;
    this.#startClosing(code, reason);
    return true;
  }

  /**
   * Fails the connection with the error's close code, 1002 if it has none. Messages that arrive later are dropped.
   *
   * @param error The error; its message becomes the reason, as far as it fits.
   * @throws {RangeError} If its close code may not be sent.
   */
  fail(error: WebSocketError): void {
    if (this.#info !== null || this.#state === "ended") return;
    const code = error.closeCode ?? CloseCode.PROTOCOL_ERROR;
    const reason = error.reason || fitReason(error.message);
    formatClosePayload(code, reason);
    this.#info = { code, reason: error.message };
    this.#startClosing(code, reason);
    this.#handler.onError(error);
  }

  /**
   * Ends the connection at once for the handler. The platform can't cut TCP: the peer gets a Close with 1001, and TCP
   * ends when the peer answers, sends anything else, or leaves.
   */
  terminate(): void {
    if (this.#state === "ended") return;
    this.#startClosing(CloseCode.GOING_AWAY, "");
    this.#sendClose();
    this.#end();
  }

  /**
   * Begins the closing, unless it has already begun. From now on the peer has `closeTimeout` to end the connection.
   *
   * Our Close leaves in the next turn of the event loop: if the runtime has already read more messages, it would drop
   * them, and the connection, without sending the Close at all. By then they are delivered.
   */
  #startClosing(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#ownClose = { code, reason };
    this.#sendTimer = setTimeout(() => this.#sendClose(), 0);
    this.#stopCloseTimer = SharedTimeout.after(this.#closeTimeout, () => this.#onCloseTimeout());
  }

  #sendClose(): void {
    const { code, reason } = this.#ownClose!;
    this.#state = "closeSent";
    if (code === CloseCode.NO_STATUS_RECEIVED) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  #onCloseTimeout(): void {
    if (this.#info === null) {
      this.#handler.onError(closeTimedOut(this.#closeTimeout));
    }
    this.#end();
  }
}

const encoder = new TextEncoder();

/** The length of a message in bytes if it exceeds a limit, else null. Text is only measured if necessary. */
function lengthAbove(message: string | Uint8Array, limit: number): number | null {
  const units = message.length;
  if (typeof message !== "string" || units > limit) return units > limit ? units : null;
  // A UTF-16 code unit takes at most three bytes of UTF-8.
  if (units * 3 <= limit) return null;
  const { length } = encoder.encode(message);
  return length > limit ? length : null;
}

/** The error of an event, created from its message if it has none. */
function faultOf(event: Event): Error {
  const { error, message } = event as ErrorEvent;
  return error instanceof Error ? error : new Error(message || "the runtime gave no reason");
}

/**
 * Creates the error for an operation that the built-in socket doesn't support.
 *
 * @param what The operation.
 * @returns The error to throw.
 */
export function unsupported(what: string): TypeError {
  return new TypeError(
    `Cannot ${what}: the runtime's own WebSocket has no way to, and this connection came from Deno.serve. ` +
      "Use serve of @wsd/driver, or node:http",
  );
}
