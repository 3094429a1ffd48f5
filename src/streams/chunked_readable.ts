import { ConnectionError, ErrorCode } from "../errors.ts";
import { MessageStream } from "./message_stream.ts";
import { closeInfoOf, costOf, type FlowControl, type MessageConsumer, type MessageType } from "./message_consumer.ts";
import type { MessageReadableOptions } from "./message_readable.ts";

const encoder = new TextEncoder();

/** A message that is being received. */
interface OpenMessage {
  readonly stream: MessageStream;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** The rest of it is not wanted. */
  dropped: boolean;
}

/**
 * The messages of a connection as a stream of streams, each delivered as it arrives: `ws.messages`.
 *
 * At most one message is open at a time, and holds no more than the high-water mark and one part. While a complete
 * message waits to be read, the connection is held back.
 */
export class ChunkedReadable implements MessageConsumer {
  /** True: it consumes messages as they arrive. */
  readonly takesParts: boolean = true;
  /** The stream of messages. */
  readonly messages: ReadableStream<MessageStream>;
  readonly #flow: FlowControl;
  readonly #options: MessageReadableOptions;
  #controller!: ReadableStreamDefaultController<MessageStream>;
  #open: OpenMessage | null = null;
  #stopped = false;
  #ended = false;
  #fault: unknown = null;

  /**
   * @param flow Controls the connection.
   * @param options The size of a message's queue, and how to close.
   */
  constructor(flow: FlowControl, options: MessageReadableOptions) {
    this.#flow = flow;
    this.#options = options;
    // Nothing is requested ahead: a pull is a read by the user.
    this.messages = new ReadableStream<MessageStream>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#onNext(),
      cancel: (reason) => this.#onCancel(reason),
    }, { highWaterMark: 0 });
  }

  /** Receives a message that could not be delivered in parts. */
  onMessage(message: string | Uint8Array<ArrayBuffer>): void {
    if (typeof message === "string") this.onPart("text", encoder.encode(message), true);
    else this.onPart("binary", message, true);
  }

  /** Passes a part on to its message. */
  onPart(type: MessageType, part: Uint8Array<ArrayBuffer>, last: boolean): void {
    if (this.#stopped) return;
    const open = this.#open ??= this.#begin(type);
    if (!open.dropped && part.length > 0) open.controller.enqueue(part);
    if (last) this.#finish(open);
    else if (!open.dropped && open.controller.desiredSize! <= 0) this.#hold(open);
  }

  #hold({ controller }: OpenMessage): void {
    this.#flow.hold(this.#options.highWaterMark - (controller.desiredSize ?? 0));
  }

  #begin(type: MessageType): OpenMessage {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const stream = new MessageStream(type, {
      start: (given) => void (controller = given),
      pull: () => this.#flow.release(),
      cancel: () => this.#drop(open),
    }, { highWaterMark: this.#options.highWaterMark, size: costOf });
    const open: OpenMessage = { stream, controller, dropped: false };
    this.#controller.enqueue(stream);
    return open;
  }

  #finish(open: OpenMessage): void {
    this.#open = null;
    if (!open.dropped) open.controller.close();
    // A message that nobody has requested yet waits in the queue.
    if (this.#controller.desiredSize! < 0) this.#flow.hold(this.#options.highWaterMark);
  }

  #drop(open: OpenMessage): void {
    open.dropped = true;
    this.#flow.release();
  }

  /** The next message is requested: if the one before it isn't being read, its rest is lost, and it fails. */
  #onNext(): void {
    if (this.#fault !== null && this.#controller.desiredSize === 0) return this.#controller.error(this.#fault);
    const open = this.#open;
    if (open !== null && !open.dropped && !open.stream.locked) {
      open.dropped = true;
      open.controller.error(new TypeError("Cannot read further: the next message was requested before this one's end"));
    }
    this.#flow.release();
  }

  #onCancel(reason: unknown): void {
    this.#ended = true;
    this.stop();
    this.#flow.close(closeInfoOf(reason, this.#options.closeCode));
  }

  /** Drops everything from now on, including the rest of an open message. */
  stop(): void {
    this.#stopped = true;
    this.#cut(null);
    this.#flow.release();
  }

  /** Ends the stream after the queued messages. */
  onEnd(fault: unknown): void {
    this.#cut(fault);
    if (this.#ended) return;
    this.#ended = true;
    if (fault === null) return this.#controller.close();
    this.#fault = fault;
    if (this.#controller.desiredSize === 0) this.#controller.error(fault);
  }

  /** The rest of an open message will not arrive. */
  #cut(fault: unknown): void {
    const open = this.#open;
    this.#open = null;
    if (open === null || open.dropped) return;
    open.controller.error(
      fault ?? new ConnectionError("The message was cut off: the connection ended", ErrorCode.CONNECTION_LOST),
    );
  }
}
