import { tooMuchUnread } from "../connection/connection_errors.ts";
import type { MessageData } from "../connection/message_data.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { ChunkedReadable } from "./chunked_readable.ts";
import type { FlowControl, MessageConsumer } from "./message_consumer.ts";
import { MessageReadable, type MessageReadableOptions } from "./message_readable.ts";
import { MessageReceiver } from "./message_receiver.ts";
import type { MessageStream } from "./message_stream.ts";
import { MessageWritable } from "./message_writable.ts";
import type { StreamOwner } from "./stream_owner.ts";

/** The streams of a driver, each created on first use, and how they control the connection. */
export class DriverStreams implements FlowControl {
  readonly #owner: StreamOwner;
  #readable: MessageReadable | null = null;
  #messages: ChunkedReadable | null = null;
  #receiver: MessageReceiver | null = null;
  #writable: MessageWritable | null = null;
  #held = false;

  /** @param owner The driver. */
  constructor(owner: StreamOwner) {
    this.#owner = owner;
  }

  /** Whole messages. */
  get readable(): ReadableStream<string | Uint8Array<ArrayBuffer>> {
    this.#readable ??= this.#consumeWith(new MessageReadable(this, this.#options()), "readable");
    return this.#readable.readable;
  }

  /** Messages as they arrive. */
  get messages(): ReadableStream<MessageStream> {
    this.#messages ??= this.#consumeWith(new ChunkedReadable(this, this.#options()), "messages");
    return this.#messages.messages;
  }

  /** Messages one by one. */
  get receiver(): MessageReceiver {
    return this.#receiver ??= this.#consumeWith(new MessageReceiver(this, this.#owner), "receive()");
  }

  /** Messages to send. */
  get writable(): WritableStream<MessageData> {
    if (this.#writable === null) {
      this.#writable = new MessageWritable(this.#owner);
      const { outcome } = this.#owner;
      if (outcome !== undefined) this.#writable.onEnd(outcome);
    }
    return this.#writable.writable;
  }

  #options(): MessageReadableOptions {
    const { highWaterMark, streamCloseCode } = this.#owner.settings;
    return { highWaterMark, closeCode: streamCloseCode };
  }

  #consumeWith<Consumer extends MessageConsumer>(consumer: Consumer, name: string): Consumer {
    this.#owner.passMessagesTo(consumer, name);
    return consumer;
  }

  /** If reading can't stop, unread messages must not pile up endlessly and silently. */
  hold(unread: number): void {
    const connection = this.#owner.connection!;
    const { backpressureLimit } = this.#owner.settings;
    this.#held = connection.pausable;
    if (this.#held) connection.pause();
    else if (unread > backpressureLimit) connection.fail(tooMuchUnread(backpressureLimit));
  }

  /** Releases what was held back. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#owner.outcome === undefined) this.#owner.connection?.resume();
  }

  /** Closes the connection. */
  close({ code, reason }: CloseInfo): void {
    this.#owner.close(code, reason);
  }

  /** The connection is over. */
  onEnd(): void {
    const { outcome } = this.#owner;
    (this.#readable ?? this.#messages ?? this.#receiver)?.onEnd(outcome);
    this.#writable?.onEnd(outcome);
  }
}
