import type { Duplex } from "node:stream";
import type { Transport } from "./transport.ts";

/** What sockets of `node:net` and `node:tls` have beyond a Duplex. */
interface NodeSocket extends Duplex {
  setNoDelay?(noDelay: boolean): unknown;
  setTimeout?(milliseconds: number): unknown;
  /** The system's socket. Specific to Deno: the TCP handle below a TLSSocket. */
  _handle?: { _nativeTcpHandle?: { readStop?(): unknown; readStart?(): unknown } | null } | null;
}

/** A read that waits for bytes. */
interface PendingRead {
  buffer: Uint8Array;
  resolve(length: number | null): void;
  reject(reason: unknown): void;
}

const EMPTY = new Uint8Array(0);

/**
 * A {@linkcode Transport} over the socket of the `"upgrade"` event of `node:http` or `node:https`.
 *
 * The socket is paused unless a read is waiting, so backpressure reaches the peer. A write resolves when the socket has
 * called back. The transport listens for `"error"` for as long as the socket lives, so none is ever thrown.
 *
 * A `read` that is pending when {@linkcode NodeSocketTransport.close} is called resolves to null, and so does every later
 * one; a pending write rejects. If the connection fails (`ECONNRESET`, `EPIPE`), both reject with the socket's error.
 *
 * @example Take over the socket of an upgrade
 * ```ts
 * import { createServer } from "node:http";
 * import { NodeSocketTransport } from "@wsd/driver/client";
 *
 * const server = createServer();
 * server.on("upgrade", async (_request, socket, head) => {
 *   const transport = new NodeSocketTransport(socket, head);
 *   await transport.write(new TextEncoder().encode("HTTP/1.1 501 Not Implemented\r\n\r\n"));
 *   await transport.closeWrite();
 *   transport.close();
 * });
 * ```
 * @category Transports
 */
export class NodeSocketTransport implements Transport {
  /**
   * False for a socket of the system's, which has its own copy of the bytes once a write has finished. Any other Duplex
   * may pass them on: a PassThrough, `duplexPair()`, the socket of a test.
   */
  readonly retainsWrites: boolean;
  #socket: NodeSocket;
  /** Bytes that have arrived and not been read: `head` at first, then at most the rest of one chunk. */
  #rest: Uint8Array;
  #pendingRead: PendingRead | null = null;
  #rejectPendingWrite: ((reason: unknown) => void) | null = null;
  #ending: Promise<void> | null = null;
  #flowing = false;
  #ended: boolean;
  #error: Error | null;

  /**
   * Creates a transport that owns a socket: from now on, nothing else may read, write or destroy it.
   *
   * @param socket The socket from the event.
   * @param head The bytes from the event that followed the request; they are read first.
   */
  constructor(socket: Duplex, head: Uint8Array = EMPTY) {
    this.#socket = socket;
    this.retainsWrites = !this.#socket._handle;
    this.#rest = head;
    this.#error = socket.errored ?? null;
    this.#ended = socket.destroyed || socket.readableEnded;
    // node:https leaves this off: the peer's end of stream would then end our writing side too.
    socket.allowHalfOpen = true;
    this.#socket.setTimeout?.(0);
    this.#socket.setNoDelay?.(true);
    this.#pause();
    this.#listen();
  }

  /**
   * Reads what has arrived.
   *
   * @param buffer Where the bytes go, at least one byte long.
   * @returns How many bytes were read, null at the end of the stream.
   */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#rest.length > 0) return Promise.resolve(this.#take(buffer));
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#pendingRead = { buffer, resolve, reject };
      this.#resume();
    });
  }

  /**
   * Writes all of the bytes.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the system has taken the last byte.
   */
  write(bytes: Uint8Array): Promise<void> {
    // A write after the end is an "error" event, which destroys the socket.
    if (!this.#socket.writable) return Promise.reject(this.#notWritable());
    return this.#untilClosed((done) => this.#socket.write(bytes, done));
  }

  /**
   * Ends the writing side: a TCP FIN, behind a close_notify under TLS. Calling it again does nothing.
   *
   * @returns A promise that resolves when the system has taken the end of the stream.
   */
  closeWrite(): Promise<void> {
    if (this.#ending === null && !this.#socket.writable) return Promise.reject(this.#notWritable());
    return this.#ending ??= this.#untilClosed((done) => this.#socket.end(done));
  }

  /** Destroys the socket. Never throws; calling it again does nothing. */
  close(): void {
    this.#rest = EMPTY;
    this.#socket.destroy();
    this.#closed();
  }

  #listen(): void {
    this.#socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    this.#socket.on("end", () => this.#finish());
    this.#socket.on("error", (error: Error) => this.#fail(error));
    this.#socket.on("close", () => this.#closed());
  }

  #receive(chunk: Uint8Array): void {
    this.#rest = chunk;
    const pending = this.#pendingRead;
    if (pending !== null) {
      this.#pendingRead = null;
      pending.resolve(this.#take(pending.buffer));
    }
    if (this.#rest.length > 0) this.#pause();
  }

  #take(buffer: Uint8Array): number {
    const length = Math.min(this.#rest.length, buffer.length);
    buffer.set(this.#rest.subarray(0, length));
    this.#rest = this.#rest.subarray(length);
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

  #pause(): void {
    this.#flowing = false;
    this.#socket.pause();
    // A paused TLSSocket of Deno reads on from TCP, and buffers what the peer sends without limit.
    this.#socket._handle?._nativeTcpHandle?.readStop?.();
  }

  #resume(): void {
    if (this.#flowing) return;
    this.#flowing = true;
    this.#socket._handle?._nativeTcpHandle?.readStart?.();
    this.#socket.resume();
  }

  /** Turns a socket's operation into a promise. Not every Duplex calls back if it is destroyed meanwhile. */
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
