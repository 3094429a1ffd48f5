import { closeInfoOf, costOf, type FlowControl, type MessageConsumer, type MessageType } from "./message_consumer.ts";

/** The options of a {@linkcode MessageReadable}. */
export interface MessageReadableOptions {
  /** How many bytes may wait in the queue before the connection is held back. */
  readonly highWaterMark: number;
  /** The code to close with if the readable is canceled without a reason; 1005 for none. */
  readonly closeCode: number;
}

/**
 * The messages of a connection as one `ReadableStream`: `ws.readable`.
 *
 * While its queue is full, the connection is held back, in the middle of a read if necessary, so that no more than the
 * high-water mark and one message are queued. All complete messages can be read, whatever happens after them.
 */
export class MessageReadable implements MessageConsumer {
  /** False: it consumes complete messages. */
  readonly takesParts: boolean = false;
  /** The stream. */
  readonly readable: ReadableStream<string | Uint8Array<ArrayBuffer>>;
  readonly #flow: FlowControl;
  readonly #options: MessageReadableOptions;
  #controller!: ReadableStreamDefaultController<string | Uint8Array<ArrayBuffer>>;
  #stopped = false;
  #ended = false;
  /** The connection's error, if there are unread messages before it. */
  #fault: unknown = null;

  /**
   * @param flow Controls the connection.
   * @param options The size of the queue, and how to close.
   */
  constructor(flow: FlowControl, options: MessageReadableOptions) {
    this.#flow = flow;
    this.#options = options;
    this.readable = new ReadableStream<string | Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#onPull(),
      cancel: (reason) => this.#onCancel(reason),
    }, { highWaterMark: options.highWaterMark, size: costOf });
  }

  /** Queues a message. */
  onMessage(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#stopped) return;
    this.#controller.enqueue(message);
    const room = this.#controller.desiredSize!;
    if (room <= 0) this.#flow.hold(this.#options.highWaterMark - room);
  }

  /** Never called: messages arrive whole here. */
  onPart(_type: MessageType, _part: Uint8Array, _last: boolean): void {}

  #onPull(): void {
    if (this.#fault === null) return this.#flow.release();
    if (this.#controller.desiredSize === this.#options.highWaterMark) this.#controller.error(this.#fault);
  }

  #onCancel(reason: unknown): void {
    this.#ended = true;
    this.stop();
    this.#flow.close(closeInfoOf(reason, this.#options.closeCode));
  }

  /** Drops messages from now on; queued ones can still be read. */
  stop(): void {
    this.#stopped = true;
    this.#flow.release();
  }

  /** Ends the stream after the queued messages. */
  onEnd(fault: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (fault === null) return this.#controller.close();
    this.#fault = fault;
    this.#onPull();
  }
}
