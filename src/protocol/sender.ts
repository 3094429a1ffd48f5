import type { Block } from "./block.ts";
import { LARGE_BLOCK } from "./block_pool.ts";
import { FIN, headerSize, MAX_HEADER, writeHeader } from "./frame_header.ts";
import { applyMask } from "./mask.ts";
import { Opcode } from "./opcode.ts";
import type { Platform } from "./platform.ts";
import type { PreparedFrame } from "./prepared_message.ts";
import { bufferChanged } from "./protocol_errors.ts";
import { Queue } from "./queue.ts";

/** Text up to this length, in UTF-16 code units, is encoded in the output block; it may triple in size. */
const ENCODE_IN_PLACE = 16 * 1024;

/** Text up to this length is encoded by a loop as long as it is ASCII, which costs less than a TextEncoder call. */
const ENCODE_BY_LOOP = 48;

/** Payloads up to this length in bytes are copied after their header, so that both are one write. */
const COPIED = 64 * 1024;

/** Frames above this length in bytes are shared by all connections that queue them. */
const SHARED_ABOVE = 8 * 1024;

/** Below this length in bytes, a loop copies faster than `set` with its view. */
const COPY_BY_LOOP = 32;

/**
 * While more than this is queued, in bytes, only the last Ping is answered. RFC 6455 §5.5.3: "the endpoint MAY
 * elect to send a Pong frame for only the most recently processed Ping frame."
 */
const PONGS_HELD_ABOVE = 64 * 1024;

const encoder = new TextEncoder();

/** The options of a {@linkcode Sender}. */
export interface SenderOptions {
  /** Whether frames are masked: true for a client. */
  masked: boolean;
  /** Whether memory is reused once it was written. */
  reuse: boolean;
  /** The source of memory and masking keys. */
  platform: Platform;
}

/**
 * The maximum length of one write, in bytes: each write that a slow peer accepts is a sign of life. The system's own
 * buffers are coarser. With a quarter of it, an echo of 1 MiB took a tenth more CPU time (Deno 2.9.6).
 */
const MAX_WRITE = 1024 * 1024;

/** Bytes that are ready to be written. */
interface Chunk {
  readonly bytes: Uint8Array;
  /** Their length when they were queued: the caller may transfer or resize its buffer meanwhile. */
  readonly length: number;
  /** The block they are in; null if they are the caller's, or shared by connections. */
  readonly block: Block | null;
}

/** A callback to run when the bytes up to a position are written. */
interface Mark {
  readonly position: number;
  readonly callback: () => void;
}

/**
 * Messages and control frames in, bytes out: the sending side of RFC 6455 §5.
 *
 * Frames are composed one after another in a block, so that everything sent in one go is one write. Masking happens in
 * the block, never in the caller's memory.
 */
export class Sender {
  readonly #masked: boolean;
  readonly #reuse: boolean;
  readonly #platform: Platform;

  /** Chunks before the block that is being filled. */
  readonly #ready: Queue<Chunk> = new Queue();
  #block: Block | null = null;
  #length = 0;
  /** A small shared frame that is queued alone. If another one follows, it is copied, so that both are one write. */
  #single: Uint8Array | null = null;
  #inFlight: Chunk | null = null;
  /** How much of the chunk in flight is written, and how much of it {@linkcode Sender.next} has returned. */
  #from = 0;
  #to = 0;
  #enqueued = 0;
  #written = 0;
  /** How many bytes had been enqueued with the last data frame. */
  #dataEnd = 0;
  #progress = 0;
  #marks: Queue<Mark> | null = null;
  /** The payload of the last Ping, if its Pong must wait. */
  #pong: Uint8Array | null = null;

  /** @param options The role, the use of memory, and the platform. */
  constructor(options: SenderOptions) {
    this.#masked = options.masked;
    this.#reuse = options.reuse;
    this.#platform = options.platform;
  }

  /** How many bytes are queued, including those in flight. */
  get queued(): number {
    return this.#enqueued - this.#written;
  }

