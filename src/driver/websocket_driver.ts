import { EventEmitter } from "node:events";
import { CloseCode } from "../close_code.ts";
import { type MessageData, toBytes } from "../connection/message_data.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { PreparedMessage } from "../protocol/prepared_message.ts";
import type { MessageChunks } from "../streams/chunk_reader.ts";
import type { MessageStream } from "../streams/message_stream.ts";
import { roundTrip } from "./round_trip.ts";
import { showSummary } from "./summarize.ts";
import { sendStream, type SendStreamOptions } from "../streams/send_stream.ts";
import { drained } from "./drained.ts";
import { DriverCore } from "./driver_core.ts";
import { onRejection } from "./on_rejection.ts";
import type { ReadyState, WebSocketEvents } from "./events.ts";
import type { WebSocketDriverOptions } from "./options.ts";
import type { WebSocketStats } from "./web_socket_stats.ts";
import { checkSendOptions, type SendOptions, withType } from "./send_options.ts";

/** The implementation behind a driver's public methods, for the files of this package. */
export let coreOf: (ws: WebSocketDriver) => DriverCore;

/**
 * One WebSocket connection, of either side: an event emitter with methods to send. {@linkcode makeServer} and
 * {@linkcode makeClient} create them. Messages sent before it is open are queued, and then go out in order.
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
 * @category Connection
 */
export abstract class WebSocketDriver extends EventEmitter<WebSocketEvents> {
  /** The version of the protocol: 13, which is RFC 6455. */
  readonly version = "hybi-13";
  /** The longest message to accept, in bytes. It can be changed until the connection is started. */
  maxLength: number;
  /** The subprotocols to support, in order of preference. They can be changed until the connection is started. */
  acceptProtocols: string[];
  readonly #core: DriverCore;

