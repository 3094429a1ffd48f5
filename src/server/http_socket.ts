import { SharedTimeout } from "../connection/shared_timeout.ts";
import type { Transport } from "../transport/transport.ts";
import { SocketReader } from "./socket_reader.ts";

/** How much is written at a time, in bytes: a client that reads that much within the stall timeout is not stalling. */
const SLICE = 16 * 1024;

/** How many bytes a client may still send after its request. They are dropped; beyond that it is cut off. */
const MAX_DROPPED = 256 * 1024;

/** The parts that an {@linkcode HttpSocket} hands over when the connection becomes a WebSocket. */
export interface ReleasedSocket {
  /** The transport. */
  readonly transport: Transport;
  /** The first bytes that were read ahead; the transport brings the others. */
  readonly early: Uint8Array;
}

/** A connection while it speaks HTTP. It notices a client that stalls, and one that leaves while nothing is read. */
export class HttpSocket {
  readonly #transport: Transport;
  readonly #reader: SocketReader;
  readonly #stallTimeout: number;
  readonly #onStall: () => void;
  #failed = false;
  /** Whether only the client's end still matters. */
  #ending = false;

  /**
   * @param transport The connection's bytes.
   * @param stallTimeout How long the client may make a single read or write wait, in milliseconds.
   * @param onStall Called when it takes longer; it closes the socket.
   */
  constructor(transport: Transport, stallTimeout: number, onStall: () => void) {
    this.#transport = transport;
    this.#reader = new SocketReader(transport);
    this.#stallTimeout = stallTimeout;
    this.#onStall = onStall;
  }

  /** Whether reading or writing has failed, which is the client's or the network's fault. */
  get failed(): boolean {
    return this.#failed || this.#reader.failed;
  }

  /**
   * Reads the next bytes of a body; the client may take as long as the stall timeout.
   *
   * @returns The bytes, at least one, in their own buffer; null at the end. Rejects if the transport fails.
   */
  receiveBody(): Promise<Uint8Array | null> {
    return this.#limit(this.#reader.receiveMuch());
  }

  /**
   * Reads bytes into memory that is borrowed for the call: the head of a request needs none of its own. The client may
   * take as long as it likes.
   *
   * @param take Receives the bytes, and returns how many it has consumed. The rest is received again.
   * @returns False at the end, and if {@linkcode HttpSocket.end} was called. Rejects if the transport fails, or with
   * the exception of `take`.
   */
  receiveHead(take: (bytes: Uint8Array) => number): Promise<boolean> {
    return this.#ending ? Promise.resolve(false) : this.#reader.receiveHead(take);
  }

  /** How many bytes were read but not requested yet. */
  get buffered(): number {
    return this.#reader.buffered;
  }

  /**
   * Reads ahead from now on, to notice when the client leaves. A client that only ends its writing can't be
   * distinguished from one that has left. It counts as having left, as under `Deno.serve`.
   *
   * No more than 1 MiB of a connection is read ahead, and 16 MiB of all together, on top of 16 KiB each.
   *
   * @param onLeft Called once if the client leaves.
   */
  watch(onLeft: () => void): void {
    this.#reader.watch(onLeft);
  }

  /**
   * Writes bytes, a slice at a time, so that a client that reads slowly but steadily doesn't count as stalling.
   *
   * @param bytes The bytes; they must not change until the promise settles.
   * @returns A promise that resolves when the system has taken them. Rejects if the transport fails.
   */
  async send(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += SLICE) {
      await this.#limit(this.#transport.write(bytes.subarray(start, start + SLICE)));
    }
  }

  /**
   * Ends the writing side, and keeps reading up to the client's end: an unread byte would turn our end into a reset,
   * which could destroy the response in transit.
   *
   * @returns A promise that resolves at the client's end, or when it has sent too much more. Rejects if the transport
   * fails.
   */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#limit(this.#transport.closeWrite());
    this.#reader.drop();
    for (let dropped = 0; dropped < MAX_DROPPED;) {
      const bytes = await this.#reader.receive();
      if (bytes === null) return;
      dropped += bytes.length;
    }
  }

  async #limit<T>(operation: Promise<T>): Promise<T> {
    const stop = SharedTimeout.after(this.#stallTimeout, this.#onStall);
    try {
      return await operation;
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      stop();
    }
  }

  /**
   * Hands over the transport, so that the connection can become a WebSocket.
   *
   * @returns The transport, and the bytes that were read ahead.
   */
  release(): ReleasedSocket {
    this.#reader.stopWatching();
    const early = this.#reader.takeAhead() ?? new Uint8Array(0);
    const transport = this.#reader.idle ? this.#transport : new ResumedTransport(this.#transport, this.#reader);
    return { transport, early };
  }

  /** Ends both sides. Never throws; calling it again does nothing. */
  close(): void {
    this.#reader.close();
    this.#transport.close();
  }
}

/** A transport with bytes that were read ahead, or with a pending read. */
class ResumedTransport implements Transport {
  readonly retainsWrites: boolean;
  readonly #transport: Transport;
  readonly #reader: SocketReader;

  constructor(transport: Transport, reader: SocketReader) {
    this.retainsWrites = transport.retainsWrites;
    this.#transport = transport;
    this.#reader = reader;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#reader.idle ? this.#transport.read(buffer) : this.#reader.read(buffer);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#transport.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }

  close(): void {
    this.#reader.close();
    this.#transport.close();
  }
}
