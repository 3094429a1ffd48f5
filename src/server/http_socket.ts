import { denoPlatform } from "../connection/deno_platform.ts";
import { SharedTimeout } from "../connection/shared_timeout.ts";
import type { Transport } from "../transport/transport.ts";

/** How much is read at a time, in bytes. */
const CHUNK = 1024;

/** How much is read at a time of a body, in bytes. */
const BODY_CHUNK = 16 * 1024;

/** How much is written at a time, in bytes: a client that takes that much within the stall timeout is not stalling. */
const SLICE = 16 * 1024;

/** How much is read ahead, in bytes. */
const MAX_AHEAD = 16 * 1024;

/** How many bytes a client may still send after its request. They are dropped; then it is cut off. */
const MAX_DROPPED = 256 * 1024;

const NOTHING: Uint8Array = new Uint8Array(0);

/** The bytes that an {@linkcode HttpSocket} gives up when the connection becomes a WebSocket. */
export interface ReleasedSocket {
  /** The transport. */
  readonly transport: Transport;
  /** What was read ahead. */
  readonly early: Uint8Array;
}

/** A connection while it speaks HTTP. It notices a client that stalls, and one that leaves while nothing is being read. */
export class HttpSocket {
  readonly #transport: Transport;
  readonly #stallTimeout: number;
  readonly #onStall: () => void;
  #failed = false;
  /** Only the client's end is still of interest. */
  #ending = false;

  /** What was read ahead, and not asked for yet. */
  #ahead: Uint8Array = NOTHING;
  /** The read that is under way, if any. */
  #reading: Promise<void> | null = null;
  /** The read of a head that is under way, if any: it may have been given up meanwhile. */
  #headRead: Promise<unknown> | null = null;
  #readEnded = false;
  /** Called when the client ends its side; null unless it is watched. */
  #onLeft: (() => void) | null = null;

  /**
   * @param transport The connection's bytes.
   * @param stallTimeout How long the client may make a single read or write wait, in milliseconds.
   * @param onStall Called when it takes longer; it closes the socket.
   */
  constructor(transport: Transport, stallTimeout: number, onStall: () => void) {
    this.#transport = transport;
    this.#stallTimeout = stallTimeout;
    this.#onStall = onStall;
  }

  /** Whether reading or writing has failed: then the client or the network is at fault. */
  get failed(): boolean {
    return this.#failed;
  }

