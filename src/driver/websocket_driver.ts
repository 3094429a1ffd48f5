import { EventEmitter } from "node:events";
import { CloseCode } from "../close_code.ts";
import { ErrorCode, type WebSocketError } from "../errors.ts";
import { type CloseInfo, formatClosePayload } from "../protocol/close_payload.ts";
import type { Connection, ConnectionHandler, FragmentSender } from "../connection/connection.ts";
import type { Negotiated } from "./negotiated.ts";
import { PendingPings } from "./pending_pings.ts";
import type { MessageChunks } from "../streams/chunk_reader.ts";
import { controlPayload, type MessageData, toBytes, toText } from "../connection/message_data.ts";
import { endedWithoutClose, listenerFailed } from "../connection/connection_errors.ts";
import { DriverStreams } from "../streams/driver_streams.ts";
import type { ReadyState, WebSocketEvents } from "./events.ts";
import { LifecyclePromises } from "../connection/lifecycle_promises.ts";
import { SendQueue } from "./send_queue.ts";
import type { MessageStream } from "../streams/message_stream.ts";
import { checkOptions, type SettingDefaults, type Settings, type WebSocketDriverOptions } from "./options.ts";
import { compose, fragments, type SendOptions, type SendStep, slice } from "./send_options.ts";
import { sendStream, type SendStreamOptions } from "../streams/send_stream.ts";
import { Watch, type WatchedOver } from "../connection/watch.ts";

/**
 * One WebSocket connection, of either side: an event emitter with methods to send. {@linkcode makeServer} and
 * {@linkcode makeClient} make them.
 *
 * What is sent while the connection is being opened is queued, and sent in order once it is open.
 *
 * @example Echo, on whatever connection
 * ```ts
 * import type { WebSocketDriver } from "@wsd/driver";
 *
 * export function echo(ws: WebSocketDriver): void {
 *   ws.on("message", (message) => ws.send(message));
 *   ws.on("close", ({ code, reason }) => console.log("closed", code, reason));
 * }
 * ```
 */
export abstract class WebSocketDriver extends EventEmitter<WebSocketEvents> {
  /** The version of the protocol: RFC 6455, also known as version 13. */
  readonly version = "hybi-13";
  /** The longest message to take, in bytes. It can be changed until the connection is started. */
  maxLength: number;
  /** The subprotocols to speak, in order of preference. They can be changed until the connection is started. */
  acceptProtocols: string[];
  /** Header fields that are added to the handshake. They can be changed until the connection is started. */
  get additionalHeaders(): Headers {
    return this.settings.additionalHeaders.headers;
  }

  /** The options with their defaults. */
  protected readonly settings: Settings;
  readonly #outlet: SendQueue;
  #streams: DriverStreams | null = null;
  #agreed: Negotiated = { protocol: null, extensions: "" };
  readonly #pongs = new PendingPings();
  #watch: Watch | null = null;
  readonly #lifetime = new LifecyclePromises();
  #messages = 0;

  /**
   * Checks the options.
   *
   * @param options Limits, times and the handshake's additions.
   * @param defaults The defaults in which the two sides differ.
   * @throws {TypeError} Where an option is of the wrong type.
   * @throws {RangeError} Where a number is out of its range.
   */
  constructor(options: WebSocketDriverOptions, defaults: SettingDefaults) {
    super();
    this.settings = checkOptions(options, defaults);
    this.#outlet = new SendQueue(this.settings);
    this.maxLength = this.settings.maxLength;
    this.acceptProtocols = this.settings.acceptProtocols;
  }

  /** Where the connection stands. */
  get readyState(): ReadyState {
    return this.#outlet.state;
  }

  /** The subprotocol that both sides agreed on, null where there is none. RFC 6455 §1.9. */
  get protocol(): string | null {
    return this.#agreed.protocol;
  }

  /** The extensions that both sides agreed on, as in `Sec-WebSocket-Extensions`, RFC 6455 §9; empty where there is none. */
  get extensions(): string {
    return this.#agreed.extensions;
  }

  /** How long the last answered Ping took there and back, in milliseconds; null before the first Pong. */
  get latency(): number | null {
    return this.#pongs.latency;
  }

  /** How many bytes wait to be written, with the headers of their frames. */
  get bufferedAmount(): number {
    return this.#outlet.bufferedAmount;
  }

  /** How many bytes may be sent before more should wait, as in Web Streams: at or below 0, stop until `"drain"`. */
  get desiredSize(): number {
    return this.settings.highWaterMark - this.bufferedAmount;
  }

