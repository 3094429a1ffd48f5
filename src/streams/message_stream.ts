import type { MessageType } from "./message_consumer.ts";

/**
 * One message that is read as it arrives, a chunk of bytes at a time. The chunks of text are valid UTF-8 together; a
 * character may be split over two chunks.
 *
 * Cancel a message that you don't want. If you request the next message while this one is neither being read nor at its
 * end, its rest is dropped: further reading fails with a `TypeError`.
 *
 * @example Receive a message that need not fit into memory
 * ```ts
 * import { makePair } from "@wsd/driver";
 *
 * await using pair = await makePair();
 * pair.client.sendBinary(new Uint8Array(100_000));
 * for await (const message of pair.server.messages) {
 *   let length = 0;
 *   for await (const chunk of message) length += chunk.length;
 *   console.log([message.type, length]);
 *   break;
 * }
 * ```
 * @category Streams
 */
export class MessageStream extends ReadableStream<Uint8Array> {
  /** Whether it is text or binary. */
  readonly type: MessageType;

  /**
   * Creates a stream.
   *
   * @param type The message's type.
   * @param source The source of its chunks.
   * @param strategy How many chunks may be queued.
   */
  constructor(type: MessageType, source: UnderlyingDefaultSource<Uint8Array>, strategy: QueuingStrategy<Uint8Array>) {
    super(source, strategy);
    this.type = type;
  }
}
