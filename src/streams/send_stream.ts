import { checkInteger } from "../check_integer.ts";
import { checkOptionNames } from "../check_options.ts";
import { CloseCode } from "../close_code.ts";
import { ErrorCode, WebSocketError } from "../errors.ts";
import { Opcode } from "../protocol/opcode.ts";
import { ChunkReader, type MessageChunks } from "./chunk_reader.ts";
import type { StreamOwner } from "./stream_owner.ts";

/** The longest fragment, in bytes: up to this length they are copied, so the source may reuse its chunks. */
const MAX_FRAGMENT = 64 * 1024;

/**
 * How to send a message from a stream.
 *
 * @example Send a file of text as text, though its chunks are bytes
 * ```ts
 * import { makePair, type SendStreamOptions } from "@wsd/driver";
 *
 * const file = new Blob(["Hello, world"]);
 * const options: SendStreamOptions = { type: "text", fragmentSize: 4096 };
 *
 * await using pair = await makePair();
 * const received = new Promise((resolve) => pair.server.once("message", resolve));
 * await pair.client.sendStream(file.stream(), options);
 * console.log(await received); // Hello, world
 * ```
 * @category Streams
 */
export interface SendStreamOptions {
  /**
   * The type of the message.
   *
   * @default {"text" if the first chunk is a string, else "binary"}
   */
  type?: "text" | "binary";
  /**
   * The length of a fragment, in bytes, from 1 to 65536. Shorter chunks are combined, longer ones are split.
   *
   * @default {65536}
   */
  fragmentSize?: number;
  /** Stops sending; once a fragment was sent, that fails the connection with 1011. */
  signal?: AbortSignal;
}

const OPTION_NAMES = { type: true, fragmentSize: true, signal: true } as const;

/**
 * Sends one message from a source of chunks, which is read further when the last fragment was written.
 *
 * @param owner The driver.
 * @param chunks The source.
 * @param options The type, the length of fragments, and a signal.
 * @returns A promise that resolves when the last byte was written.
 */
export async function sendStream(
  owner: StreamOwner,
  chunks: MessageChunks,
  options: SendStreamOptions,
): Promise<void> {
  checkOptionNames("send a stream", options, OPTION_NAMES);
  const { signal } = options;
  const fragmentSize = checkInteger(options, "fragmentSize", MAX_FRAGMENT, 1, MAX_FRAGMENT);
  const reader = new ChunkReader(chunks, { type: options.type, size: fragmentSize });
  const stop = Promise.withResolvers<never>();
  stop.promise.catch(() => {});
  const forget = owner.rejectAtEnd(stop.reject);
  const onAbort = () => stop.reject(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await new FragmentedMessage(owner, reader, stop.promise).run();
  } finally {
    forget();
    signal?.removeEventListener("abort", onAbort);
  }
}

class FragmentedMessage {
  readonly #owner: StreamOwner;
  readonly #reader: ChunkReader;
  /** Whether it waits for its turn, has its turn, or has sent a fragment. */
  #state: "waiting" | "ready" | "begun" = "waiting";
  /** Rejects the current wait. */
  #interrupt: ((reason: unknown) => void) | null = null;
  #stopped: { reason: unknown } | null = null;

  constructor(owner: StreamOwner, reader: ChunkReader, stop: Promise<never>) {
    this.#owner = owner;
    this.#reader = reader;
    stop.catch((reason) => {
      this.#stopped = { reason };
      this.#interrupt?.(reason);
    });
  }

  async run(): Promise<void> {
    try {
      await this.#unlessStopped<void>((resolve) => {
        if (!this.#owner.startMessage(() => this.#onTurn(resolve))) throw refused();
      });
      for (let last = false; !last;) last = await this.#sendNext();
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  /** If it was abandoned before its turn, others must not wait for it. */
  #onTurn(resolve: () => void): void {
    if (this.#stopped !== null) return this.#owner.connection?.abandonMessage();
    this.#state = "ready";
    resolve();
  }

  async #sendNext(): Promise<boolean> {
    const { bytes, last } = await this.#unlessStopped<{ bytes: Uint8Array; last: boolean }>((resolve, reject) => {
      this.#reader.next().then(resolve, reject);
    });
    await this.#unlessStopped<void>((resolve) => {
      this.#state = "begun";
      const opcode = this.#reader.type === "text" ? Opcode.TEXT : Opcode.BINARY;
      if (this.#owner.connection?.sendFragment(opcode, bytes, last, resolve) !== true) throw refused();
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
    if (this.#state === "ready") return this.#owner.connection?.abandonMessage();
    if (this.#state === "waiting") return;
    this.#owner.connection?.fail(
      new WebSocketError("Cannot finish the message: its source failed", {
        code: ErrorCode.SOURCE_FAILED,
        closeCode: CloseCode.INTERNAL_ERROR,
        reason: "internal error",
        cause,
      }),
    );
  }
}

function refused(): WebSocketError {
  return new WebSocketError("Cannot send the message: the connection is closing or closed");
}
