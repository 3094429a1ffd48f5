import { WebSocketError } from "../errors.ts";
import type { Block } from "./block.ts";
import { LARGE_BLOCK, SMALL_BLOCK } from "./block_pool.ts";
import { decodeBytes, decodeText } from "./decode_text.ts";
import { asWebSocketError, decodeWith } from "./decode_with.ts";
import type { MessageExtension } from "./extension.ts";
import { FrameHeader, RSV1 } from "./frame_header.ts";
import type { InternalHandler } from "./internal_handler.ts";
import { applyMask, findNonAscii, rotateKey, unmaskText } from "./mask.ts";
import { MessageBuffer } from "./message_buffer.ts";
import { Opcode } from "./opcode.ts";
import type { Platform } from "./platform.ts";
import type { MessageHandler } from "./protocol_handler.ts";
import { MAX_WHOLE_TEXT } from "./protocol_options.ts";
import {
  expectedContinuation,
  extensionFailed,
  messageTooLong,
  misplacedRsv1,
  textTooLong,
  tooManyFragments,
  unexpectedContinuation,
} from "./protocol_errors.ts";

/** From this many missing bytes on, a payload is read straight into its message, without a copy. */
const READ_DIRECT = 4 * 1024;

/** Below this length in bytes, a loop copies faster than `set` with its view. */
const COPY_BY_LOOP = 32;

/** The options of a {@linkcode Receiver}. */
export interface ReceiverOptions {
  /** Whether the peer masks its frames: true for a server. */
  masked: boolean;
  /** The longest message, in bytes. */
  maxLength: number;
  /** The maximum number of frames of one message. */
  maxFragments: number;
  /** The extension that owns RSV1, null for none. */
  extension: MessageExtension | null;
  /** The source of memory. */
  platform: Platform;
}

/**
 * Bytes in, messages and control frames out: the receiving side of RFC 6455 §5.
 *
 * It owns the buffer that the transport reads into, parses frames in place, and delivers every complete frame of a read
 * before it returns.
 */
export class Receiver {
  readonly #messages: MessageHandler;
  readonly #handler: InternalHandler;
  readonly #platform: Platform;
  readonly #masked: boolean;
  readonly #maxLength: number;
  /** The longest message of any type that may be delivered whole, in bytes: text must fit into a string. */
  readonly #wholeLength: number;
  /** The longest payload of a message for the extension, in bytes. */
  readonly #maxPayload: number;
  readonly #maxFragments: number;
  readonly #extension: MessageExtension | null;
  readonly #header: FrameHeader;
  readonly #message: MessageBuffer;

  // The bytes that were read but not yet parsed are in the block, from #start to #end.
  #block: Block | null = null;
  #start = 0;
  #end = 0;
  /** The length of the last read, or of the frame that it ended. */
  #lastRead = 0;
  /** Whether the pending read goes straight into the message. */
  #readsDirect = false;

  /** The next thing to parse: a frame's header, or the rest of a data frame's payload, or nothing more. */
  #state: "header" | "payload" | "closed" = "header";
  /** How much of that payload is missing, in bytes. */
  #remaining = 0;
  #progress = 0;

  /** Whether messages are delivered as they arrive. */
  #deliversParts = false;
  /** Whether the owner holds back what arrives. */
  #paused = false;
  /** Whether the extension is busy with a message, and so holds back what follows it. */
  #transforming = false;
  /** Whether arrived bytes are being parsed: a handler may deliver more of them. */
  #parsing = false;
  /** Delivers the extension's late answer, as soon as nothing is held back. */
  #answer: (() => void) | null = null;

  /**
   * @param messages Receives the messages.
   * @param handler Receives everything else.
   * @param options The role, the limits, the extension and the platform.
   */
  constructor(messages: MessageHandler, handler: InternalHandler, options: ReceiverOptions) {
    this.#messages = messages;
    this.#handler = handler;
    this.#platform = options.platform;
    this.#masked = options.masked;
    this.#maxLength = options.maxLength;
    this.#wholeLength = Math.min(options.maxLength, MAX_WHOLE_TEXT);
    this.#maxPayload = options.extension?.maxPayload?.(options.maxLength) ?? options.maxLength;
    this.#maxFragments = options.maxFragments;
    this.#extension = options.extension;
    this.#header = new FrameHeader(options.masked, options.extension === null ? 0 : RSV1);
    this.#message = new MessageBuffer(options.platform, this.#maxPayload);
  }

