import { EventEmitter } from "node:events";
import { checkInteger } from "../check_integer.ts";
import { CloseCode } from "../close_code.ts";
import type { MessageData } from "../connection/message_data.ts";
import { reportException } from "../connection/report_exception.ts";
import type { ReadyState } from "../driver/events.ts";
import { onRejection } from "../driver/on_rejection.ts";
import { coreOf } from "../driver/websocket_driver.ts";
import { WebSocketError } from "../errors.ts";
import { type CloseInfo, formatClosePayload } from "../protocol/close_payload.ts";
import type { Client } from "./client.ts";
import { errorOf } from "./connection_failure.ts";
import { sortOptions } from "./connections.ts";
import { Delivery } from "./delivery.ts";
import { type Environment, systemEnvironment } from "./environment.ts";
import { type Loss, Reconnector } from "./reconnector.ts";
import {
  type Dropped,
  type QueueSettings,
  type ReconnectingClientOptions,
  type ReconnectingEvents,
  type ReconnectingSendOptions,
  takeQueueOptions,
} from "./reconnecting_options.ts";
import { compose, costOf, type QueuedMessage, ResendQueue } from "./resend_queue.ts";
import type { UrlSource } from "./url_source.ts";

/** One connection of a {@linkcode ReconnectingClient}. */
class Session {
  readonly client: Client;
  readonly #over = new AbortController();
  /** Sends messages, once the connection is up. */
  delivery: Delivery | null = null;
  /** The error of the connection or of `onConnect`. */
  fault: Pick<Loss, "phase" | "error"> = { phase: "open", error: null };

  constructor(client: Client) {
    this.client = client;
    client.on("error", (error) => this.fault = { ...this.fault, error: this.fault.error ?? error });
    client.on("close", () => this.#over.abort(new WebSocketError("Cannot continue: the connection is over")));
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get isUp(): boolean {
    return this.delivery !== null && this.client.readyState === "open";
  }
}

/**
 * A client that stays connected: it opens a new connection whenever the last one is lost. Create one with
 * {@linkcode makeReconnectingClient}.
 *
 * Every message that `send` has accepted is eventually confirmed by the server, reported by `"down"` as handed over but
 * unconfirmed, or reported by `"dropped"` as not sent; unless it was replaced by its `key`, or removed by its `signal`.
 * A message of which any byte was handed to the system is never sent again.
 *
 * @example Show when it is disconnected
 * ```ts
 * import type { ReconnectingClient } from "@wsd/driver";
 *
 * export function watch(ws: ReconnectingClient): void {
 *   ws.on("up", () => console.log("Online"));
 *   ws.on("down", () => console.log("Offline"));
 * }
 * ```
 * @category Client
 */
export class ReconnectingClient extends EventEmitter<ReconnectingEvents> {
  readonly #environment: Environment;
  readonly #settings: QueueSettings;
  readonly #highWaterMark: number;
  readonly #backpressureLimit: number;
  readonly #reconnector: Reconnector;
  readonly #queue = new ResendQueue();
  readonly #opened = Promise.withResolvers<boolean>();
  readonly #closed = Promise.withResolvers<CloseInfo>();
  readonly #stopListening = new AbortController();
  #state: "unstarted" | "running" | "closing" | "closed" = "unstarted";
  #session: Session | null = null;
  /** How the last connection ended. */
  #info: CloseInfo = { code: CloseCode.ABNORMAL_CLOSURE, reason: "" };
  #full = false;

  static {
    onRejection<ReconnectingClient, ReconnectingEvents>(
      this.prototype,
      (ws, name, cause) => ws.#onRejected(name, cause),
    );
  }

  /**
   * Checks the URL and the options; nothing is connected yet.
   *
   * @param source The URL, or a function that returns it.
   * @param options The client's options.
   * @param environment The clock and the random numbers.
   * @throws {TypeError} If the URL or an option is malformed.
   * @throws {RangeError} If a number is out of its range.
   */
  constructor(
    source: UrlSource,
    options: ReconnectingClientOptions = {},
    environment: Environment = systemEnvironment,
  ) {
    super({ captureRejections: true });
    const { settings, rest } = takeQueueOptions(options);
    const sorted = sortOptions(source, rest);
    this.#environment = environment;
    this.#settings = settings;
    this.#highWaterMark = checkInteger(options, "highWaterMark", 64 * 1024, 1, Number.MAX_SAFE_INTEGER);
    this.#backpressureLimit = checkInteger(options, "backpressureLimit", 2 ** 24, 1, Number.MAX_SAFE_INTEGER);
    this.#reconnector = new Reconnector({ source, ...sorted, environment }, {
      onClient: (client) => this.#onClient(client),
      onWaiting: (waiting) => this.#tell("waiting", waiting),
    });
    this.#opened.promise.catch(() => {});
    this.#listen(rest.signal);
  }