  /** Resolves when the connection is open; rejects with a {@linkcode WebSocketError} where it never will be. */
  get opened(): Promise<void> {
    return this.#lifetime.opened;
  }

  /** Resolves when the connection is over, with what `"close"` says. It never rejects. */
  get closed(): Promise<CloseInfo> {
    return this.#lifetime.closed;
  }

  /**
   * The messages that arrive: from the first use on they go here, and to no listener. Where nobody reads, the connection
   * is not read either; at most `highWaterMark` bytes and one message wait. It ends where the connection ends cleanly,
   * and else fails with a {@linkcode WebSocketError}, behind all that was received whole. Cancelling it closes the
   * connection, with the code and reason of a {@linkcode WebSocketError}.
   *
   * @throws {TypeError} Where there are listeners for `"message"`, or messages go to `messages`.
   */
  get readable(): ReadableStream<string | Uint8Array> {
    return this.#streamed.readable;
  }

  /**
   * The messages that arrive, each of them as a stream of its bytes that begins before the message has come whole;
   * `maxLength` still holds. Otherwise as `readable`.
   *
   * @throws {TypeError} Where there are listeners for `"message"`, or messages go to `readable`.
   */
  get messages(): ReadableStream<MessageStream> {
    return this.#streamed.messages;
  }

  /**
   * Where messages to send are written. A write resolves when its bytes were taken by the system; until then, they must
   * not be changed. Closing it closes the connection and waits for the peer; aborting it closes with the code and reason
   * of a {@linkcode WebSocketError}, or without a code.
   */
  get writable(): WritableStream<MessageData> {
    return this.#streamed.writable;
  }

