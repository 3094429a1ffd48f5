import type { MessageType } from "./message_consumer.ts";

/**
 * One message that is read as it arrives, a chunk of bytes at a time. Those of a text are valid UTF-8 as a whole; a
 * character may be spread over two chunks.
 *
 * A message that isn't wanted is to be cancelled. Asking for the next message while this one is neither being read nor
 * at its end drops its rest: reading on then fails with a `TypeError`.
 *
 * @example Take a message that need not fit into memory
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
   * Makes a stream.
   *
   * @param type The message's type.
   * @param source Where its chunks come from.
   * @param strategy How many may wait.
   */
  constructor(type: MessageType, source: UnderlyingDefaultSource<Uint8Array>, strategy: QueuingStrategy<Uint8Array>) {
    super(source, strategy);
    this.type = type;
  }
}
