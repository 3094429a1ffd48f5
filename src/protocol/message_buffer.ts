import { Block } from "./block.ts";
import { LARGE_BLOCK } from "./block_pool.ts";
import { decodeText } from "./decode_text.ts";
import { findNonAscii, NOT_ASCII } from "./mask.ts";
import { Opcode } from "./opcode.ts";
import type { Platform } from "./platform.ts";
import { invalidUtf8 } from "./protocol_errors.ts";
import { Utf8Validator } from "./utf8_validator.ts";

/** The minimum to reserve for a message that may need it, in bytes. */
const MIN_RESERVE = 1024;
/** Below this length in bytes, a loop copies faster than `set` with its view. */
const COPY_BY_LOOP = 32;

/**
 * The message whose frames are being received, if it did not arrive completely in one read.
 *
 * All fragments are copied into one growing block, so that a message of a million fragments costs no more memory than
 * its bytes; the block grows with what has arrived, never to what a header claims.
 */
export class MessageBuffer {
  /** The opcode of the current message, CONTINUATION if there is none. */
  opcode: Opcode = Opcode.CONTINUATION;
  /** Whether the message goes through the extension. */
  transformed = false;
  /** Whether the message is delivered in parts as it arrives: then it is only counted and validated here. */
  inParts = false;
  /** How many bytes have arrived. */
  length = 0;
  /** How many frames have arrived, including the current one. */
  fragments = 0;

  readonly #platform: Platform;
  readonly #maxLength: number;
  readonly #validator = new Utf8Validator();
  #block: Block | null = null;
  /**
   * The minimum to reserve for a message of known length, in bytes: the length of the last one. If each message grew
   * from {@linkcode MIN_RESERVE} again, 64 KiB messages would take a tenth more CPU time, most of it to collect the
   * smaller blocks (Deno 2.9.6).
   */
  #minReserve = MIN_RESERVE;

  /**
   * @param platform The source of memory.
   * @param maxLength The longest message, in bytes.
   */
  constructor(platform: Platform, maxLength: number) {
    this.#platform = platform;
    this.#maxLength = maxLength;
  }

  /**
   * Begins a message.
   *
   * @param opcode TEXT or BINARY.
   * @param transformed Whether it goes through the extension.
   * @param inParts Whether it is delivered in parts as it arrives.
   */
  begin(opcode: Opcode, transformed: boolean, inParts: boolean): void {
    this.opcode = opcode;
    this.transformed = transformed;
    this.inParts = inParts;
    this.length = 0;
    this.fragments = 0;
    this.#validator.reset();
  }