  get #streamed(): DriverStreams {
    return this.#streams ??= new DriverStreams(this, this.#lifetime, this.settings, () => this.#outlet.connection);
  }

  /** Iterates over `readable`; leaving the loop closes the connection. */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Uint8Array> {
    return this.readable[Symbol.asyncIterator]();
  }

  /** Closes the connection, and waits for its end; what still arrives is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closeConnection();
    if (this.#streams?.taker) this.#streams.taker.stop();
    else if (this.#outlet.connection?.paused) this.resume();
    await this.closed;
  }

  /**
   * Sends a message, or with `type` a control frame.
   *
   * Bytes up to 64 KiB are copied at the call. Longer ones must not be changed until the `callback` has run.
   *
   * @param data Text, or bytes: an ArrayBuffer or any view of one, of which exactly the bytes in view are sent.
   * @param options A part of the data, its type, and a callback.
   * @returns True where it was taken, written or queued; false once the connection is closing or closed.
   * @throws {TypeError} Where the data is neither text nor bytes, or the type is unknown.
   * @throws {RangeError} Where `start`, `end`, `code` or the length of a control frame is out of range.
   */
  send(data: MessageData, options?: SendOptions): boolean {
    const { connection } = this.#outlet;
    if (connection !== null && options === undefined) {
      this.#messages++;
      if (connection.bufferedAmount > this.settings.backpressureLimit) return this.#outlet.refuse();
      if (typeof data === "string") return connection.sendText(data, true);
      if (data instanceof Uint8Array) return connection.sendBinary(toBytes(data, "send"), true);
    }
    return this.#sendAs(data, options ?? {});
  }

  /**
   * Sends a text message.
   *
   * @param message Text, or bytes that are UTF-8.
   * @param options A part of it, and a callback.
   * @returns True where it was taken; false once the connection is closing or closed.
   * @throws {TypeError} Where the message is no text.
   */
  sendText(message: MessageData, options: Omit<SendOptions, "type" | "code"> = {}): boolean {
    return this.#sendAs(message, { ...options, type: "text" });
  }

  /**
   * Sends a binary message.
   *
   * @param bytes An ArrayBuffer, any view of one, or a string, which is sent as UTF-8.
   * @param options A part of it, and a callback.
   * @returns True where it was taken; false once the connection is closing or closed.
   * @throws {TypeError} Where it can't be seen as bytes.
   */
  sendBinary(bytes: MessageData, options: Omit<SendOptions, "type" | "code"> = {}): boolean {
    return this.#sendAs(bytes, { ...options, type: "binary" });
  }

  /**
   * Sends one message from a source of chunks, as fragments, without ever holding it whole. The source is asked for more
   * when what it gave was taken. Messages that are sent meanwhile wait; control frames do not. Where the source fails in
   * the middle, the connection is failed with 1011, for the message can neither be finished nor taken back.
   *
   * @param chunks A `ReadableStream` or anything to iterate over, of strings for text, or of bytes.
   * @param options The type, the length of a fragment, and a signal.
   * @returns A promise that resolves when the last byte was taken. It rejects with the source's error, the signal's
   * reason, a {@linkcode WebSocketError} where the connection ends before, a TypeError where a chunk doesn't fit the type
   * or, over the built-in socket under `Deno.serve`, as that has no fragments.
   */
  async sendStream(chunks: MessageChunks, options: SendStreamOptions = {}): Promise<void> {
    this.#messages++;
    const start = (onTurn: (sender: FragmentSender) => void) => this.#submit(fragments(onTurn));
    const fail = (error: WebSocketError) => this.#outlet.connection?.fail(error);
    await sendStream({ start, fail, lost: this.#lifetime.lost }, chunks, options);
  }

  /**
   * Sends a Ping. RFC 6455 §5.5.2.
   *
   * @param payload Text or bytes, at most 125 bytes.
   * @param callback Runs when the Pong arrives that answers it, or a later Ping.
   * @returns True where it was taken; false once the connection is closing or closed.
   * @throws {RangeError} Where the payload is longer.
   * @throws {TypeError} Where the payload is neither text nor bytes, or the connection is one over the built-in socket
   * under `Deno.serve`, which has no Ping.
   */
  sendPing(payload: MessageData = "", callback?: () => void): boolean {
    const bytes = controlPayload(payload, "send a Ping");
    const taken = this.#submit({ data: bytes, step: (to) => to.sendPing(bytes), what: "send a Ping" });
    if (taken) this.#pongs.expect(bytes, callback);
    return taken;
  }

  /**
   * Begins the closing handshake, behind all that was sent. RFC 6455 §7.1.2. TCP ends within `closeTimeout` after that,
   * whatever the peer does.
   *
   * @param reason Why, for people; at most 123 bytes of UTF-8.
   * @param code 1000-1003, 1007-1014 or 3000-4999.
   * @returns True where it was begun; false once the connection is closing or closed.
   * @throws {RangeError} Where the code may not be sent, or the reason is too long.
   * @throws {TypeError} Where the reason is no string, or the code no number.
   */
  closeConnection(reason = "", code: number = CloseCode.NORMAL_CLOSURE): boolean {
    formatClosePayload(code, reason);
    const taken = this.#submit({ data: "", step: (to) => to.close(code, reason) });
    if (taken && this.#outlet.connection === null) {
      this.#outlet.close();
      this.abandonHandshake();
    }
    return taken;
  }

  /** Ends the connection at once, with no closing handshake; the code is 1006. */
  terminate(): void {
    this.#lifetime.onTerminate();
    if (this.#outlet.connection !== null) return this.#outlet.connection.terminate();
    this.abandonHandshake();
    this.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  /**
   * Stops to deliver messages and to read from the peer, whose sending then stops too once TCP's buffers are full.
   * Nothing is lost: what was already received is delivered after {@linkcode WebSocketDriver.resume}.
   *
   * @throws {TypeError} Over the built-in socket under `Deno.serve`, which can't stop, and where a stream takes messages.
   */
  pause(): void {
    if (this.#streams?.taker) throw new TypeError("Cannot pause as a stream takes the messages: leave it unread");
    if (this.#outlet.waiting) this.checkSupport("pause");
    this.#outlet.apply((connection) => connection.pause());
  }

  /** Goes on after {@linkcode WebSocketDriver.pause}. */
  resume(): void {
    if (this.#outlet.waiting) this.checkSupport("resume");
    this.#outlet.apply((connection) => connection.resume());
  }

  /** Whether somebody waits for messages. */
  protected get takesMessages(): boolean {
    return !!this.#streams?.taker || this.listenerCount("message") > 0;
  }

  /**
   * Checks that the connection will be able to do something, while it is not there yet to be asked.
   *
   * @param _what What it shall do, for the error.
   * @throws {TypeError} Where it won't.
   */
  protected checkSupport(_what: string): void {}

  /** What a subclass does to stop a handshake that is under way. Called where the connection is closed meanwhile. */
  protected abandonHandshake(): void {}

  /**
   * The opening handshake is done: the connection is the driver's from here on.
   *
   * @param connect Makes the connection, with the handler that it shall tell what happens.
   * @param agreed What was agreed on.
   */
  protected open(connect: (handler: ConnectionHandler) => Connection, agreed: Negotiated): void {
    const handler = new WebSocketDriver.#Handler(this);
    const connection = connect(handler);
    this.#agreed = agreed;
    if (this.#streams?.taker?.takesParts) connection.receiveParts();
    if (!this.#outlet.open(connection)) return;
    this.#watch = new Watch(connection, handler, this.settings);
    this.#lifetime.onOpen();
    this.#tell("open");
  }

  /** What the connection tells. A class, for a closure for each event would cost every connection half a kilobyte. */
  static readonly #Handler = class implements ConnectionHandler, WatchedOver {
    readonly #ws: WebSocketDriver;

    constructor(ws: WebSocketDriver) {
      this.#ws = ws;
    }

    onMessage(message: string | Uint8Array): void {
      const ws = this.#ws;
      ws.#messages++;
      if (ws.#streams?.taker) ws.#streams.taker.onMessage(message);
      else ws.#tell("message", message);
    }

    onPart(type: "text" | "binary", part: Uint8Array, last: boolean): void {
      this.#ws.#messages++;
      this.#ws.#streams!.taker!.onPart(type, part, last);
    }

    onPing(payload: Uint8Array): void {
      this.#ws.#tell("ping", payload);
    }

    onPong(payload: Uint8Array): void {
      const ws = this.#ws;
      for (const callback of ws.#pongs.settle(payload)) ws.#guard("callback", callback);
      ws.#tell("pong", payload);
    }

    onDrain(): void {
      this.#ws.#tell("drain");
    }

    onError(error: WebSocketError): void {
      this.#ws.failed(error);
    }

    onClose(info: CloseInfo): void {
      const ws = this.#ws;
      if (ws.listenerCount("error") > 0 && ws.#lifetime.failsWith(info)) ws.failed(endedWithoutClose());
      ws.end(info);
    }

    get messages(): number {
      return this.#ws.#messages;
    }

    ping(payload: Uint8Array): void {
      this.#ws.sendPing(payload);
    }

    onIdle(reason: string): void {
      this.#ws.closeConnection(reason, CloseCode.GOING_AWAY);
    }
  };

  /**
   * Tells of a fault of the peer's or the network's.
   *
   * @param error Which.
   */
  protected failed(error: WebSocketError): void {
    if (this.#outlet.ended) return;
    this.#lifetime.onFault(error);
    if (this.listenerCount("error") > 0) this.#tell("error", error);
    else if (error.code === ErrorCode.LISTENER_FAILED) this.report(error.cause);
  }

  /**
   * Tells of the end, once.
   *
   * @param info The code and the reason.
   */
  protected end(info: CloseInfo): void {
    if (this.#outlet.ended) return;
    this.#outlet.end();
    this.#watch?.stop();
    this.#pongs.clear();
    this.#lifetime.onEnd(info);
    this.#streams?.onEnd();
    this.#tell("close", info);
  }

  /**
   * Reports what a listener threw where nobody listens for errors: as an uncaught exception, unless a server takes it.
   *
   * @param fault What was thrown.
   */
  protected report(fault: unknown): void {
    reportError(fault);
  }

  #sendAs(data: MessageData, options: SendOptions): boolean {
    const { type = typeof data === "string" ? "text" : "binary", callback, compress = true } = options;
    const part = slice(data, options);
    this.#messages++;
    const taken = type === "ping"
      ? this.sendPing(part)
      : type === "close"
      ? this.closeConnection(toText(part, "close"), options.code)
      : this.#submit(compose(type, part, { compress, waits: this.#outlet.connection === null }));
    if (taken && callback !== undefined) {
      this.#outlet.apply((connection) => connection.whenWritten(() => this.#guard("callback", callback)));
    }
    return taken;
  }

  #submit(step: SendStep): boolean {
    if (step.what !== undefined && this.readyState === "connecting") this.checkSupport(step.what);
    return this.#outlet.submit(step);
  }

  #tell<Name extends keyof WebSocketEvents>(name: Name, ...values: WebSocketEvents[Name]): void {
    this.#guard(name, () => this.emit(name as "message", values[0] as string));
  }

  /** What the application throws must not stop the protocol: it fails this connection, and no other. */
  #guard(name: keyof WebSocketEvents | "callback", call: () => void): void {
    try {
      call();
    } catch (cause) {
      const { connection } = this.#outlet;
      if (name === "error" || name === "close" || connection?.state !== "open") return this.report(cause);
      connection.fail(listenerFailed(name, cause));
    }
  }
}
