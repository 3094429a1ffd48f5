import { denoPlatform } from "../connection/deno_platform.ts";
import type { Transport } from "../transport/transport.ts";
import { type BudgetWaiter, ReadAheadBudget } from "./read_ahead_budget.ts";

/** How much is read at a time, in bytes: of a head, and while little arrives. */
const CHUNK = 1024;

/** How much is read at a time while much arrives, in bytes, and the maximum length of a kept piece. */
const LARGE_CHUNK = 16 * 1024;

/** How much each connection may read ahead, in bytes. Anything more counts toward the budget of all. */
const OWN = 16 * 1024;

/**
 * The reading side of a connection while it speaks HTTP, and for the bytes that were read ahead of a WebSocket.
 *
 * While it is watched, it reads ahead, since Deno shows a client's end only to a reader. Later reads return those bytes
 * first.
 */
export class SocketReader implements BudgetWaiter {
  readonly #transport: Transport;
  readonly #budget: ReadAheadBudget;
  /** The bytes that were read ahead, and not requested yet. */
  #ahead: Uint8Array[] = [];
  /** How many bytes those are. */
  #buffered = 0;
  /** How many bytes of the budget this connection uses. */
  #borrowed = 0;
  /** The pending read, if any, and how many bytes it may return. */
  #reading: Promise<void> | null = null;
  #readingSize = 0;
  /** Whether the last read filled its buffer. */
  #lastReadFilled = false;
  /** The pending read of a head, if any: it may have been abandoned meanwhile. */
  #headRead: Promise<unknown> | null = null;
  #ended = false;
  #failed = false;
  #closed = false;
  /** Called when the client ends its side; null unless somebody watches for it. */
  #onLeft: (() => void) | null = null;

  /**
   * @param transport The transport to read from.
   * @param budget How much may be read ahead.
   */
  constructor(transport: Transport, budget: ReadAheadBudget = ReadAheadBudget.shared) {
    this.#transport = transport;
    this.#budget = budget;
  }

  /** Whether reading has failed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** How many bytes were read but not requested yet. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Whether nothing was read ahead, and no read is pending: the next bytes come from the transport. */
  get idle(): boolean {
    return this.#buffered === 0 && this.#reading === null;
  }

  /**
   * Reads bytes into memory that is borrowed for the call: the head of a request needs none of its own.
   *
   * @param take Receives the bytes, and returns how many it has consumed. The rest is returned next.
   * @returns False at the end. Rejects if the transport fails, or with the exception of `take`.
   */
  async receiveHead(take: (bytes: Uint8Array) => number): Promise<boolean> {
    const { pool } = denoPlatform;
    const block = pool.borrow(CHUNK);
    const count = await (this.#headRead = this.#transport.read(block.bytes));
    this.#headRead = null;
    if (count === null) {
      this.#ended = true;
      return false;
    }
    const taken = take(block.bytes.subarray(0, count));
    if (taken < count) this.#keep(block.bytes.subarray(taken, count));
    pool.release(block);
    return true;
  }

  /**
   * Reads the next bytes.
   *
   * @param size How many to read at most, if none were read ahead.
   * @returns The bytes, at least one, in their own buffer; null at the end. Rejects if the transport fails.
   */
  async receive(size: number = CHUNK): Promise<Uint8Array | null> {
    while (this.#buffered === 0 && !this.#ended) await this.#startRead(size);
    return this.takeAhead();
  }

  /** As {@linkcode SocketReader.receive}, with much at a time. */
  receiveMuch(): Promise<Uint8Array | null> {
    return this.receive(LARGE_CHUNK);
  }

  /**
   * Returns the first piece of the bytes that were read ahead.
   *
   * @returns The bytes; null if there are none.
   */
  takeAhead(): Uint8Array | null {
    const bytes = this.#ahead.shift() ?? null;
    this.#onTaken(bytes?.length ?? 0);
    return bytes;
  }

  /**
   * Reads as a transport does.
   *
   * @param buffer Receives the bytes.
   * @returns How many bytes were read, null at the end. Rejects if the transport fails.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#buffered === 0 && this.#reading !== null) await this.#reading;
    const [first] = this.#ahead;
    if (first === undefined) return this.#ended ? null : await this.#transport.read(buffer);
    const count = Math.min(first.length, buffer.length);
    buffer.set(first.subarray(0, count));
    if (count < first.length) this.#ahead[0] = first.subarray(count);
    else this.#ahead.shift();
    this.#onTaken(count);
    return count;
  }

  #onTaken(bytes: number): void {
    this.#buffered -= bytes;
    this.#giveBack();
    this.#readAhead();
  }

  /** Drops the bytes that were read ahead. */
  drop(): void {
    this.#ahead = [];
    this.#onTaken(this.#buffered);
  }

  /**
   * Reads ahead from now on, to notice when the client ends its side.
   *
   * @param onLeft Called once if it does.
   */
  watch(onLeft: () => void): void {
    this.#onLeft = onLeft;
    this.#readAhead();
  }

  /** Stops reading ahead. */
  stopWatching(): void {
    this.#onLeft = null;
    this.#budget.forget(this);
  }

  /** Drops the bytes that were read ahead, and those of a pending read. The transport is closed elsewhere. */
  close(): void {
    this.#closed = true;
    this.stopWatching();
    this.drop();
  }

  /** Others have returned bytes. */
  onBudget(): void {
    this.#readAhead();
  }

  #readAhead(): void {
    if (this.#onLeft === null) return;
    if (this.#ended) {
      const onLeft = this.#onLeft;
      this.stopWatching();
      return onLeft();
    }
    if (this.#reading !== null) return;
    const size = this.#lastReadFilled ? LARGE_CHUNK : CHUNK;
    if (this.#reserve(size)) this.#startRead(size).catch(() => {});
  }

  #reserve(size: number): boolean {
    const more = this.#buffered + size - OWN - this.#borrowed;
    if (more <= 0) return true;
    if (!this.#budget.borrow(this, this.#borrowed, more)) return false;
    this.#borrowed += more;
    return true;
  }

  /** Returns bytes that are no longer held. */
  #giveBack(): void {
    const held = Math.max(0, this.#buffered + this.#readingSize - OWN);
    if (held >= this.#borrowed) return;
    this.#budget.giveBack(this.#borrowed - held);
    this.#borrowed = held;
  }

  #startRead(size: number): Promise<void> {
    return this.#reading ??= this.#read(size);
  }

  async #read(size: number): Promise<void> {
    this.#readingSize = size;
    const buffer = new Uint8Array(size);
    try {
      await this.#headRead;
      const count = await this.#transport.read(buffer);
      this.#lastReadFilled = count === size;
      if (count === null) this.#ended = true;
      else if (!this.#closed) this.#keep(buffer.subarray(0, count));
    } catch (error) {
      this.#ended = true;
      this.#failed = true;
      throw error;
    } finally {
      this.#reading = null;
      this.#readingSize = 0;
      this.#giveBack();
      this.#readAhead();
    }
  }

  /** Copies bytes, so that they hold no more memory than they need, even if they arrive one by one. */
  #keep(bytes: Uint8Array): void {
    const last = this.#ahead.at(-1);
    if (last !== undefined && last.length + bytes.length <= LARGE_CHUNK) {
      this.#ahead[this.#ahead.length - 1] = concat(last, bytes);
    } else {
      this.#ahead.push(bytes.slice());
    }
    this.#buffered += bytes.length;
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
