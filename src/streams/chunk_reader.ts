import { Utf8Validator } from "../protocol/utf8_validator.ts";
import { type MessageData, toBytes } from "../connection/message_data.ts";
import { MessageStream } from "./message_stream.ts";

/**
 * A message in chunks: a `ReadableStream`, or any other iterable, of strings or of bytes.
 *
 * @example Send generated chunks as one message
 * ```ts
 * import { makePair, type MessageChunks } from "@wsd/driver";
 *
 * function count(): MessageChunks {
 *   return [1, 2, 3].values().map((number) => `${number};`);
 * }
 *
 * await using pair = await makePair();
 * const received = new Promise((resolve) => pair.server.once("message", resolve));
 * await pair.client.sendStream(count());
 * console.log(await received); // 1;2;3;
 * ```
 * @category Streams
 */
export type MessageChunks = AsyncIterable<MessageData> | Iterable<MessageData>;

/** The options of a {@linkcode ChunkReader}. */
export interface ChunkReaderOptions {
  /** The type of the message; undefined to infer it from the first chunk. */
  readonly type: "text" | "binary" | undefined;
  /** The length of a fragment, in bytes. */
  readonly size: number;
}

const encoder = new TextEncoder();

/** Reads a message's chunks as fragments of one length. */
export class ChunkReader {
  readonly #iterator: AsyncIterator<MessageData> | Iterator<MessageData>;
  readonly #validator = new Utf8Validator();
  readonly #buffer: Uint8Array;
  #type: "text" | "binary" | undefined;
  /** The unread rest of the last chunk. */
  #rest: Uint8Array = new Uint8Array(0);
  /** A high surrogate that waits for the next string to complete it. */
  #surrogate = "";
  #done = false;
  /** Whether nobody else has the chunks. */
  readonly #owns: boolean;
  #chunk: Uint8Array | null = null;

  /**
   * @param chunks The chunks.
   * @param options The type and the length of a fragment.
   * @throws {TypeError} If the chunks can't be iterated over, or the type is unknown.
   */
  constructor(chunks: MessageChunks, options: ChunkReaderOptions) {
    this.#iterator = iterate(chunks);
    this.#owns = chunks instanceof MessageStream;
    this.#type = checkType(options.type);
    this.#buffer = new Uint8Array(options.size);
  }

  /** The type of the message; known with the first fragment. */
  get type(): "text" | "binary" {
    return this.#type ?? "binary";
  }

  /**
   * Reads the next fragment.
   *
   * @returns The bytes, valid until the next call, and whether they are the last ones.
   * @throws {TypeError} As a rejection, if a chunk doesn't fit the type.
   */
  async next(): Promise<{ bytes: Uint8Array; last: boolean }> {
    const buffer = this.#buffer;
    let length = 0;
    for (;;) {
      const part = this.#rest.subarray(0, buffer.length - length);
      buffer.set(part, length);
      length += part.length;
      this.#rest = this.#rest.subarray(part.length);
      // Only the next chunk, or the end, shows whether a full fragment is the last one.
      if (length === buffer.length && this.#rest.length > 0) return { bytes: buffer, last: false };
      if (this.#done) return { bytes: buffer.subarray(0, length), last: true };
      const chunk = await this.#nextChunk();
      this.#rest = chunk;
    }
  }

  async #nextChunk(): Promise<Uint8Array> {
    this.#free();
    const { done, value } = await this.#iterator.next();
    const bytes = done ? this.#finish() : this.#toBytes(value);
    if (this.#type === "text" && !this.#validator.push(bytes, 0, bytes.length)) throw notUtf8();
    if (done && this.#type === "text" && !this.#validator.complete) throw notUtf8();
    return this.#chunk = bytes;
  }

  /** A message that is passed on leaves tens of MiB of garbage until it is collected; this frees it at once. */
  #free(): void {
    const chunk = this.#chunk;
    this.#chunk = null;
    if (!this.#owns || chunk === null || chunk.byteLength !== chunk.buffer.byteLength) return;
    (chunk.buffer as ArrayBuffer).transfer(0);
  }

  #finish(): Uint8Array {
    this.#done = true;
    return encoder.encode(this.#surrogate);
  }

  #toBytes(chunk: MessageData): Uint8Array {
    this.#type ??= typeof chunk === "string" ? "text" : "binary";
    if (typeof chunk !== "string") {
      if (this.#surrogate !== "") throw new TypeError("Cannot send bytes after half a character of text");
      return toBytes(chunk, "send a chunk");
    }
    if (this.#type === "binary") throw new TypeError("Cannot send a string in a binary message: encode it first");
    const text = this.#surrogate + chunk;
    const splits = /[\ud800-\udbff]$/.test(text);
    this.#surrogate = splits ? text.slice(-1) : "";
    return encoder.encode(splits ? text.slice(0, -1) : text);
  }

  /** Closes the source, since nothing more is needed. */
  cancel(): void {
    if (this.#done) return;
    this.#done = true;
    try {
      Promise.resolve(this.#iterator.return?.()).catch(() => {});
    } catch {
      // An exception while closing the source changes nothing.
    }
  }
}

function iterate(chunks: MessageChunks): AsyncIterator<MessageData> | Iterator<MessageData> {
  if (typeof chunks === "object" && chunks !== null) {
    if (Symbol.asyncIterator in chunks) return chunks[Symbol.asyncIterator]();
    if (Symbol.iterator in chunks) return chunks[Symbol.iterator]();
  }
  throw new TypeError(
    `Cannot send the chunks: expected something that can be iterated over, received ${
      chunks === null ? "null" : typeof chunks
    }`,
  );
}

function checkType(type: unknown): "text" | "binary" | undefined {
  if (type === undefined || type === "text" || type === "binary") return type;
  throw new TypeError(`Cannot send the message: type must be "text" or "binary", received ${type}`);
}

function notUtf8(): TypeError {
  return new TypeError("Cannot send as text (RFC 6455 5.6): expected UTF-8, received other bytes");
}