  /** True while arrived bytes are held back: paused, waiting for the extension, or within a delivery. */
  get blocked(): boolean {
    return this.#state !== "closed" && (this.#paused || this.#transforming || this.#parsing);
  }

  /** Grows whenever a part of a message arrives. */
  get progress(): number {
    return this.#progress;
  }

  /** Holds back what is not yet delivered. */
  pause(): void {
    this.#paused = true;
  }

  /** Delivers what was held back, and continues. */
  resume(): void {
    this.#paused = false;
    this.#parse();
  }

  /**
   * Delivers messages as they arrive, from the next one on; those that go through the extension are still delivered
   * whole.
   */
  receiveParts(): void {
    this.#deliversParts = true;
  }

  /** Frees all memory. Anything that arrives from now on is dropped. */
  close(): void {
    this.#state = "closed";
    this.#remaining = 0;
    this.#answer = null;
    this.#message.end();
    // Not back to the pool: a read into it may be pending.
    this.#block = null;
    this.#start = 0;
    this.#end = 0;
  }

  /**
   * Returns the memory for the transport to read into.
   *
   * @returns At least one byte. Call {@linkcode Receiver.received} before calling this again.
   */
  readBuffer(): Uint8Array {
    this.#readsDirect = this.#remaining >= READ_DIRECT && this.#start === this.#end && this.#hasRoom();
    if (this.#readsDirect) return this.#message.tail(this.#remaining, this.#header.fin);
    const { bytes } = this.#makeRoom();
    return this.#end === 0 ? bytes : bytes.subarray(this.#end);
  }

  /**
   * Whether the message has room for a read like the last one. While little of it has arrived, little is reserved for
   * it, and filling that would take an extra read: those took a third of the time of 64 KiB messages (Deno 2.9.6).
   */
  #hasRoom(): boolean {
    const message = this.#message;
    const { fin } = this.#header;
    return !message.inParts && message.room(this.#remaining, fin) >= Math.min(this.#remaining, this.#lastRead);
  }

  /** Chooses a block by the length of the last read, with unparsed bytes at its front. */
  #makeRoom(): Block {
    const { pool } = this.#platform;
    const old = this.#block;
    const pending = this.#end - this.#start;
    // More than a header and a control frame remain only while held back; moving them at each read would be slow.
    if (old !== null && pending > SMALL_BLOCK && this.#start === 0 && pending < old.size) return old;
    const size = Math.max(Math.min(this.#lastRead + 1, LARGE_BLOCK), pending * 2);
    let block = old;
    if (block === null || block.size !== pool.sizeFor(size)) block = this.#block = pool.borrow(size);
    if (pending > 0) block.bytes.set(old!.bytes.subarray(this.#start, this.#end));
    if (old !== null && old !== block) pool.release(old);
    this.#start = 0;
    this.#end = pending;
    return block;
  }

  /**
   * Processes bytes that were read into {@linkcode Receiver.readBuffer}, and delivers complete frames.
   *
   * @param count The number of bytes, from the buffer's start.
   */
  received(count: number): void {
    this.#lastRead = count;
    if (this.#state === "closed") return;
    if (this.#readsDirect) return this.#parse(() => this.#takeDirect(count));
    this.#end += count;
    this.#parse();
  }

  /**
   * Processes bytes from other memory; they are copied.
   *
   * @param bytes The bytes.
   */
  receive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const buffer = this.readBuffer();
      const count = Math.min(buffer.length, bytes.length - at);
      buffer.set(bytes.subarray(at, at + count));
      this.received(count);
      at += count;
    }
  }

  /** Parses everything that has arrived, after a first step if one is given. */
  #parse(first?: () => void): void {
    if (this.#parsing) return;
    this.#parsing = true;
    // Within a delivery, a handler may make another connection of the same platform receive something.
    this.#platform.slab.reset();
    try {
      first?.();
      while (!this.#paused && !this.#transforming && this.#step());
    } catch (error) {
      this.close();
      if (!(error instanceof WebSocketError)) throw error;
      this.#handler.onFailure(error);
    } finally {
      this.#platform.slab.reset();
      this.#parsing = false;
    }
  }

  /** Takes one step; false if more bytes are needed. */
  #step(): boolean {
    if (this.#answer !== null) return this.#deliverAnswer(this.#answer);
    return this.#state === "payload" ? this.#parsePayload() : this.#parseFrame();
  }

  /** Parses a header and what belongs to it; false if more bytes are needed. */
  #parseFrame(): boolean {
    const header = this.#header;
    const block = this.#block;
    if (block === null || !header.read(block.bytes, this.#start, this.#end)) return false;
    const start = this.#start + header.size;
    const end = start + header.length;
    if (header.opcode >= Opcode.CLOSE) return this.#parseControl(block, start, end);
    this.#checkMessage(header);
    const whole = end <= this.#end && header.fin && header.rsv === 0 && header.opcode !== Opcode.CONTINUATION;
    if (whole && !this.#deliversParts) {
      this.#start = end;
      this.#takeWhole(block, start, end);
      return true;
    }
    if (header.opcode !== Opcode.CONTINUATION) {
      const transformed = header.rsv !== 0;
      this.#message.begin(header.opcode, transformed, this.#deliversParts && !transformed);
    }
    this.#message.fragments++;
    this.#start = start;
    this.#remaining = header.length;
    this.#state = "payload";
    return true;
  }

  #parseControl(block: Block, start: number, end: number): boolean {
    const header = this.#header;
    if (header.rsv !== 0) throw misplacedRsv1(header.opcode);
    if (end > this.#end) return false;
    this.#start = end;
    if (this.#masked) applyMask(block, start, end, header.key);
    this.#handler.onControl(header.opcode, block.bytes.subarray(start, end));
    return true;
  }

  /** The rules that depend on the message around a data frame, all checked before its payload is read. */
  #checkMessage(header: FrameHeader): void {
    const message = this.#message;
    const open = message.opcode !== Opcode.CONTINUATION;
    if (header.opcode !== Opcode.CONTINUATION) {
      // 5.4. "The fragments of one message MUST NOT be interleaved between the fragments of another message".
      if (open) throw expectedContinuation(header.opcode);
    } else {
      if (!open) throw unexpectedContinuation();
      if (header.rsv !== 0) throw misplacedRsv1(header.opcode);
      if (message.fragments >= this.#maxFragments) throw tooManyFragments(this.#maxFragments);
    }
    const length = open ? message.length + header.length : header.length;
    if (length > this.#wholeLength) this.#checkLength(header, length, open);
  }

  #checkLength(header: FrameHeader, length: number, open: boolean): void {
    const { opcode, transformed, inParts } = this.#message;
    if (open ? transformed : header.rsv !== 0) {
      if (length > this.#maxPayload) throw messageTooLong(length, this.#maxLength);
      return;
    }
    if (length > this.#maxLength) throw messageTooLong(length, this.#maxLength);
    const isString = open ? opcode === Opcode.TEXT && !inParts : header.opcode === Opcode.TEXT && !this.#deliversParts;
    if (isString && length > MAX_WHOLE_TEXT) throw textTooLong(length, MAX_WHOLE_TEXT);
  }

  /** The common case: a single-frame message that arrived whole. */
  #takeWhole(block: Block, start: number, end: number): void {
    const { key, opcode } = this.#header;
    if (opcode === Opcode.TEXT) {
      const seen = this.#masked ? unmaskText(block, start, end, key) : findNonAscii(block, start, end);
      this.#messages.onMessage(decodeText(this.#platform, block.bytes, start, end, seen));
      return;
    }
    if (this.#masked) applyMask(block, start, end, key);
    const message = this.#platform.slab.take(end - start, this.#end - start);
    if (end - start < COPY_BY_LOOP) {
      for (let i = start; i < end; i++) message[i - start] = block.bytes[i];
    } else {
      message.set(block.bytes.subarray(start, end));
    }
    this.#messages.onMessage(message);
  }

  /** Moves the arrived part of a payload into its message; false if more bytes are needed. */
  #parsePayload(): boolean {
    if (this.#message.inParts) return this.#deliverPart();
    const { fin } = this.#header;
    const count = Math.min(this.#remaining, this.#end - this.#start);
    if (count > 0) {
      this.#progress++;
      const start = this.#start;
      const end = this.#start += count;
      if (this.#masked) applyMask(this.#block!, start, end, this.#nextKey(count));
      this.#message.append(this.#block!, start, end, this.#remaining, fin);
      this.#remaining -= count;
    }
    if (this.#remaining > 0) return false;
    this.#state = "header";
    // The next frame may be as long, even if the read that ended this one was short.
    this.#lastRead = Math.max(this.#lastRead, Math.min(this.#header.length, LARGE_BLOCK));
    if (!fin) return true;
    if (this.#message.transformed) this.#transform(this.#extension!);
    else this.#messages.onMessage(this.#message.finish());
    return true;
  }

  /** Delivers the arrived bytes of a payload as a part of its message; false if more bytes are needed. */
  #deliverPart(): boolean {
    const message = this.#message;
    const { opcode } = message;
    const count = Math.min(this.#remaining, this.#end - this.#start);
    const start = this.#start;
    const end = this.#start += count;
    if (count > 0 && this.#masked) applyMask(this.#block!, start, end, this.#nextKey(count));
    this.#remaining -= count;
    if (count > 0) this.#progress++;
    const whole = this.#remaining === 0;
    if (whole) this.#state = "header";
    const last = whole && this.#header.fin;
    if (count > 0 || last) message.checkPart(this.#block!, start, end, last);
    if (last) message.finishRaw();
    if (count > 0 || last) {
      const part = this.#platform.slab.take(count);
      part.set(this.#block!.bytes.subarray(start, end));
      this.#messages.onPart?.(opcode, part, last);
    }
    return whole;
  }

  #takeDirect(count: number): void {
    const message = this.#message;
    const end = message.length + count;
    if (this.#masked) applyMask(message.block, message.length, end, this.#nextKey(count));
    this.#remaining -= count;
    this.#progress++;
    message.advance(count);
  }

  /** Returns the key for the next octets of the payload, and rotates the header's key past them. */
  #nextKey(count: number): number {
    const { key } = this.#header;
    this.#header.key = rotateKey(key, count);
    return key;
  }

  /** Passes a message to the extension, and holds back what follows until it has answered. */
  #transform(extension: MessageExtension): void {
    const text = this.#message.opcode === Opcode.TEXT;
    const message = decodeWith(extension, this.#message.finishRaw(), text ? this.#wholeLength : this.#maxLength);
    if (message instanceof Uint8Array) return this.#deliver(extension, text, message);
    this.#transforming = true;
    message.then(
      (message) => this.#onAnswer(() => this.#deliver(extension, text, message)),
      (error) =>
        this.#onAnswer(() => {
          throw asWebSocketError(extension, error);
        }),
    );
  }

  #onAnswer(deliver: () => void): void {
    this.#transforming = false;
    if (this.#state === "closed") return;
    this.#answer = deliver;
    try {
      this.#parse();
    } catch (cause) {
      // For example, memory ran out. No caller could catch it here.
      return this.#handler.onFailure(extensionFailed(this.#extension!.name, cause));
    }
    this.#handler.onUnblocked();
  }

  #deliverAnswer(deliver: () => void): boolean {
    this.#answer = null;
    deliver();
    return true;
  }

  /** Any failure here, such as an allocation, must only affect this connection: the call may come from a promise. */
  #deliver(extension: MessageExtension, text: boolean, bytes: Uint8Array): void {
    let message: string | Uint8Array<ArrayBuffer>;
    try {
      message = text ? decodeBytes(this.#platform, bytes) : bytes as Uint8Array<ArrayBuffer>;
    } catch (error) {
      throw asWebSocketError(extension, error);
    }
    this.#messages.onMessage(message);
  }
}