  #listen(signal: AbortSignal | undefined): void {
    if (signal?.aborted) this.closeConnection();
    signal?.addEventListener("abort", () => this.closeConnection(), { once: true, signal: this.#stopListening.signal });
  }

  /** The current connection, for a Ping, a stream, or its negotiated subprotocol; null while there is none. */
  get client(): Client | null {
    return this.#session?.isUp ? this.#session.client : null;
  }

  /** The URL of the last attempt, without credentials; empty before the first one. */
  get url(): string {
    return this.#reconnector.url;
  }

  /** `"open"` while there is a connection, `"connecting"` while there is none yet, or none any more. */
  get readyState(): ReadyState {
    if (this.#state === "closing" || this.#state === "closed") return this.#state;
    return this.#session?.isUp ? "open" : "connecting";
  }

  /** How many bytes of messages are queued, for a connection or to be written. */
  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#session?.delivery?.bufferedAmount ?? 0);
  }

  /** How many more bytes to send before waiting, as in Web Streams: at or below 0, stop until `"drain"`. */
  get desiredSize(): number {
    return this.#highWaterMark - this.bufferedAmount;
  }

  /** Resolves when it has ended for good, with the argument of `"close"`. It never rejects. */
  get closed(): Promise<CloseInfo> {
    return this.#closed.promise;
  }

  /** Ends it for good, and waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closeConnection();
    await this.closed;
  }

  /**
   * Connects, and stays connected.
   *
   * @returns True at the first opening, once `onConnect` is done; false if it was already started.
   * @throws {HandshakeError} As a rejection, if a failure is final before that. `"gaveUp"` is emitted, too; if there is
   * a listener for it, the rejection need not be handled.
   */
  startConnection(): Promise<boolean> {
    if (this.#state !== "unstarted") return Promise.resolve(false);
    this.#state = "running";
    void this.#run();
    const opened = this.#opened.promise.then((result) => result);
    if (this.listenerCount("gaveUp") > 0) opened.catch(() => {});
    return opened;
  }

  /**
   * Sends a message over the connection, or keeps it for the next one.
   *
   * @param data Text, or bytes, which are copied.
   * @param options Its type, a key, a signal, a callback.
   * @returns `"sent"` if there is a connection, `"queued"` if there is none and the message waits for it, false if it
   * wasn't accepted: there is no connection and `whileAway` is `"refuse"`, too much is queued, or the client has ended.
   * @throws {TypeError} If the data is neither text nor bytes, or the type is unknown.
   *
   * @example Know what happened to a message
   * ```ts
   * import { makeReconnectingClient } from "@wsd/driver";
   *
   * await using ws = makeReconnectingClient("ws://localhost:9/", { whileAway: "queue", maxQueueBytes: 100 });
   * console.log(ws.send("Hi")); // queued
   * console.log(ws.send("This is too much")); // false
   * ```
   */
  send(data: MessageData, options: ReconnectingSendOptions = {}): "sent" | "queued" | false {
    const message = compose(data, options, this.#environment.now());
    if (this.#state === "closing" || this.#state === "closed" || options.signal?.aborted) return false;
    const { delivery } = this.#session?.isUp ? this.#session : { delivery: null };
    if (delivery === null) return this.#keep(message) ? "queued" : false;
    if (this.#queue.cost + delivery.unconfirmedCost > this.#backpressureLimit) return false;
    this.#queue.push(message);
    if (this.desiredSize <= 0) this.#full = true;
    delivery.schedule();
    return "sent";
  }

  /**
   * Sends a text message, as {@linkcode ReconnectingClient.send} does.
   *
   * @param message Text, or UTF-8 bytes.
   * @param options A key, a signal, a callback.
   * @returns As {@linkcode ReconnectingClient.send}.
   * @throws {TypeError} If the message isn't text.
   */
  sendText(message: MessageData, options: Omit<ReconnectingSendOptions, "type"> = {}): "sent" | "queued" | false {
    return this.send(message, { ...options, type: "text" });
  }

  /**
   * Sends a binary message, as {@linkcode ReconnectingClient.send} does.
   *
   * @param bytes An ArrayBuffer, any view of one, or a string, which is sent as UTF-8.
   * @param options A key, a signal, a callback.
   * @returns As {@linkcode ReconnectingClient.send}.
   * @throws {TypeError} If it is neither bytes nor a string.
   */
  sendBinary(bytes: MessageData, options: Omit<ReconnectingSendOptions, "type"> = {}): "sent" | "queued" | false {
    return this.send(bytes, { ...options, type: "binary" });
  }

  /**
   * Ends the wait before the next attempt, for example when the network is back or the user asks for it.
   *
   * @returns False if it didn't wait.
   */
  reconnectNow(): boolean {
    return this.#reconnector.reconnectNow();
  }

  /**
   * Ends the client for good. If there is a connection, queued messages are sent before it is closed; otherwise they
   * are dropped.
   *
   * @param reason Why, for people; at most 123 bytes of UTF-8.
   * @param code 1000-1003, 1007-1014 or 3000-4999.
   * @returns False if it had already ended.
   * @throws {RangeError} If the code may not be sent, or the reason is too long.
   * @throws {TypeError} If the reason isn't a string, or the code isn't a number.
   */
  closeConnection(reason = "", code: number = CloseCode.NORMAL_CLOSURE): boolean {
    formatClosePayload(code, reason);
    if (!this.#stop()) return false;
    this.#session?.delivery?.flush();
    this.#session?.client.closeConnection(reason, code);
    return true;
  }

  /** Ends it for good and at once, with no closing handshake; the code is 1006. */
  terminate(): void {
    this.#stop();
    this.#session?.client.terminate();
  }

  #stop(): boolean {
    if (this.#state === "closing" || this.#state === "closed") return false;
    const unstarted = this.#state === "unstarted";
    this.#state = "closing";
    this.#reconnector.stop();
    if (unstarted) this.#end();
    return true;
  }

  /** Runs one connection after another, until there are no more. */
  async #run(): Promise<void> {
    for (let client; (client = await this.#reconnector.next()) !== null;) {
      this.#onLost(await client.closed);
    }
    const { failure } = this.#reconnector;
    if (this.#state === "running" && failure !== null) {
      this.#opened.reject(errorOf(failure, this.url));
      this.#tell("gaveUp", failure);
    }
    this.#end();
  }

  #onClient(client: Client): void {
    const session = new Session(client);
    client.on("message", (message) => this.emit("message", message));
    client.on("open", () => this.#onOpen(session));
  }

  /** Runs in the `"open"` event, so that `onConnect` also sees what follows the server's response at once. */
  #onOpen(session: Session): void {
    this.#session = session;
    const { client, signal } = session;
    if (this.#state === "closing") return void client.closeConnection();
    try {
      const connecting = this.#settings.onConnect?.(client, { signal });
      if (!isThenable(connecting)) return this.#onUp(session);
      connecting.then(() => this.#onUp(session), (error) => this.#onConnectFailed(session, error));
    } catch (error) {
      this.#onConnectFailed(session, error);
    }
  }

  #onConnectFailed(session: Session, error: unknown): void {
    if (session.signal.aborted) return;
    session.fault = { phase: "onConnect", error };
    session.client.closeConnection("", CloseCode.INTERNAL_ERROR);
  }

  #onUp(session: Session): void {
    const { client } = session;
    if (client.readyState !== "open") return;
    session.delivery = new Delivery(client, this.#queue, this.#environment, () => this.#checkDrain());
    this.#expire();
    session.delivery.schedule();
    this.#opened.resolve(true);
    this.#tell("up", client);
    this.#checkDrain();
  }

  #onLost(info: CloseInfo): void {
    const { delivery, fault } = this.#session!;
    this.#info = info;
    this.#session = null;
    const code = fault.phase === "open" ? info.code : null;
    const failure = this.#reconnector.lost(
      { ...fault, code, reason: info.reason },
      this.#state === "closing" || undefined,
    );
    if (delivery !== null) this.#tell("down", { ...failure, unconfirmed: contents(delivery.end()) });
    if (this.#settings.whileAway === "refuse") this.#drop(this.#queue.clear(), "away");
  }

  #end(): void {
    this.#state = "closed";
    this.#stopListening.abort();
    this.#opened.reject(new WebSocketError("Cannot open the connection: it was already closed"));
    this.#drop(this.#queue.clear(), "ended");
    this.#closed.resolve(this.#info);
    this.#tell("close", this.#info);
  }

  #keep(message: QueuedMessage): boolean {
    const { whileAway, maxQueueBytes } = this.#settings;
    if (whileAway === "refuse") return false;
    this.#expire();
    const replaced = this.#queue.find(message.key);
    const freed = replaced === null ? 0 : costOf(replaced);
    if (this.#queue.cost - freed + costOf(message) > maxQueueBytes) return false;
    this.#queue.push(message);
    return true;
  }

  #expire(): void {
    this.#drop(this.#queue.expire(this.#environment.now() - this.#settings.maxQueueAge), "age");
  }

  #drop(messages: readonly QueuedMessage[], reason: Dropped["reason"]): void {
    if (messages.length > 0) this.#tell("dropped", { messages: contents(messages), reason });
  }

  #checkDrain(): void {
    if (!this.#full || this.desiredSize <= 0) return;
    this.#full = false;
    this.#tell("drain");
  }

  /** A listener's rejected promise counts like an exception. */
  #onRejected(name: keyof ReconnectingEvents, cause: unknown): void {
    if (name === "message" && this.client !== null) coreOf(this.client).onThrown(name, cause);
    else reportException(cause);
  }

  /** An exception of the application must not stop the client. */
  #tell<Name extends keyof ReconnectingEvents>(name: Name, ...values: ReconnectingEvents[Name]): void {
    try {
      this.emit(name as "message", values[0] as string);
    } catch (error) {
      reportException(error);
    }
  }
}

