import { CloseCode } from "../close_code.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { messageTooLong } from "../protocol/protocol_errors.ts";
import type { Codec } from "./_codec.ts";
import { GrowingBuffer } from "./_growing_buffer.ts";
import type { Slot, SlotOwner, SlotPool } from "./_slot_pool.ts";

/** How much of a payload the engine has room for, in bytes; unused bytes belong to the next piece. */
const PIECE = 32 * 1024;

// The results of a step of the engine.
const DONE = 1;
const FULL = 2;

/** Why a payload is corrupt, by the result of a step, from 3 on. */
const FAULTS = [
  "the data ends too early",
  "blocks of type 3 don't exist",
  "a stored block's length does not match its complement",
  "a block has more codes than there are symbols",
  "a code isn't a Huffman code",
  "a block has no code for its end",
  "the lengths of a block's codes are wrong",
  "there is no such code",
  "a distance reaches too far back",
];

const NOTHING = new Uint8Array(0);

/** The message in progress. */
interface Progress {
  readonly payload: Uint8Array;
  readonly maxLength: number;
  /** How much of the payload is done. */
  at: number;
  /** The output, except for the part that the engine still holds. */
  readonly message: GrowingBuffer;
}

/**
 * Inflates compressed messages, step by step: RFC 7692 §7.2.2, RFC 1951.
 *
 * It holds a slot of the engine's memory. If that goes to another inflater, the needed part is saved here meanwhile:
 * between two messages no more than the window.
 */
export class Inflater implements SlotOwner {
  readonly #codec: Codec;
  readonly #pool: SlotPool;
  readonly #windowBits: number;
  readonly #keeps: boolean;
  /** The size of a slot, in bytes. */
  readonly #size: number;
  #slot: Slot | null = null;
  #progress: Progress | null = null;
  /** The window, while there is no slot and no message. */
  #kept: Uint8Array<ArrayBuffer> = NOTHING;
  #keptLength = 0;
  /** The saved content of the slot, while a message is in progress without a slot. */
  #suspended: Uint8Array<ArrayBuffer> | null = null;

  /**
   * @param codec The engine.
   * @param pool The source of slots.
   * @param windowBits The size of the window as a power of two.
   * @param keeps Whether a message may refer to those before it.
   */
  constructor(codec: Codec, pool: SlotPool, windowBits: number, keeps: boolean) {
    this.#codec = codec;
    this.#pool = pool;
    this.#windowBits = windowBits;
    this.#keeps = keeps;
    this.#size = codec.run.inflaterSize(windowBits);
  }

  /** The memory that is held between messages, in bytes. */
  get memory(): number {
    return (this.#slot?.size ?? 0) + this.#kept.length;
  }

  /** How much memory the message takes so far, in bytes. */
  get held(): number {
    return this.#progress?.message.memory ?? 0;
  }

  /**
   * Begins a message.
   *
   * @param payload The payload, not empty, which must not change meanwhile.
   * @param maxLength The longest message, in bytes.
   */
  begin(payload: Uint8Array, maxLength: number): void {
    this.#progress = { payload, maxLength, at: 0, message: new GrowingBuffer(maxLength) };
    if (this.#slot !== null) this.#codec.run.beginMessage(this.#slot.address);
  }

  /**
   * Continues with the message.
   *
   * @param budget About how many bytes to read and write, before it is somebody else's turn.
   * @returns The message if it is complete, null if not.
   * @throws {ProtocolError} If the payload isn't DEFLATE, or the message is too long.
   * @throws {RangeError} If the system has no more memory.
   */
  step(budget: number): Uint8Array<ArrayBuffer> | null {
    if (budget <= 0) return null;
    const slot = this.#slot ?? this.#acquire();
    this.#pool.touch(slot);
    const progress = this.#progress!;
    const { run } = this.#codec;
    while (budget > 0) {
      const status = this.#inflate(slot, progress, budget);
      if (status === DONE) return this.#finish(slot, progress);
      progress.message.append(this.#output(slot, progress));
      run.takeOutput(slot.address);
      budget -= run.workDone(slot.address);
    }
    return null;
  }

  #acquire(): Slot {
    const slot = this.#pool.acquire(this, this.#size);
    const { run, bytes } = this.#codec;
    const { address } = this.#slot = slot;
    if (this.#suspended !== null) {
      bytes.set(this.#suspended, address);
      this.#suspended = null;
    } else {
      run.makeInflater(address, this.#windowBits);
      bytes.set(this.#kept.subarray(0, this.#keptLength), run.inflaterBytes(address));
      run.setHistory(address, this.#keptLength);
      run.beginMessage(address);
    }
    return slot;
  }

  #inflate({ address }: Slot, progress: Progress, budget: number): number {
    const { run, input, bytes } = this.#codec;
    const { payload, maxLength, at, message } = progress;
    const last = at + PIECE >= payload.length;
    const piece = at === 0 && last ? payload : payload.subarray(at, at + PIECE);
    bytes.set(piece, input);
    const status = run.inflate(address, piece.length, last, Math.min(budget, maxLength - message.length + 1));
    if (status > FULL) throw corrupt(FAULTS[status - FULL - 1]);
    progress.at += run.inputUsed(address);
    return status;
  }

  /** The output that the engine still holds; valid until the engine's next step. */
  #output({ address }: Slot, { message, maxLength }: Progress): Uint8Array<ArrayBuffer> {
    const { run, bytes } = this.#codec;
    const ready = run.outputReady(address);
    const length = message.length + ready;
    if (length > maxLength) throw messageTooLong(length, maxLength);
    const end = run.inflaterBytes(address) + run.inflaterLength(address);
    return bytes.subarray(end - ready, end);
  }

  #finish(slot: Slot, progress: Progress): Uint8Array<ArrayBuffer> {
    const { message } = progress;
    const rest = this.#output(slot, progress);
    // Most messages come in one piece.
    if (message.length > 0) message.append(rest);
    const whole = message.length > 0 ? message.take() : rest.slice();
    this.#progress = null;
    if (!this.#keeps) this.close();
    return whole;
  }

  /** Saves the needed part, since another inflater needs the slot. */
  evict(): void {
    const { run, bytes } = this.#codec;
    const { address } = this.#slot!;
    const start = run.inflaterBytes(address);
    const end = start + run.inflaterLength(address);
    if (this.#progress !== null) this.#suspended = bytes.slice(address, end);
    else this.#keep(bytes.subarray(Math.max(start, end - (1 << this.#windowBits)), end));
    this.#slot = null;
  }

  #keep(window: Uint8Array): void {
    // At first a connection has received little, and may never receive more.
    if (this.#kept.length < window.length) this.#kept = new Uint8Array(window.length);
    this.#kept.set(window);
    this.#keptLength = window.length;
  }

  /** Drops the message in progress, the slot and the window. */
  close(): void {
    if (this.#slot !== null) this.#pool.release(this.#slot);
    this.#slot = null;
    this.#progress = null;
    this.#suspended = null;
    this.#kept = NOTHING;
    this.#keptLength = 0;
  }
}

/** 7.4.1. 1007 is for data "that was not consistent with the type of the message". */
function corrupt(why: string): ProtocolError {
  return new ProtocolError(
    `Cannot inflate a message (RFC 7692 7.2.2): ${why}`,
    ErrorCode.INVALID_COMPRESSED_DATA,
    CloseCode.INVALID_PAYLOAD,
  );
}