  /**
   * Queues a text message of one frame.
   *
   * @param message The text; a lone surrogate becomes U+FFFD.
   */
  text(message: string): void {
    const { length } = message;
    if (length > ENCODE_IN_PLACE) return this.frame(FIN | Opcode.TEXT, encoder.encode(message));
    const block = this.#reserve(MAX_HEADER + 3 * length);
    const start = this.#length;
    const assumed = headerSize(length, this.#masked);
    const size = encodeText(message, block.bytes, start + assumed);
    const header = headerSize(size, this.#masked);
    if (header !== assumed) block.bytes.copyWithin(start + header, start + assumed, start + assumed + size);
    this.#finish(block, FIN | Opcode.TEXT, header, size);
  }

  /**
   * Queues a frame.
   *
   * @param first FIN, the reserved bits and the opcode.
   * @param payload The payload. On a server, one above 64 KiB must stay unchanged until it is written.
   */
  frame(first: number, payload: Uint8Array): void {
    const { length } = payload;
    const header = headerSize(length, this.#masked);
    if (length > COPIED && !this.#masked) return this.#frameByReference(first, header, payload);
    const block = this.#reserve(header + length);
    const start = this.#length + header;
    if (length < COPY_BY_LOOP) {
      for (let i = 0; i < length; i++) block.bytes[start + i] = payload[i];
    } else {
      block.bytes.set(payload, start);
    }
    this.#finish(block, first, header, length);
  }

  /**
   * Queues a shared frame. A server with an empty queue sends it without a copy.
   *
   * @param frame The frame.
   */
  prepared(frame: PreparedFrame): void {
    const { bytes } = frame;
    const isSmall = bytes.length <= SHARED_ABOVE;
    // Small frames that wait are better written together.
    if (this.#masked || !this.#reuse || this.#block !== null || (isSmall && this.queued > 0)) {
      return this.frame(frame.first, frame.payload);
    }
    this.#enqueued += bytes.length;
    this.#dataEnd = this.#enqueued;
    if (isSmall) this.#single = bytes;
    else this.#pushShared(bytes);
  }

  #pushShared(bytes: Uint8Array): void {
    if (this.#single !== null) this.#ready.push(whole(this.#single));
    this.#single = null;
    this.#ready.push(whole(bytes));
  }

  /**
   * Queues the answer to a Ping, replacing a pending one: at once, or when less is queued.
   *
   * @param payload The Ping's payload, which is not copied.
   */
  pong(payload: Uint8Array): void {
    this.#pong = payload;
    if (this.queued <= PONGS_HELD_ABOVE) this.releasePong();
  }

  /** Queues the pending Pong, if there is one. */
  releasePong(): void {
    if (this.#pong === null) return;
    this.frame(FIN | Opcode.PONG, this.#pong);
    this.#pong = null;
  }

  /** Drops the pending Pong, if there is one. */
  dropPong(): void {
    this.#pong = null;
  }

  #frameByReference(first: number, header: number, payload: Uint8Array): void {
    const block = this.#reserve(header);
    writeHeader(block.bytes, this.#length, first, payload.length, false);
    this.#length += header;
    this.#enqueued += header + payload.length;
    this.#dataEnd = this.#enqueued;
    this.#ready.push(this.#seal(block));
    this.#ready.push(whole(payload));
  }

  /** Writes the header before a payload that is in place, and masks it. */
  #finish(block: Block, first: number, header: number, size: number): void {
    const start = this.#length;
    const end = start + header + size;
    writeHeader(block.bytes, start, first, size, this.#masked);
    if (this.#masked) {
      const key = this.#platform.maskingKey();
      const at = start + header - 4;
      block.bytes[at] = key;
      block.bytes[at + 1] = key >>> 8;
      block.bytes[at + 2] = key >>> 16;
      block.bytes[at + 3] = key >>> 24;
      applyMask(block, start + header, end, key);
    }
    this.#length = end;
    this.#enqueued += end - start;
    if ((first & Opcode.CLOSE) === 0) this.#dataEnd = this.#enqueued;
  }

  /** Makes sure that the block has room for more bytes: takes a larger one, or a new one after it. */
  #reserve(size: number): Block {
    const { pool } = this.#platform;
    const block = this.#block;
    if (this.#single !== null) return this.#reserveAfterSingle(this.#single, size);
    const needed = this.#length + size;
    if (block === null) return this.#block = pool.borrow(size);
    if (needed <= block.size) return block;
    if (needed > LARGE_BLOCK) {
      this.#ready.push(this.#seal(block));
      return this.#block = pool.borrow(size);
    }
    const larger = this.#block = pool.borrow(needed);
    larger.bytes.set(block.bytes.subarray(0, this.#length));
    pool.release(block);
    return larger;
  }

  #reserveAfterSingle(single: Uint8Array, size: number): Block {
    this.#single = null;
    const block = this.#block = this.#platform.pool.borrow(single.length + size);
    block.bytes.set(single);
    this.#length = single.length;
    return block;
  }

  /** Ends the block that is being filled. */
  #seal(block: Block): Chunk {
    const bytes = block.bytes.subarray(0, this.#length);
    this.#block = null;
    this.#length = 0;
    return { bytes, length: bytes.length, block };
  }

  /** Grows whenever a part of a message is written. */
  get progress(): number {
    return this.#progress;
  }

  /**
   * Returns the next bytes to write.
   *
   * @returns The bytes, unchanged until {@linkcode Sender.done}; null if there are none.
   * @throws {WebSocketError} If the caller's buffer has changed its length while it was queued.
   */
  next(): Uint8Array | null {
    const chunk = this.#inFlight ??= this.#nextChunk();
    if (chunk === null) return null;
    const { bytes, length } = chunk;
    if (bytes.length !== length) throw bufferChanged(length, bytes.length);
    this.#to = Math.min(length, this.#from + MAX_WRITE);
    // A transport that retains writes may transfer them away, along with neighboring bytes or the caller's buffer.
    if (!this.#reuse && (chunk.block === null || length > MAX_WRITE)) return bytes.slice(this.#from, this.#to);
    return length <= MAX_WRITE ? bytes : bytes.subarray(this.#from, this.#to);
  }

  #nextChunk(): Chunk | null {
    const single = this.#single;
    this.#single = null;
    // It is queued alone, so nothing comes before it.
    return single !== null ? whole(single) : this.#ready.shift() ?? (this.#block && this.#seal(this.#block));
  }

  /** Marks the bytes from {@linkcode Sender.next} as written. */
  done(): void {
    const chunk = this.#inFlight;
    if (chunk === null) return;
    // How much was written before the buffer changed is unknown. next() reports it.
    if (chunk.block === null && chunk.bytes.length < chunk.length) return;
    if (this.#dataEnd > this.#written) this.#progress++;
    this.#written += this.#to - this.#from;
    this.#from = this.#to;
    if (this.#from < chunk.length) return;
    this.#inFlight = null;
    this.#from = this.#to = 0;
    if (this.#reuse && chunk.block !== null) this.#platform.pool.release(chunk.block);
    const marks = this.#marks;
    while (marks !== null && marks.length > 0 && marks.first!.position <= this.#written) marks.shift()!.callback();
    if (this.#pong !== null && this.queued <= PONGS_HELD_ABOVE) this.releasePong();
  }

  /**
   * Runs a callback when everything queued so far is written.
   *
   * @param callback Called within {@linkcode Sender.done}, or at once if nothing is queued.
   */
  whenWritten(callback: () => void): void {
    if (this.queued === 0 && !this.#marks?.length) return callback();
    this.#marks ??= new Queue();
    this.#marks.push({ position: this.#enqueued, callback });
  }

  /** Drops what is queued, except for what is in flight. */
  close(): void {
    this.#pong = null;
    this.#single = null;
    this.#ready.clear();
    this.#block = null;
    this.#length = 0;
    const chunk = this.#inFlight;
    const inFlight = this.#to - this.#from;
    this.#inFlight = chunk !== null && inFlight > 0 ? { ...chunk, length: this.#to } : null;
    this.#enqueued = this.#written + (this.#inFlight === null ? 0 : inFlight);
  }
}

/** A chunk in the caller's memory, or in memory that connections share. */
function whole(bytes: Uint8Array): Chunk {
  return { bytes, length: bytes.length, block: null };
}

/** Encodes a text after its header, into room for three bytes per code unit; returns its length in bytes. */
function encodeText(message: string, bytes: Uint8Array, start: number): number {
  const { length } = message;
  if (length <= ENCODE_BY_LOOP) {
    let at = 0;
    for (; at < length; at++) {
      const unit = message.charCodeAt(at);
      if (unit > 0x7f) break;
      bytes[start + at] = unit;
    }
    if (at === length) return length;
  }
  return encoder.encodeInto(message, bytes.subarray(start, start + 3 * length)).written;
}
