import type { EventEmitter } from "node:events";
import { CloseCode } from "../close_code.ts";
import type { Connection, ConnectionHandler } from "../connection/connection.ts";
import { endedWithoutClose, listenerFailed, tooMuchQueued } from "../connection/connection_errors.ts";
import { Heartbeat } from "../connection/heartbeat.ts";
import { IdleTimer } from "../connection/idle_timer.ts";
import { LifecyclePromises } from "../connection/lifecycle_promises.ts";
import { reportException } from "../connection/report_exception.ts";
import { controlPayload, type MessageData, toText } from "../connection/message_data.ts";
import type { WebSocketError } from "../errors.ts";
import { type CloseInfo, formatClosePayload } from "../protocol/close_payload.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";
import { Opcode } from "../protocol/opcode.ts";
import { DriverStreams } from "../streams/driver_streams.ts";
import type { MessageConsumer } from "../streams/message_consumer.ts";
import type { StreamOwner } from "../streams/stream_owner.ts";
import { claimMessages } from "./claim_messages.ts";
import type { DriverSide } from "./driver_side.ts";
import type { ReadyState, WebSocketEvents } from "./events.ts";
import { checkOptions, type Settings, type WebSocketDriverOptions } from "./options.ts";
import { type Negotiated, NOTHING_NEGOTIATED } from "./negotiated.ts";
import { PendingPings } from "./pending_pings.ts";
import { hasErrorSubscribers, publishClose, publishError, publishOpen, type WatchedHandshake } from "./publish.ts";
import { SendQueue } from "./send_queue.ts";
import type { WebSocketStats } from "./web_socket_stats.ts";
import { compose, type SendOptions, type SendStep, slice } from "./send_options.ts";

const NOTHING_COUNTED = { bufferedAmount: 0, sent: 0, received: 0 };

/** The implementation behind a driver's public methods: what it sends, and when it emits which event. */
export class DriverCore implements ConnectionHandler, StreamOwner {
  /** The options with their defaults. */
  readonly settings: Settings;
  /** The part that is specific to the client or the server; set when it is created. */
  side: DriverSide | null = null;
  /** The connection, null before it is open and after its end. */
  connection: Connection | null = null;
  /** The result of the opening handshake. */
  negotiated: Negotiated = NOTHING_NEGOTIATED;
  /** The opening handshake in progress, if anyone has subscribed to it. */
  handshake: WatchedHandshake | null = null;
  /** How many messages were sent or queued. */
  messagesSent = 0;
  /** How many messages have arrived. */
  messagesReceived = 0;
  readonly promises: LifecyclePromises = new LifecyclePromises();
  readonly #emitter: EventEmitter<WebSocketEvents>;
  /** From "open" on, the connection's own state counts. "terminating" lasts only for the call of `terminate()`. */
  #state: "connecting" | "closing" | "open" | "terminating" | "closed" = "connecting";
  /** What is queued until the connection is open; null if nothing was, or it is open. */
  #queue: SendQueue | null = null;
  #streams: DriverStreams | null = null;
  #consumer: MessageConsumer | null = null;
  #pings: PendingPings | null = null;
  #heartbeat: Heartbeat | null = null;
  #idleTimer: IdleTimer | null = null;
  /** The last counts of a connection that has ended. Applications may keep a driver; the connection is dropped. */
  #lastCounts: Pick<Connection, "bufferedAmount" | "sent" | "received"> = NOTHING_COUNTED;

  /**
   * @param emitter The emitter with the listeners.
   * @param options The options of the driver.
   * @throws {TypeError} If an option is of the wrong type.
   * @throws {RangeError} If a number is out of its range.
   */
  constructor(emitter: EventEmitter<WebSocketEvents>, options: WebSocketDriverOptions) {
    this.#emitter = emitter;
    this.settings = checkOptions(options);
  }

