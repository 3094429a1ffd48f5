import type { Duplex } from "node:stream";
import type { Transport } from "./transport.ts";

/** A pending read. */
interface PendingRead {
  readonly buffer: Uint8Array;
  resolve(length: number | null): void;
  reject(reason: unknown): void;
}

/**
 * A {@linkcode Transport} over a node socket. Bytes flow only while a read is pending, so backpressure reaches the
 * peer; a write resolves when the socket has called back. It listens for `"error"` for as long as the socket lives, so
 * none is ever thrown.
 */
export class SocketTransport implements Transport {
  /** Whether bytes may still be read after their write has resolved. */
  readonly retainsWrites: boolean;
  readonly #socket: Duplex;
  readonly #setFlowing: (flowing: boolean) => void;
  /** Bytes that arrived but were not read. Once bytes stop flowing, only those already in transit are added. */
  #chunks: Uint8Array[];
  #pendingRead: PendingRead | null = null;
  #rejectPendingWrite: ((reason: unknown) => void) | null = null;
  #ending: Promise<void> | null = null;
  #ended: boolean;
  #error: Error | null;

  /**
   * @param socket The socket, from which no bytes flow yet. The transport now owns it.
   * @param retainsWrites Whether it may read bytes that it has called back for.
   * @param setFlowing Lets bytes flow, or stops them.
   * @param head Bytes that are read first.
   */
  constructor(
    socket: Duplex,
    retainsWrites: boolean,
    setFlowing: (flowing: boolean) => void,
    head: Uint8Array = new Uint8Array(0),
  ) {
    this.#socket = socket;
    this.retainsWrites = retainsWrites;
    this.#setFlowing = setFlowing;
    this.#chunks = head.length > 0 ? [head] : [];
    this.#error = socket.errored ?? null;
    this.#ended = socket.destroyed || socket.readableEnded;
    // Without it, the peer's end of stream would end our writing side, too.
    socket.allowHalfOpen = true;
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("end", () => this.#finish());
    socket.on("error", (error: Error) => this.#fail(error));
    socket.on("close", () => this.#closed());
  }

  /** Reads what has arrived. */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#chunks.length > 0) return Promise.resolve(this.#take(buffer));
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#pendingRead = { buffer, resolve, reject };
      this.#setFlowing(true);
    });
  }

  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<void> {
    // A write after the end is an "error" event, which destroys the socket.
    if (!this.#socket.writable) return Promise.reject(this.#notWritable());
    return this.#untilClosed((done) => this.#socket.write(bytes, done));
  }

  /** Ends the writing side: a TCP FIN, after a close_notify under TLS. */
  closeWrite(): Promise<void> {
    if (this.#ending === null && !this.#socket.writable) return Promise.reject(this.#notWritable());
    return this.#ending ??= this.#untilClosed((done) => this.#socket.end(done));
  }

  /** Destroys the socket. */
  close(): void {
    this.#chunks = [];
    this.#socket.destroy();
    this.#closed();
  }

  #receive(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    const pending = this.#pendingRead;
    if (pending !== null) {
      this.#pendingRead = null;
      pending.resolve(this.#take(pending.buffer));
    }
    if (this.#chunks.length > 0) this.#setFlowing(false);
  }

  /** Reads as many chunks as there is room for: one may be a TLS record, of 16 KiB at most. */
  #take(buffer: Uint8Array): number {
    let length = 0;
    while (this.#chunks.length > 0 && length < buffer.length) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(0, buffer.length - length);
      buffer.set(part, length);
      length += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return length;
  }

  #finish(): void {
    this.#ended = true;
    this.#pendingRead?.resolve(null);
    this.#pendingRead = null;
  }

  #closed(): void {
    this.#finish();
    this.#rejectPendingWrite?.(this.#notWritable());
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#pendingRead?.reject(error);
    this.#pendingRead = null;
  }

  /** A socket's operation as a promise. Not every Duplex calls back if it is destroyed meanwhile. */
  #untilClosed(operation: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rejectPendingWrite = reject;
      operation((error) => error ? reject(error) : resolve());
    });
  }

  #notWritable(): Error {
    return this.#error ?? new Error("Cannot write to the socket: its writing side has ended");
  }
}