  /** Whether to validate the text as it arrives. */
  get #validates(): boolean {
    return this.opcode === Opcode.TEXT && !this.transformed;
  }

  /**
   * Returns the length that {@linkcode MessageBuffer.tail} would return.
   *
   * @param remaining The bytes that the current frame still lacks.
   * @param fin Whether that frame is the last one.
   * @returns The length in bytes.
   */
  room(remaining: number, fin: boolean): number {
    const size = this.#block?.size ?? 0;
    return Math.min(
      remaining,
      (size > this.length ? size : this.#nextSize(this.length + 1, remaining, fin)) - this.length,
    );
  }

  /**
   * Returns the memory after the bytes that have arrived, for the transport to read into.
   *
   * @param remaining The bytes that the current frame still lacks.
   * @param fin Whether that frame is the last one.
   * @returns At least one byte, and no more than the frame lacks.
   */
  tail(remaining: number, fin: boolean): Uint8Array {
    const block = this.#reserve(1, remaining, fin);
    return block.bytes.subarray(this.length, Math.min(block.size, this.length + remaining));
  }

  /**
   * Returns the block that {@linkcode MessageBuffer.tail} returned a part of.
   *
   * @returns The block.
   */
  get block(): Block {
    return this.#block!;
  }

  /**
   * Adds bytes that were read into {@linkcode MessageBuffer.tail} and unmasked.
   *
   * @param count The number of bytes.
   * @throws {ProtocolError} As soon as the text can't be UTF-8 any more.
   */
  advance(count: number): void {
    const start = this.length;
    this.length += count;
    if (this.#validates) this.#validate(this.#block!, start, this.length);
  }

  /**
   * Adds unmasked bytes from another block.
   *
   * @param block The block.
   * @param start The bytes' start.
   * @param end The bytes' end.
   * @param remaining The bytes that the current frame lacks, including these.
   * @param fin Whether that frame is the last one.
   * @throws {ProtocolError} As soon as the text can't be UTF-8 any more.
   */
  append(block: Block, start: number, end: number, remaining: number, fin: boolean): void {
    const count = end - start;
    const target = this.#reserve(count, remaining, fin).bytes;
    if (count < COPY_BY_LOOP) {
      for (let i = 0; i < count; i++) target[this.length + i] = block.bytes[start + i];
    } else {
      target.set(block.bytes.subarray(start, end), this.length);
    }
    this.advance(count);
  }

  /**
   * Counts and validates an unmasked part of a message that is delivered in parts.
   *
   * @param block The block.
   * @param start The bytes' start.
   * @param end The bytes' end.
   * @param last Whether the message ends with them.
   * @throws {ProtocolError} As soon as the text can't be UTF-8 any more.
   */
  checkPart(block: Block, start: number, end: number, last: boolean): void {
    this.length += end - start;
    if (this.opcode !== Opcode.TEXT) return;
    this.#validate(block, start, end);
    if (last && !this.#validator.complete) throw invalidUtf8("text");
  }

  #validate(block: Block, start: number, end: number): void {
    const valid = (findNonAscii(block, start, end) & NOT_ASCII) === 0
      ? this.#validator.pushAscii(end - start)
      : this.#validator.push(block.bytes, start, end);
    if (!valid) throw invalidUtf8("text");
  }

  #reserve(count: number, remaining: number, fin: boolean): Block {
    const needed = this.length + count;
    const block = this.#block;
    if (block !== null && needed <= block.size) return block;
    const next = new Block(this.#nextSize(needed, remaining, fin));
    if (block !== null) next.bytes.set(block.bytes.subarray(0, this.length));
    return this.#block = next;
  }

  /** The size of the next block. */
  #nextSize(needed: number, remaining: number, fin: boolean): number {
    const grown = Math.max(needed * growthOf(needed), fin ? this.#minReserve : MIN_RESERVE);
    const limit = fin ? this.length + remaining : this.#maxLength;
    return Math.max(needed, Math.min(grown, limit));
  }

  /**
   * Ends the message without decoding it: it goes through the extension, or was delivered in parts.
   *
   * @returns Its payload, valid until the next frame; empty if it was delivered in parts.
   */
  finishRaw(): Uint8Array {
    const payload = this.#block === null ? new Uint8Array(0) : this.#block.bytes.subarray(0, this.length);
    this.end();
    return payload;
  }

  /**
   * Ends the message.
   *
   * @returns The text or the bytes.
   * @throws {ProtocolError} If the text ends in the middle of a character.
   */
  finish(): string | Uint8Array<ArrayBuffer> {
    const message = this.opcode === Opcode.TEXT ? this.#text() : this.#binary();
    this.end();
    return message;
  }

  #text(): string {
    if (this.#block === null) return "";
    return decodeText(this.#platform, this.#block.bytes, 0, this.length, this.#validator.ascii ? 0 : NOT_ASCII);
  }

  /** Hands over the block itself if little of it is unused. */
  #binary(): Uint8Array<ArrayBuffer> {
    const { length } = this;
    const block = this.#block;
    if (block !== null && block.size - length <= length >> 3) {
      return block.size === length ? block.bytes : block.bytes.subarray(0, length);
    }
    const message = this.#platform.slab.take(length);
    if (block !== null) message.set(block.bytes.subarray(0, length));
    return message;
  }

  /** Forgets the message and frees its memory. */
  end(): void {
    this.opcode = Opcode.CONTINUATION;
    this.#block = null;
    this.#minReserve = Math.min(Math.max(this.length, MIN_RESERVE), LARGE_BLOCK);
    this.length = 0;
  }
}

/**
 * By which factor to reserve more than has arrived. A long message must not be copied often as it grows, and a peer
 * that only announces one must not make us reserve much memory for it.
 */
function growthOf(arrived: number): number {
  return arrived < 16 * 1024 ? 8 : arrived < 1024 * 1024 ? 4 : 2;
}
