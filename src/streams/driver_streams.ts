import type { EventEmitter } from "node:events";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { Connection } from "../connection/connection.ts";
import type { MessageData } from "../connection/message_data.ts";
import { cannotHold } from "../connection/connection_errors.ts";
import type { LifecyclePromises } from "../connection/lifecycle_promises.ts";
import { ChunkedReadable } from "./chunked_readable.ts";
import { MessageWritable, type MessageWriter } from "./message_writable.ts";
import { MessageReadable, type MessageReadableOptions } from "./message_readable.ts";
import type { MessageStream } from "./message_stream.ts";
import type { FlowControl, MessageConsumer } from "./message_consumer.ts";

/** How the streams of a driver are set up. */
export interface StreamSettings {
  /** How many bytes may wait in a queue, unread. */
  readonly highWaterMark: number;
  /** How many unread bytes end a connection that can't be paused. */
  readonly backpressureLimit: number;
  /** The close code for a stream that is closed or canceled without a reason; 1005 for none. */
  readonly streamCloseCode: number;
}

/** The driver that a {@linkcode DriverStreams} belongs to. */
export interface StreamsDriver extends Pick<EventEmitter, "listenerCount"> {
  /** Sends a message. */
  send(data: MessageData, options?: { callback?: () => void }): boolean;
  /** Closes the connection. */
  closeConnection(reason?: string, code?: number): boolean;
}

/** The streams of the drivers that have any, for the classes of the web's standards, which end them by its rules. */
const streamsOf = new WeakMap<object, DriverStreams>();

/**
 * Drops the messages that a driver has not received yet, so that a Close behind them comes through though nobody reads.
 *
 * @param driver The driver.
 */
export function dropIncoming(driver: object): void {
  streamsOf.get(driver)?.taker?.stop();
}

/** The streams of a driver, each made when it is first asked for, and what they do to the connection. */
export class DriverStreams implements FlowControl, MessageWriter {
  readonly #driver: StreamsDriver;
  readonly #lifetime: LifecyclePromises;
  readonly #settings: StreamSettings;
  readonly #connection: () => Connection | null;
  #source: MessageReadable | null = null;
  #parts: ChunkedReadable | null = null;
  #sink: MessageWritable | null = null;
  #taker: MessageConsumer | null = null;
  #held = false;

  /**
   * @param driver The driver.
   * @param lifetime How its connection's life goes.
   * @param settings The size of queues, and how to close.
   * @param connection Gives its connection, null before it is open.
   */
  constructor(
    driver: StreamsDriver,
    lifetime: LifecyclePromises,
    settings: StreamSettings,
    connection: () => Connection | null,
  ) {
    this.#driver = driver;
    this.#lifetime = lifetime;
    this.#settings = settings;
    this.#connection = connection;
    streamsOf.set(driver, this);
  }

  /** What takes messages in place of listeners, null where nothing does. */
  get taker(): MessageConsumer | null {
    return this.#taker;
  }

  /** Whole messages. */
  get readable(): ReadableStream<string | Uint8Array> {
    this.#source ??= this.#take(new MessageReadable(this, this.#options()), "readable");
    return this.#source.readable;
  }

  /** Messages as they arrive. */
  get messages(): ReadableStream<MessageStream> {
    this.#parts ??= this.#take(new ChunkedReadable(this, this.#options()), "messages");
    return this.#parts.messages;
  }

  /** Where messages to send go. */
  get writable(): WritableStream<MessageData> {
    if (this.#sink === null) {
      this.#sink = new MessageWritable(this, this.#settings.streamCloseCode);
      const { outcome } = this.#lifetime;
      if (outcome !== undefined) this.#sink.onEnd(outcome);
    }
    return this.#sink.writable;
  }

  #options(): MessageReadableOptions {
    const { highWaterMark, streamCloseCode } = this.#settings;
    return { highWaterMark, closeCode: streamCloseCode };
  }

  /** A message goes to one consumer; who would wait for it in vain is told so. */
  #take<Taker extends MessageConsumer>(taker: Taker, name: string): Taker {
    if (this.#taker !== null) {
      throw new TypeError(
        `Cannot give ${name} as another stream takes the messages: readable and messages exclude each other`,
      );
    }
    if (this.#driver.listenerCount("message") > 0) {
      throw new TypeError(
        `Cannot give ${name} as listeners of "message" take the messages: a message goes to one consumer`,
      );
    }
    (this.#driver as unknown as EventEmitter).on("newListener", refuseListener);
    this.#taker = taker;
    const { outcome } = this.#lifetime;
    if (outcome !== undefined) taker.onEnd(outcome);
    else if (taker.takesParts) this.#connection()?.receiveParts();
    return taker;
  }

  /** Where reading can't stop, what nobody reads is not piled up without end, and that not in silence. */
  hold(unread: number): void {
    const connection = this.#connection()!;
    const { backpressureLimit } = this.#settings;
    this.#held = connection.pausable;
    if (this.#held) connection.pause();
    else if (unread > backpressureLimit) connection.fail(cannotHold(backpressureLimit));
  }

  /** Lets come what was held back. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#lifetime.outcome === undefined) this.#connection()?.resume();
  }

  /** Sends a message. */
  send(message: MessageData, onTaken: () => void): boolean {
    return this.#driver.send(message, { callback: onTaken });
  }

  /** Closes the connection. */
  close({ code, reason }: CloseInfo): void {
    this.#driver.closeConnection(reason, code);
  }

  /** The connection is over. */
  onEnd(): void {
    const { outcome } = this.#lifetime;
    this.#taker?.onEnd(outcome);
    this.#sink?.onEnd(outcome);
  }
}

function refuseListener(name: string | symbol): void {
  if (name === "message") throw new TypeError('Cannot listen for "message" as a stream takes the messages');
}