  static {
    coreOf = (ws) => ws.#core;
    onRejection<WebSocketDriver, WebSocketEvents>(this.prototype, (ws, name, cause) => ws.#core.onThrown(name, cause));
    showSummary(this.prototype);
  }

  /**
   * Checks the options.
   *
   * @param options Limits, times and the handshake's additions.
   * @throws {TypeError} If an option is of the wrong type.
   * @throws {RangeError} If a number is out of its range.
   */
  constructor(options: WebSocketDriverOptions = {}) {
    super({ captureRejections: true });
    this.#core = new DriverCore(this, options);
    const { maxLength, acceptProtocols } = this.#core.settings;
    this.maxLength = maxLength;
    this.acceptProtocols = acceptProtocols;
  }

  /**
   * Adds a listener: `"open"`, `"message"`, `"close"`, `"error"`, `"drain"`, `"ping"` or `"pong"`.
   *
   * A listener that throws closes this connection with 1011, and no other; see `LISTENER_FAILED`. Its exception is
   * reported even if there are listeners for `"error"`: to `onError` of `serve`, or else as an `"error"` event of the
   * global scope.
   *
   * @param event The event's name; see {@linkcode WebSocketEvents} for their arguments.
   * @param listener The function to call each time.
   * @throws {TypeError} If a listener for messages is added while a stream or `receive()` takes them.
   *
   * @example Echo
   * ```ts
   * import type { WebSocketDriver } from "@wsd/driver";
   *
   * export function echo(ws: WebSocketDriver): void {
   *   ws.on("message", (message) => ws.send(message));
   *   ws.on("close", ({ code, reason }) => console.log("Closed:", code, reason));
   * }
   * ```
   */
  override on<Name extends keyof WebSocketEvents>(
    event: Name,
    listener: (...values: WebSocketEvents[Name]) => unknown,
  ): this {
    return super.on(event as "open", listener as () => void);
  }

  /**
   * Adds a listener that is called once.
   *
   * @param event The event's name.
   * @param listener The function to call the next time only.
   * @throws {TypeError} If a listener for messages is added while a stream or `receive()` takes them.
   */
  override once<Name extends keyof WebSocketEvents>(
    event: Name,
    listener: (...values: WebSocketEvents[Name]) => unknown,
  ): this {
    return super.once(event as "open", listener as () => void);
  }

  /**
   * Removes a listener.
   *
   * @param event The event's name.
   * @param listener The function that was added.
   */
  override off<Name extends keyof WebSocketEvents>(
    event: Name,
    listener: (...values: WebSocketEvents[Name]) => unknown,
  ): this {
    return super.off(event as "open", listener as () => void);
  }

  /** Header fields that are added to the handshake. They can be changed until the connection is started. */
  get additionalHeaders(): Headers {
    return this.#core.settings.additionalHeaders.headers;
  }

  /** The state of the connection. */
  get readyState(): ReadyState {
    return this.#core.readyState;
  }

  /** The negotiated subprotocol, null if there is none. RFC 6455 §1.9. */
  get protocol(): string | null {
    return this.#core.negotiated.protocol;
  }

  /** The negotiated extensions, as in `Sec-WebSocket-Extensions`, RFC 6455 §9; empty if there are none. */
  get extensions(): string {
    return this.#core.negotiated.extensions;
  }

  /** The round trip of the last answered Ping, in milliseconds; null before the first Pong. */
  get latency(): number | null {
    return this.#core.latency;
  }

  /** How many bytes are queued, including frame headers. */
  get bufferedAmount(): number {
    return this.#core.bufferedAmount;
  }

  /** The current counts of this connection: a new object each time. */
  get stats(): WebSocketStats {
    return this.#core.stats;
  }

  /** How many more bytes to send before waiting, as in Web Streams: at or below 0, stop until `"drain"`. */
  get desiredSize(): number {
    return this.#core.settings.highWaterMark - this.#core.bufferedAmount;
  }

  /** Resolves when the connection is open; rejects with a {@linkcode WebSocketError} if it never will be. */
  get opened(): Promise<void> {
    return this.#core.promises.opened;
  }

  /** Resolves when the connection is over, with the argument of `"close"`. It never rejects. */
  get closed(): Promise<CloseInfo> {
    return this.#core.promises.closed;
  }

  /**
   * The incoming messages: from the first use on they go here, and to no listener. While you don't read, the connection
   * isn't read either; at most `highWaterMark` bytes and one message are buffered. The stream ends if the connection
   * ends cleanly, and otherwise fails with a {@linkcode WebSocketError}, after all complete messages. Canceling it
   * closes the connection, with the code and reason of a {@linkcode WebSocketError}.
   *
   * @throws {TypeError} If there are listeners for `"message"`, or messages go to `messages`.
   */
  get readable(): ReadableStream<string | Uint8Array<ArrayBuffer>> {
    return this.#core.streams.readable;
  }

  /**
   * The incoming messages, each as a stream of its bytes that starts before the message has arrived completely;
   * `maxLength` still applies. Otherwise like `readable`.
   *
   * @throws {TypeError} If there are listeners for `"message"`, or messages go to `readable`.
   */
  get messages(): ReadableStream<MessageStream> {
    return this.#core.streams.messages;
  }

  /**
   * A stream of messages to send. A write resolves when the system has accepted its bytes; until then, they must not be
   * changed. Closing it closes the connection and waits for the peer; aborting it closes with the code and reason of a
   * {@linkcode WebSocketError}, or without a code.
   */
  get writable(): WritableStream<MessageData> {
    return this.#core.streams.writable;
  }

  /**
   * Waits for the next message, without closing anything: messages that arrive between two calls are kept for the next
   * one. While at least `highWaterMark` bytes are kept, the peer must wait.
   *
   * From the first call on, messages go here and to no listener. Make that call before you await anything else, since
   * messages that arrive without a listener or a call are dropped.
   *
   * @param signal Ends the wait; the message then goes to the next call.
   * @returns Text as a string, binary as bytes. It rejects with a {@linkcode WebSocketError} once the connection has
   * ended and no message is left, with `CONNECTION_CLOSED` if it ended cleanly; or with the signal's reason.
   * @throws {TypeError} As a rejection, if there are listeners for `"message"`, or a stream takes the messages.
   *
   * @example Ask, and read the answer
   * ```ts
   * import { makePair } from "@wsd/driver";
   *
   * await using pair = await makePair();
   * pair.server.on("message", (message) => pair.server.send(`You said ${message}`));
   *
   * pair.client.send("Hi");
   * console.log(await pair.client.receive()); // You said Hi
   * ```
   */
  async receive(signal?: AbortSignal): Promise<string | Uint8Array<ArrayBuffer>> {
    return await this.#core.streams.receiver.receive(signal);
  }

  /**
   * Iterates over `readable`.
   *
   * **Leaving the loop closes the connection**, just as leaving a loop over any stream cancels it: with `break`,
   * `return` or an exception. To read some messages and keep the connection, use {@linkcode WebSocketDriver.receive}.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Uint8Array<ArrayBuffer>> {
    return this.readable[Symbol.asyncIterator]();
  }

  /** Closes the connection and waits for its end; anything that still arrives is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closeConnection();
    this.#core.drop();
    await this.closed;
  }

  /**
   * Sends a message, or with `type` a control frame.
   *
   * Bytes up to 64 KiB are copied at the call. Longer ones must not be changed until the `callback` has run.
   *
   * @param data Text, bytes (an ArrayBuffer or any view of one), or the result of {@linkcode prepareMessage}.
   * @param options A part of the data, its type, and a callback.
   * @returns True if it was written or queued; false once the connection is closing or closed.
   * @throws {TypeError} If the data is neither text nor bytes, or the type is unknown.
   * @throws {RangeError} If `start`, `end`, `code` or the length of a control frame is out of range.
   */
  send(data: MessageData | PreparedMessage, options?: SendOptions): boolean {
    const core = this.#core;
    const { connection } = core;
    if (connection !== null && options === undefined) {
      if (connection.bufferedAmount > core.settings.backpressureLimit) return core.refuse();
      if (typeof data === "string") return core.count(connection.sendText(data, true));
      if (data instanceof Uint8Array) return core.count(connection.sendBinary(toBytes(data, "send"), true));
    }
    if (options !== undefined) checkSendOptions(options);
    if (data instanceof PreparedMessage) return core.sendPrepared(data, options);
    return core.sendAs(data, options ?? {});
  }

  /**
   * Sends a text message.
   *
   * @param message Text, or UTF-8 bytes.
   * @param options A part of it, and a callback.
   * @returns True if it was accepted; false once the connection is closing or closed.
   * @throws {TypeError} If the message isn't text.
   */
  sendText(message: MessageData, options: Omit<SendOptions, "type" | "code"> = {}): boolean {
    return this.#core.sendAs(message, withType(options, "text"));
  }

  /**
   * Sends a binary message.
   *
   * @param bytes An ArrayBuffer, any view of one, or a string, which is sent as UTF-8.
   * @param options A part of it, and a callback.
   * @returns True if it was accepted; false once the connection is closing or closed.
   * @throws {TypeError} If it is neither bytes nor a string.
   */
  sendBinary(bytes: MessageData, options: Omit<SendOptions, "type" | "code"> = {}): boolean {
    return this.#core.sendAs(bytes, withType(options, "binary"));
  }

  /**
   * Sends a value as JSON, in a text message.
   *
   * @param value Any value that `JSON.stringify` accepts.
   * @param options A callback, and whether to compress.
   * @returns True if it was accepted; false once the connection is closing or closed.
   * @throws {TypeError} If JSON can't express the value, such as undefined, a function, or a cyclic object.
   *
   * @example Send a price
   * ```ts
   * import { makePair } from "@wsd/driver";
   *
   * await using pair = await makePair();
   * pair.server.sendJson({ symbol: "DENO", price: 42 });
   * console.log(await pair.client.receive()); // {"symbol":"DENO","price":42}
   * ```
   */
  sendJson(value: unknown, options: Pick<SendOptions, "callback" | "compress"> = {}): boolean {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) {
      throw new TypeError(`Cannot send as JSON: expected a value that JSON can express, received ${typeof value}`);
    }
    return this.sendText(text, options);
  }

