import type { Transport } from "./transport.ts";

/**
 * A pair of Web Streams that carries bytes both ways.
 *
 * @example Talk to a program through its standard input and output
 * ```ts
 * import { type ByteStreamPair, type Client, makeClient } from "@wsd/driver/client";
 *
 * export function connect(child: Deno.ChildProcess): Client {
 *   const transport: ByteStreamPair = { readable: child.stdout, writable: child.stdin };
 *   return makeClient("ws://localhost/", { transport });
 * }
 * ```
 * @category Transports
 */
export interface ByteStreamPair {
  /** The bytes that arrive. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The bytes to send. */
  readonly writable: WritableStream<Uint8Array>;
}

const EMPTY = new Uint8Array(0);

/**
 * A {@linkcode Transport} over any pair of Web Streams of bytes.
 *
 * A write resolves when the sink has accepted the chunk, so the sink's backpressure applies. The sink may keep the
 * chunk and read it later, hence {@linkcode StreamTransport.retainsWrites}. A read rejects with a `TypeError` if a
 * chunk isn't a `Uint8Array`.
 *
 * {@linkcode StreamTransport.close} cancels the readable and aborts the writable with an `AbortError`: a pending read
 * resolves to null and a pending write rejects, even if the sink never settles.
 *
 * A `Deno.Conn` has such streams too, but closing its writable closes both sides: use a `ConnTransport` for it.
 *
 * @example Two transports over a pair of streams
 * ```ts
 * import { StreamTransport } from "@wsd/driver/client";
 *
 * const there = new TransformStream<Uint8Array, Uint8Array>();
 * const back = new TransformStream<Uint8Array, Uint8Array>();
 * const here = new StreamTransport({ readable: back.readable, writable: there.writable });
 * const peer = new StreamTransport({ readable: there.readable, writable: back.writable });
 *
 * const written = here.write(new Uint8Array([1, 2, 3]));
 * const buffer = new Uint8Array(8);
 * const length = await peer.read(buffer);
 * await written;
 * console.log(length); // 3
 * console.log(buffer.subarray(0, 3)); // Uint8Array(3) [ 1, 2, 3 ]
 *
 * here.close();
 * peer.close();
 * ```
 * @category Transports
 */
export class StreamTransport implements Transport {
  /** True: a sink may keep a chunk, or pass it on, after its write has resolved. */
  readonly retainsWrites: boolean = true;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** The rest of the last chunk, which didn't fit into the reader's buffer. */
  #rest: Uint8Array = EMPTY;
  #ending: Promise<void> | null = null;
  #rejectPending: ((reason: unknown) => void) | null = null;

  /**
   * Creates a transport that owns both streams, and locks them.
   *
   * @param streams The pair of streams.
   * @throws {TypeError} If one of the streams is locked.
   */
  constructor(streams: ByteStreamPair) {
    const { readable, writable } = streams;
    requireUnlocked(readable, "readable");
    requireUnlocked(writable, "writable");
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  /**
   * Reads from the current chunk, or from the next one that isn't empty.
   *
   * @param buffer Receives the bytes; at least one byte long.
   * @returns How many bytes were read, null at the end of the stream.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      requireBytes(value);
      this.#rest = value;
    }
    return this.#take(buffer);
  }

  /**
   * Writes the bytes as one chunk.
   *
   * @param bytes The bytes. They belong to the sink from now on: never change them again.
   * @returns A promise that resolves when the sink has accepted the chunk.
   */
  write(bytes: Uint8Array): Promise<void> {
    // A byte stream's controller refuses empty chunks.
    if (bytes.length === 0) return Promise.resolve();
    return this.#untilClosed(this.#writer.write(bytes));
  }

  /**
   * Closes the writable; reading continues. Calling it again does nothing.
   *
   * @returns A promise that resolves when the sink has closed.
   */
  closeWrite(): Promise<void> {
    return this.#ending ??= this.#untilClosed(this.#writer.close());
  }

  /** Cancels the readable and aborts the writable. Never throws; calling it again does nothing. */
  close(): void {
    this.#rest = EMPTY;
    const reason = new DOMException("The transport was closed", "AbortError");
    this.#reader.cancel(reason).catch(ignore);
    this.#writer.abort(reason).catch(ignore);
    this.#rejectPending?.(reason);
  }

  #take(buffer: Uint8Array): number {
    const length = Math.min(this.#rest.length, buffer.length);
    buffer.set(this.#rest.subarray(0, length));
    this.#rest = this.#rest.subarray(length);
    return length;
  }

  /**
   * The same promise, but it also settles if the sink is stuck when the transport closes: `abort` would wait for it.
   */
  #untilClosed(taken: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rejectPending = reject;
      taken.then(resolve, reject);
    });
  }
}

function requireUnlocked(stream: ReadableStream | WritableStream, name: string): void {
  if (typeof stream?.locked !== "boolean") {
    throw new TypeError(
      `Cannot create a StreamTransport: expected readable and writable, two streams, received ${
        describe(stream)
      } as ${name}`,
    );
  }
  if (stream.locked) {
    throw new TypeError(`Cannot create a StreamTransport: expected unlocked streams, received a locked ${name}`);
  }
}

function requireBytes(chunk: unknown): asserts chunk is Uint8Array {
  if (chunk instanceof Uint8Array) return;
  throw new TypeError(`Cannot read from the readable: expected chunks of type Uint8Array, received ${describe(chunk)}`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? value.constructor?.name ?? "an object" : typeof value;
}

function ignore(): void {}