/**
 * Creates a client that stays connected. It doesn't connect before {@linkcode ReconnectingClient.startConnection}.
 *
 * @param url The URL, or a function that returns it before each attempt, for example with a fresh token.
 * @param options The options of each connection, when to connect again, and what to do with messages meanwhile.
 * @returns The client.
 * @throws {TypeError} If the URL or an option is malformed.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example Survive a restart of the server
 * ```ts
 * import { makeReconnectingClient, makeServer, serve } from "@wsd/driver";
 *
 * const listen = (port: number) =>
 *   serve({ port, onListen() {} }, (request) => {
 *     const ws = makeServer(request);
 *     ws.on("message", (message) => ws.send(`You said ${message}`));
 *     ws.startConnection();
 *     return ws.response;
 *   });
 * const server = listen(0);
 * const { port } = server.addr as Deno.NetAddr;
 *
 * await using ws = makeReconnectingClient(`ws://localhost:${port}/`, { whileAway: "queue", minDelay: 10 });
 * await ws.startConnection();
 * const down = new Promise((resolve) => ws.once("down", resolve));
 * await server.shutdown();
 * await down;
 * console.log(ws.send("Hi")); // queued
 *
 * await using _again = listen(port);
 * console.log(await new Promise((resolve) => ws.once("message", resolve))); // You said Hi
 * ```
 * @category Client
 */
export function makeReconnectingClient(url: UrlSource, options: ReconnectingClientOptions = {}): ReconnectingClient {
  return new ReconnectingClient(url, options);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}

function contents(messages: readonly QueuedMessage[]): (string | Uint8Array)[] {
  return messages.map(({ data }) => data);
}