  /** The state of the connection. */
  get readyState(): ReadyState {
    if (this.#state !== "open" && this.#state !== "terminating") return this.#state;
    return this.connection?.state ?? "closing";
  }

  /** How many bytes are queued. */
  get bufferedAmount(): number {
    return (this.#queue?.bytes ?? 0) + (this.connection ?? this.#lastCounts).bufferedAmount;
  }

  /** The current counts. */
  get stats(): WebSocketStats {
    const { messagesSent, messagesReceived, bufferedAmount } = this;
    const { sent, received } = this.connection ?? this.#lastCounts;
    return { messagesSent, messagesReceived, bytesSent: sent ?? 0, bytesReceived: received ?? 0, bufferedAmount };
  }

  /** The round trip of the last answered Ping, in milliseconds; null before the first Pong. */
  get latency(): number | null {
    return this.#pings?.latency ?? null;
  }

  /** The streams, created on first use. */
  get streams(): DriverStreams {
    return this.#streams ??= new DriverStreams(this);
  }

  /** The error that ended the connection: undefined while it lasts, null if it ended cleanly. */
  get outcome(): WebSocketError | null | undefined {
    return this.promises.outcome;
  }

  /** The error for an operation that is still pending when the connection ends. */
  get endError(): WebSocketError {
    return this.promises.endError;
  }

  /** Rejects a wait when the connection ends. Call the returned function when the wait is over. */
  rejectAtEnd(reject: (reason: WebSocketError) => void): () => void {
    return this.promises.rejectAtEnd(reject);
  }

  /** Whether messages go to a consumer or a listener, and are not dropped. */
  get takesMessages(): boolean {
    return this.#consumer !== null || this.#emitter.listenerCount("message") > 0;
  }

  /**
   * Passes all messages from now on to a consumer.
   *
   * @param consumer The consumer.
   * @param name Its name, for the error.
   * @throws {TypeError} If something else consumes them.
   */
  passMessagesTo(consumer: MessageConsumer, name: string): void {
    claimMessages(this.#emitter, this.#consumer, name);
    this.#consumer = consumer;
    const { outcome } = this.promises;
    if (outcome !== undefined) consumer.onEnd(outcome);
    else if (consumer.takesParts) this.connection?.receiveParts();
  }

  /**
   * Runs a step on the connection: now, or in order once it is open.
   *
   * @param step What to do, and what it needs.
   * @returns False if it was not accepted: the connection is closing or closed, or too much is queued.
   * @throws {TypeError} If the future connection can't support it.
   */
  submit({ bytes, limited, run, needs }: SendStep): boolean {
    if (needs !== undefined && this.#state === "connecting") this.side?.checkSupport?.(needs);
    const { connection } = this;
    if (this.#state === "closed" || this.#state === "closing") return false;
    if (limited && this.bufferedAmount > this.settings.backpressureLimit) return this.refuse();
    if (connection === null) this.#enqueue(run, bytes);
    const taken = connection === null || run(connection);
    return limited === undefined ? taken : this.count(taken);
  }

  /** Counts a message, if it was accepted for sending. */
  count(taken: boolean): boolean {
    if (taken) this.messagesSent++;
    return taken;
  }

  /**
   * Runs a step on the connection: now, or in order once it is open, unless it never opens.
   *
   * @param step What to do.
   */
  apply(step: (connection: Connection) => unknown): void {
    if (this.connection !== null) step(this.connection);
    else if (this.#state !== "closed") this.#enqueue(step, 0);
  }

  #enqueue(step: (connection: Connection) => unknown, bytes: number): void {
    if (this.#queue === null) this.side?.onQueued?.();
    this.#queue ??= new SendQueue(this.settings.highWaterMark);
    this.#queue.push(step, bytes);
  }

  /**
   * Refuses a message because too much is queued.
   *
   * @returns False.
   */
  refuse(): false {
    const { onBackpressure, backpressureLimit } = this.settings;
    if (onBackpressure === "close") this.connection?.fail(tooMuchQueued(backpressureLimit));
    return false;
  }

  /**
   * Sends data as its type and the options say.
   *
   * @param data The data.
   * @param options A part of it, its type, and a callback.
   * @returns False if it was not accepted.
   * @throws {TypeError} If the data or the type can't be sent.
   * @throws {RangeError} If the part, the code or a control frame's length is out of range.
   */
  sendAs(data: MessageData, options: SendOptions): boolean {
    const { type = typeof data === "string" ? "text" : "binary", callback, compress = true } = options;
    const part = slice(data, options);
    const taken = type === "ping"
      ? this.sendPing(part)
      : type === "close"
      ? this.close(options.code ?? CloseCode.NORMAL_CLOSURE, toText(part, "close"))
      : this.submit(compose(type, part, { compress, waits: this.connection === null }));
    if (taken && callback !== undefined) this.#whenWritten(callback);
    return taken;
  }

  /** Sends a prepared message the way it says itself; false if it was not accepted. */
  sendPrepared(message: PreparedMessage, options: SendOptions = {}): boolean {
    const { length } = message.payload;
    const taken = this.submit({ bytes: length, limited: length > 0, run: (to) => to.sendPrepared(message) });
    if (taken && options.callback !== undefined) this.#whenWritten(options.callback);
    return taken;
  }

  #whenWritten(callback: () => void): void {
    this.apply((connection) => connection.whenWritten(() => this.#guard("callback", callback)));
  }

  /** Sends a message of a stream. */
  send(message: MessageData, onTaken: () => void): boolean {
    return this.sendAs(message, { callback: onTaken });
  }

  /** Begins a fragmented message, after everything that was sent before. */
  startMessage(onTurn: () => void): boolean {
    const run = (to: Connection) => to.startMessage(onTurn);
    return this.submit({ bytes: 0, limited: false, run, needs: "send a message in fragments" });
  }

  /**
   * Sends a Ping.
   *
   * @param payload Text or bytes.
   * @param callback Runs when it is answered.
   * @returns False if it was not accepted.
   * @throws {TypeError} If the payload is of the wrong type, or the connection has no Pings.
   * @throws {RangeError} If the payload is too long.
   */
  sendPing(payload: MessageData, callback?: () => void): boolean {
    let bytes = controlPayload(payload, "send a Ping");
    // An unsolicited Pong is often empty, and would be mistaken for the answer. RFC 6455 §5.5.3.
    if (bytes.length === 0 && callback !== undefined) bytes = crypto.getRandomValues(new Uint8Array(4));
    const taken = this.submit({ bytes: bytes.length, run: (to) => to.sendPing(bytes), needs: "send a Ping" });
    if (taken && bytes.length > 0) this.#expectPong(bytes, callback);
    return taken;
  }

  #expectPong(payload: Uint8Array, callback?: () => void): void {
    (this.#pings ??= new PendingPings()).expect(payload, callback);
  }

  /** Begins the closing handshake, after everything that was sent; false if the connection is closing or closed. */
  close(code: number, reason: string): boolean {
    formatClosePayload(code, reason);
    const taken = this.submit({ bytes: 0, run: (to) => to.close(code, reason) });
    if (taken && this.#state === "connecting") {
      this.#state = "closing";
      this.side?.abandonHandshake();
    }
    return taken;
  }

  /** Ends the connection at once. */
  terminate(): void {
    if (this.#state === "closed") return;
    const { connection } = this;
    this.#state = "terminating";
    if (connection !== null) return connection.terminate();
    this.side?.abandonHandshake();
    this.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  /**
   * Stops or resumes delivering messages and reading.
   *
   * @param how Which of the two.
   * @throws {TypeError} If the connection can't, or a stream takes the messages.
   */
  setPaused(how: "pause" | "resume"): void {
    if (how === "pause" && this.#consumer !== null) {
      throw new TypeError(
        "Cannot pause: a stream takes the messages, and holds them back by itself while you don't read it",
      );
    }
    if (this.connection === null && this.#state !== "closed") this.side?.checkSupport?.(how);
    this.apply((connection) => connection[how]());
  }

  /** Drops whatever still arrives, so that the connection's end gets through. */
  drop(): void {
    if (this.#consumer !== null) this.#consumer.stop();
    else if (this.connection?.paused) this.connection.resume();
  }

  /**
   * Takes over the connection after the opening handshake.
   *
   * @param connect Creates the connection, with the handler that it reports to.
   * @param negotiated The result of the handshake.
   * @returns The connection.
   */
  open<Opened extends Connection>(connect: (handler: ConnectionHandler) => Opened, negotiated: Negotiated): Opened {
    const connection = connect(this);
    this.connection = connection;
    this.negotiated = negotiated;
    this.#state = "open";
    if (this.#consumer?.takesParts) connection.receiveParts();
    const queue = this.#queue;
    this.#queue = null;
    queue?.run(connection);
    if (this.readyState === "closed") return connection;
    this.#watch(connection);
    this.promises.onOpen();
    publishOpen(this.#emitter, this.handshake);
    this.handshake = null;
    this.#emit("open");
    // If the connection still has as much queued, it reports the drain. A listener of "open" may have sent or closed.
    const drained = queue?.wasFull === true && this.bufferedAmount < this.settings.highWaterMark;
    if (drained && this.readyState === "open") this.onDrain();
    return connection;
  }

  #watch(connection: Connection): void {
    const { pingInterval, idleTimeout } = this.settings;
    if (pingInterval > 0 && connection.received !== null) {
      this.#heartbeat = new Heartbeat(connection, (payload, onWritten) => {
        if (connection.sendPing(payload, onWritten)) this.#expectPong(payload);
      }, this.settings);
    }
    if (idleTimeout === 0) return;
    const onIdle = () => this.close(CloseCode.GOING_AWAY, `No message for ${idleTimeout} ms`);
    const activity = () => this.messagesSent + this.messagesReceived + connection.progress;
    this.#idleTimer = new IdleTimer(activity, onIdle, idleTimeout);
  }

  /** A message has arrived. */
  onMessage(message: string | Uint8Array<ArrayBuffer>): void {
    this.messagesReceived++;
    if (this.#consumer !== null) return this.#consumer.onMessage(message);
    try {
      this.#emitter.emit("message", message);
    } catch (cause) {
      this.onThrown("message", cause);
    }
  }

  /** A part of a message has arrived. */
  onPart(opcode: Opcode, part: Uint8Array<ArrayBuffer>, last: boolean): void {
    if (last) this.messagesReceived++;
    this.#consumer?.onPart(opcode === Opcode.TEXT ? "text" : "binary", part, last);
  }

  /** A Ping has arrived. */
  onPing(payload: Uint8Array<ArrayBuffer>): void {
    this.#emit("ping", payload);
  }

  /** A Pong has arrived. */
  onPong(payload: Uint8Array<ArrayBuffer>): void {
    for (const callback of this.#pings?.settle(payload) ?? []) this.#guard("callback", callback);
    this.#emit("pong", payload);
  }

  /** There is room for more to send. */
  onDrain(): void {
    this.#emit("drain");
  }

  /** Something went wrong; the connection's end follows. */
  onError(error: WebSocketError): void {
    this.reportError(error);
  }

  /** The connection is over. RFC 6455 §7.2.1: a peer that vanishes fails it, whether TCP was reset or ended. */
  onClose(info: CloseInfo): void {
    const vanished = info.code === CloseCode.ABNORMAL_CLOSURE && this.#state === "open" && !this.promises.failed;
    const isWatched = hasErrorSubscribers() || this.#emitter.listenerCount("error") > 0;
    if (vanished && isWatched) this.reportError(endedWithoutClose());
    this.end(info);
  }

  /**
   * Emits `"error"` for an error caused by the peer, the network, or a listener.
   *
   * @param error The error.
   */
  reportError(error: WebSocketError): void {
    if (this.#state === "closed") return;
    this.promises.onFault(error);
    publishError(this.#emitter, error, this.handshake);
    this.handshake = null;
    if (this.#emitter.listenerCount("error") > 0) this.#emit("error", error);
  }

  /**
   * Reports the end, once.
   *
   * @param info The code and the reason.
   */
  end(info: CloseInfo): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue = null;
    this.#heartbeat?.stop();
    this.#idleTimer?.stop();
    this.#pings?.clear();
    const { bufferedAmount, sent, received } = this.connection ?? NOTHING_COUNTED;
    this.#lastCounts = { bufferedAmount, sent, received };
    this.connection = this.#heartbeat = this.#idleTimer = null;
    this.promises.onEnd(info);
    this.#streams?.onEnd();
    publishClose(this.#emitter, info);
    this.#emit("close", info);
    this.side?.onEnd?.(info);
  }

  #emit<Name extends keyof WebSocketEvents>(name: Name, ...values: WebSocketEvents[Name]): void {
    this.#guard(name, () => this.#emitter.emit(name as "message", values[0] as string));
  }

  /** Calls into the application. An exception must not stop the protocol: it fails this connection, and no other. */
  #guard(name: keyof WebSocketEvents | "callback", call: () => unknown): void {
    try {
      const result = call();
      if (result instanceof Promise) result.catch((cause) => this.onThrown(name, cause));
    } catch (cause) {
      this.onThrown(name, cause);
    }
  }

  /**
   * A listener or a callback has thrown, or has returned a promise that rejects. That is reported even if somebody
   * listens for errors, and fails the connection if there is one.
   *
   * @param name The event, or `"callback"`.
   * @param cause What was thrown.
   */
  onThrown(name: keyof WebSocketEvents | "callback", cause: unknown): void {
    this.reportException(cause);
    const { connection } = this;
    const isOver = name === "error" || name === "close" || connection?.state !== "open";
    if (!isOver) connection.fail(listenerFailed(name, cause));
  }

  /** Reports an exception of the application. */
  reportException(exception: unknown): void {
    if (this.side?.reportException) this.side.reportException(exception);
    else reportException(exception);
  }
}