  /**
   * Reads the next bytes, for which the client may take as long as it likes.
   *
   * @param size How many to read at most, if none were read ahead.
   * @returns The bytes, at least one; null at the end. Rejects if the transport fails.
   */
  async receive(size: number = CHUNK): Promise<Uint8Array | null> {
    while (this.#ahead.length === 0 && !this.#readEnded) await (this.#reading ??= this.#read(size));
    const bytes = this.#ahead;
    this.#ahead = NOTHING;
    if (this.#onLeft !== null) this.#readAhead();
    return bytes.length === 0 ? null : bytes;
  }

  /**
   * Reads the next bytes of a body, for which the client may take as long as the stall timeout.
   *
   * @returns As {@linkcode HttpSocket.receive}.
   */
  receiveBody(): Promise<Uint8Array | null> {
    return this.#limit(this.receive(BODY_CHUNK));
  }

  /**
   * Reads bytes into memory that is lent for the call: the head of a request needs none of its own. Waits as long as the
   * client likes.
   *
   * @param take Takes the bytes, and returns how many it has taken. The rest is received again.
   * @returns False at the end, and if {@linkcode HttpSocket.end} was called. Rejects if the transport fails, or with what
   * `take` throws.
   */
  async receiveHead(take: (bytes: Uint8Array) => number): Promise<boolean> {
    if (this.#ending) return false;
    const { pool } = denoPlatform;
    const block = pool.borrow(CHUNK);
    const count = await (this.#headRead = this.#transport.read(block.bytes));
    this.#headRead = null;
    if (count === null) {
      this.#readEnded = true;
      return false;
    }
    const taken = take(block.bytes.subarray(0, count));
    if (taken < count) this.#ahead = block.bytes.slice(taken, count);
    pool.release(block);
    return true;
  }

  /** How many bytes were read and not asked for yet. */
  get buffered(): number {
    return this.#ahead.length;
  }

  async #read(size: number): Promise<void> {
    const buffer = new Uint8Array(size);
    try {
      await this.#headRead;
      const count = await this.#transport.read(buffer);
      if (count === null) this.#readEnded = true;
      else this.#ahead = concat(this.#ahead, buffer.subarray(0, count));
    } catch (error) {
      this.#readEnded = true;
      this.#failed = true;
      throw error;
    } finally {
      this.#reading = null;
      if (this.#onLeft !== null) this.#readAhead();
    }
  }

  /**
   * Reads ahead from now on, so that it is noticed when the client leaves. A client that only
   * ends its writing can't be told from one that has left. It counts as having left, as under `Deno.serve`.
   *
   * @param onLeft Called once if the client leaves.
   */
  watch(onLeft: () => void): void {
    this.#onLeft = onLeft;
    this.#readAhead();
  }

  #readAhead(): void {
    if (this.#readEnded) {
      this.#onLeft?.();
      this.#onLeft = null;
    } else if (this.#reading === null && this.#ahead.length < MAX_AHEAD) {
      this.#reading = this.#read(CHUNK);
      this.#reading.catch(() => {});
    }
  }

  /**
   * Writes bytes, a slice at a time, so that a client that takes them slowly but steadily doesn't count as stalling.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the system has taken them. Rejects if the transport fails.
   */
  async send(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += SLICE) {
      await this.#limit(this.#transport.write(bytes.subarray(start, start + SLICE)));
    }
  }

  /**
   * Ends the writing side, and reads on to the client's end: an unread byte would turn our end into a reset, which could
   * destroy the response on its way.
   *
   * @returns A promise that resolves at the client's end, or when it has sent too much more. Rejects if the transport
   * fails.
   */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#limit(this.#transport.closeWrite());
    for (let dropped = 0; dropped < MAX_DROPPED;) {
      const bytes = await this.receive();
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
   * Gives up the transport, for the connection to become a WebSocket.
   *
   * @returns The transport, and what was read ahead of it.
   */
  release(): ReleasedSocket {
    this.#onLeft = null;
    const early = this.#ahead;
    if (this.#reading === null) return { transport: this.#transport, early };
    const resumed = this.#reading.then(() => this.#readEnded ? null : this.#ahead.subarray(early.length));
    return { transport: new ResumedTransport(this.#transport, resumed), early };
  }

  /** Ends both sides. Never throws; calling it again does nothing. */
  close(): void {
    this.#onLeft = null;
    this.#transport.close();
  }
}

/** A transport on which a read is already under way: its first read takes what that one brings. */
class ResumedTransport implements Transport {
  readonly retainsWrites: boolean;
  readonly #transport: Transport;
  #resumed: Promise<Uint8Array | null> | null;
  #rest: Uint8Array = NOTHING;

  constructor(transport: Transport, resumed: Promise<Uint8Array | null>) {
    this.retainsWrites = transport.retainsWrites;
    this.#transport = transport;
    this.#resumed = resumed;
    // Its failure goes to the reader, if there is one.
    resumed.catch(() => {});
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#resumed === null && this.#rest.length === 0 ? this.#transport.read(buffer) : this.#resume(buffer);
  }

  async #resume(buffer: Uint8Array): Promise<number | null> {
    if (this.#resumed !== null) {
      const bytes = await this.#resumed;
      this.#resumed = null;
      if (bytes === null) return null;
      this.#rest = bytes;
    }
    const count = Math.min(this.#rest.length, buffer.length);
    buffer.set(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#transport.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }

  close(): void {
    this.#transport.close();
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