  /**
   * Waits until less than `highWaterMark` is queued, that is, until `desiredSize` is above 0.
   *
   * @param signal Ends the wait.
   * @returns A promise that resolves at once if there is room. It rejects with a {@linkcode WebSocketError} if the
   * connection ends first, or with the signal's reason.
   *
   * @example Send many rows, no faster than the peer reads them
   * ```ts
   * import type { WebSocketDriver } from "@wsd/driver";
   *
   * export async function sendRows(ws: WebSocketDriver, rows: Iterable<string>): Promise<void> {
   *   for (const row of rows) {
   *     await ws.drained();
   *     ws.send(row);
   *   }
   * }
   * ```
   */
  async drained(signal?: AbortSignal): Promise<void> {
    await drained(this.#core, this, signal);
  }

  /**
   * Sends one message from a source of chunks, as fragments, without ever holding all of it. The source is read further
   * when its last chunk was written. Messages that are sent meanwhile wait; control frames do not. If the source fails
   * in the middle, the connection fails with 1011, because the message can neither be finished nor taken back.
   *
   * @param chunks A `ReadableStream` or anything to iterate over, of strings for text, or of bytes.
   * @param options The type, the length of a fragment, and a signal.
   * @returns A promise that resolves when the last byte was written. It rejects with the source's error, the signal's
   * reason, a {@linkcode WebSocketError} if the connection ends first, or a TypeError if a chunk doesn't fit the type,
   * or over the built-in socket under `Deno.serve`, which has no fragments.
   */
  async sendStream(chunks: MessageChunks, options: SendStreamOptions = {}): Promise<void> {
    await sendStream(this.#core, chunks, options);
  }

  /**
   * Sends a Ping. RFC 6455 §5.5.2.
   *
   * @param payload Text or bytes, at most 125 bytes.
   * @param callback Called when a Pong answers this Ping or a later one.
   * @returns True if it was accepted; false once the connection is closing or closed.
   * @throws {RangeError} If the payload is longer.
   * @throws {TypeError} If the payload is neither text nor bytes, or the connection runs over the built-in socket under
   * `Deno.serve`, which has no Ping.
   */
  sendPing(payload: MessageData = "", callback?: () => void): boolean {
    return this.#core.sendPing(payload, callback);
  }

  /**
   * Sends a Ping, and measures how long its Pong takes. RFC 6455 §5.5.2.
   *
   * @param signal Ends the wait.
   * @returns The round trip, in milliseconds. It rejects with a {@linkcode WebSocketError} if the connection ends
   * first, with the signal's reason, or with a TypeError over the runtime's socket under `Deno.serve`, which has no
   * Ping.
   *
   * @example Measure a connection
   * ```ts
   * import { makePair } from "@wsd/driver";
   *
   * await using pair = await makePair();
   * const milliseconds = await pair.client.ping();
   * console.log(milliseconds < 1_000); // true
   * ```
   */
  async ping(signal?: AbortSignal): Promise<number> {
    return await roundTrip(this.#core, signal);
  }

  /**
   * Begins the closing handshake, after everything that was sent, with the arguments in the order of the web's
   * `close()`. RFC 6455 §7.1.2. TCP ends within `closeTimeout` after that, whatever the peer does.
   *
   * @param code 1000-1003, 1007-1014 or 3000-4999. By default none is sent, or 1000 if there is a reason.
   * @param reason Why, for people; at most 123 bytes of UTF-8.
   * @returns True if it has begun; false if the connection was already closing or closed.
   * @throws {RangeError} If the code may not be sent, or the reason is too long.
   * @throws {TypeError} If the code isn't a number, or the reason isn't a string.
   *
   * @example Close with an application-defined code
   * ```ts
   * import { makePair } from "@wsd/driver";
   *
   * await using pair = await makePair();
   * pair.server.close(4401, "Log in first");
   * console.log(await pair.client.closed); // { code: 4401, reason: "Log in first" }
   * ```
   */
  close(code?: number, reason = ""): boolean {
    return this.#core.close(code ?? (reason === "" ? CloseCode.NO_STATUS_RECEIVED : CloseCode.NORMAL_CLOSURE), reason);
  }

  /**
   * Begins the closing handshake, after everything that was sent. RFC 6455 §7.1.2. TCP ends within `closeTimeout` after
   * that, whatever the peer does.
   *
   * @param reason Why, for people; at most 123 bytes of UTF-8.
   * @param code 1000-1003, 1007-1014 or 3000-4999.
   * @returns True if it has begun; false if the connection was already closing or closed.
   * @throws {RangeError} If the code may not be sent, or the reason is too long.
   * @throws {TypeError} If the reason isn't a string, or the code isn't a number.
   */
  closeConnection(reason = "", code: number = CloseCode.NORMAL_CLOSURE): boolean {
    return this.#core.close(code, reason);
  }

  /** Ends the connection at once, with no closing handshake; the code is 1006. */
  terminate(): void {
    this.#core.terminate();
  }

  /**
   * Stops delivering messages and reading from the peer, which must stop sending once TCP's buffers are full.
   * Nothing is lost: messages already received are delivered after {@linkcode WebSocketDriver.resume}.
   *
   * @throws {TypeError} Over the built-in socket under `Deno.serve`, which can't stop, or if a stream takes the
   * messages.
   */
  pause(): void {
    this.#core.setPaused("pause");
  }

  /** Resumes delivering and reading after {@linkcode WebSocketDriver.pause}. */
  resume(): void {
    this.#core.setPaused("resume");
  }
}
