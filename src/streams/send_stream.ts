import { CloseCode } from "../close_code.ts";
import { ErrorCode, WebSocketError } from "../errors.ts";
import type { FragmentSender } from "../connection/connection.ts";
import { ChunkReader, type MessageChunks } from "./chunk_reader.ts";
import { checkInteger } from "../check_integer.ts";

/** The longest fragment, in bytes: so long they are copied, and what the source does with its chunks can't matter. */
const MAX_FRAGMENT = 64 * 1024;

/**
 * How a message is sent from a stream.
 *
 * @example Send a file of text as text, though its chunks are bytes
 * ```ts
 * import { makePair, type SendStreamOptions } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const file = new Blob(["Hello, world"]);
 * const options: SendStreamOptions = { type: "text", fragmentSize: 4096 };
 *
 * await using pair = await makePair();
 * const received = new Promise((resolve) => pair.server.once("message", resolve));
 * await pair.client.sendStream(file.stream(), options);
 * assertEquals(await received, "Hello, world");
 * ```
 */
export interface SendStreamOptions {
  /**
   * The type of the message.
   *
   * @default {"text" where the first chunk is a string, else "binary"}
   */
  type?: "text" | "binary";
  /**
   * How long a fragment is, in bytes, from 1 to 65536. Shorter chunks are gathered, longer ones are cut.
   *
   * @default {65536}
   */
  fragmentSize?: number;
  /** Gives up; once a fragment was sent, that fails the connection with 1011. */
  signal?: AbortSignal;
}

/** The connection that a message is sent on. */
export interface FragmentChannel {
  /**
   * Queues the message behind all that was sent before.
   *
   * @param onTurn Called when it is its turn.
   * @returns False where the connection takes no message.
   */
  start(onTurn: (sender: FragmentSender) => void): boolean;
  /**
   * Fails the connection, for the message can't be finished.
   *
   * @param error Why.
   */
  fail(error: WebSocketError): void;
  /** Rejects when the connection is over. */
  readonly lost: Promise<never>;
}

/**
 * Sends one message from a source of chunks, which is asked for the next one when the last fragment was taken.
 *
 * @param channel The connection.
 * @param chunks The source.
 * @param options The type, the length of fragments, and a signal.
 * @returns A promise that resolves when the last byte was taken.
 */
export async function sendStream(
  channel: FragmentChannel,
  chunks: MessageChunks,
  options: SendStreamOptions,
): Promise<void> {
  const { signal } = options;
  const fragmentSize = checkInteger(options, "fragmentSize", MAX_FRAGMENT, 1, MAX_FRAGMENT);
  const reader = new ChunkReader(chunks, { type: options.type, size: fragmentSize });
  const stop = Promise.withResolvers<never>();
  stop.promise.catch(() => {});
  channel.lost.catch(stop.reject);
  const onAbort = () => stop.reject(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await new FragmentedMessage(channel, reader, stop.promise).run();
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

class FragmentedMessage {
  readonly #channel: FragmentChannel;
  readonly #reader: ChunkReader;
  #begun = false;
  #sender: FragmentSender | null = null;
  /** Rejects what is being waited for. */
  #interrupt: ((reason: unknown) => void) | null = null;
  #stopped: { reason: unknown } | null = null;

  constructor(channel: FragmentChannel, reader: ChunkReader, stop: Promise<never>) {
    this.#channel = channel;
    this.#reader = reader;
    stop.catch((reason) => {
      this.#stopped = { reason };
      this.#interrupt?.(reason);
    });
  }

  async run(): Promise<void> {
    try {
      const sender = await this.#unlessStopped<FragmentSender>((resolve) => {
        if (!this.#channel.start((sender) => this.#onTurn(sender, resolve))) throw refused();
      });
      this.#sender = sender;
      for (let last = false; !last;) last = await this.#sendNext(sender);
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  /** Given up before its turn, it must not hold up others then. */
  #onTurn(sender: FragmentSender, resolve: (sender: FragmentSender) => void): void {
    if (this.#stopped !== null) sender.release();
    else resolve(sender);
  }

  async #sendNext(sender: FragmentSender): Promise<boolean> {
    const { bytes, last } = await this.#unlessStopped<{ bytes: Uint8Array; last: boolean }>((resolve, reject) => {
      this.#reader.next().then(resolve, reject);
    });
    await this.#unlessStopped<void>((resolve) => {
      this.#begun = true;
      if (!sender.send(this.#reader.type, bytes, last, resolve)) throw refused();
    });
    return last;
  }

  #unlessStopped<T>(start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== null) return reject(this.#stopped.reason);
      this.#interrupt = reject;
      start(resolve, reject);
    });
  }

  #giveUp(cause: unknown): void {
    this.#reader.cancel();
    if (!this.#begun) return this.#sender?.release();
    this.#channel.fail(
      new WebSocketError("Cannot finish a message as its source failed", {
        code: ErrorCode.SOURCE_FAILED,
        closeCode: CloseCode.INTERNAL_ERROR,
        cause,
      }),
    );
  }
}

function refused(): WebSocketError {
  return new WebSocketError("Cannot send the message as the connection is closing or closed");
}
