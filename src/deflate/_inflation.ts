import { ErrorCode, ProtocolError } from "../errors.ts";
import { CloseCode } from "../close_code.ts";
import { messageTooLong } from "../protocol/protocol_errors.ts";
import { type DecodeTable, END, INVALID, LINK, LITERAL } from "./_decode_table.ts";
import type { History } from "./_history.ts";
import type { InflateWorkspace, InflateWorkspaces } from "./_inflate_workspace.ts";
import { LENGTH_CODE_ORDER, MAX_MATCH } from "./_symbols.ts";

/** What a block's header costs of a step's budget, in bytes that could be inflated meanwhile. */
const HEADER_COST = 1024;

const NOTHING = new Uint8Array(0);

/** What a message is inflated with. */
export interface InflationOptions {
  /** The payload, which must not change meanwhile. */
  readonly payload: Uint8Array;
  /** The longest message, in bytes. */
  readonly maxLength: number;
  /** What came before, null where the message stands for itself. */
  readonly history: History | null;
  /** Lends the memory. */
  readonly workspaces: InflateWorkspaces;
}

/** One message on its way from DEFLATE back to what it was, step by step: RFC 7692 §7.2.2, RFC 1951. */
export class Inflation {
  readonly #input: Uint8Array;
  readonly #maxLength: number;
  readonly #history: Uint8Array;
  readonly #historyLength: number;
  readonly #workspaces: InflateWorkspaces;
  #workspace: InflateWorkspace | null;
  #output: Uint8Array;
  #length = 0;

  #at = 0;
  #bits = 0;
  #bitCount = 0;
  #phase: "header" | "stored" | "codes" | "done" = "header";
  #final = false;
  #storedLeft = 0;
  #literals: DecodeTable;
  #distances: DecodeTable;
  #budget = 0;

  /** @param options The payload, the limit, what came before, and the memory. */
  constructor(options: InflationOptions) {
    const { payload, maxLength, history, workspaces } = options;
    this.#input = payload;
    this.#maxLength = maxLength;
    this.#history = history?.bytes ?? NOTHING;
    this.#historyLength = history?.length ?? 0;
    this.#workspaces = workspaces;
    this.#workspace = workspaces.borrow();
    this.#output = this.#workspace.output;
    this.#literals = workspaces.fixedLiterals;
    this.#distances = workspaces.fixedDistances;
    // An empty payload would be a stream cut off, but other implementations take it for an empty message.
    if (payload.length === 0) this.#phase = "done";
  }

  /**
   * Goes on.
   *
   * @param budget About how many bytes to make and take, before it is somebody else's turn.
   * @returns True where the message is whole.
   * @throws {ProtocolError} Where the payload is no DEFLATE, or the message longer than it may be.
   */
  step(budget: number): boolean {
    this.#budget = budget;
    while (this.#phase !== "done" && this.#budget > 0) {
      const length = this.#length;
      const at = this.#at;
      if (this.#phase === "header") this.#readHeader();
      else if (this.#phase === "stored") this.#copyStored();
      else this.#inflateBlock();
      this.#budget -= this.#length - length + this.#at - at;
    }
    return this.#phase === "done";
  }

  /**
   * Gives the message, once a step has told that it is whole.
   *
   * @returns The message, in memory of its own.
   */
  take(): Uint8Array {
    const output = this.#output;
    const length = this.#length;
    const shared = output === this.#workspace?.output || output.length - length > length >> 3;
    return shared ? output.slice(0, length) : output.subarray(0, length);
  }

  /** Gives the memory back. */
  close(): void {
    if (this.#workspace !== null) this.#workspaces.release(this.#workspace);
    this.#workspace = null;
    this.#output = NOTHING;
    this.#phase = "done";
  }

  /** The input's bytes, and behind them zeros, which are looked at but never used. */
  #fill(count: number): void {
    const input = this.#input;
    for (; this.#bitCount < count; this.#at++, this.#bitCount += 8) {
      if (this.#at < input.length) this.#bits |= input[this.#at] << this.#bitCount;
    }
  }

  #take(count: number): number {
    this.#fill(count);
    const value = this.#bits & ((1 << count) - 1);
    this.#drop(count);
    return value;
  }

  #drop(count: number): void {
    this.#bits >>>= count;
    this.#bitCount -= count;
    if (this.#at - (this.#bitCount >> 3) > this.#input.length) throw corrupt("the data ends too early");
  }

  /** Gives whole bytes back that were taken ahead, and drops the bits up to the next one. */
  #align(): void {
    this.#at -= this.#bitCount >> 3;
    this.#bits = this.#bitCount = 0;
  }

  /** RFC 1951 §3.2.3. */
  #readHeader(): void {
    if (this.#final) {
      // RFC 7692 §7.2.3.4: behind a final block the stream goes on at the next byte; or it ends with it.
      this.#align();
      if (this.#at >= this.#input.length) return this.#finish();
    }
    this.#budget -= HEADER_COST;
    this.#final = this.#take(1) === 1;
    const type = this.#take(2);
    if (type === 0) this.#readStored();
    else if (type === 1) this.#begin(this.#workspaces.fixedLiterals, this.#workspaces.fixedDistances);
    else if (type === 2) this.#readCodes(this.#workspace!);
    else throw corrupt("there is no block of type 3");
  }

  #finish(): void {
    this.#phase = "done";
  }

  #begin(literals: DecodeTable, distances: DecodeTable): void {
    this.#literals = literals;
    this.#distances = distances;
    this.#phase = "codes";
  }

  #readStored(): void {
    this.#bits >>>= this.#bitCount & 7;
    this.#bitCount -= this.#bitCount & 7;
    // RFC 7692 §7.2.1: what was left out at the end of a message are the lengths of an empty stored block, and no more.
    if (this.#at - (this.#bitCount >> 3) === this.#input.length) return this.#finish();
    const length = this.#take(16);
    if (this.#take(16) !== (~length & 0xffff)) throw corrupt("a stored block's length does not match its complement");
    this.#align();
    if (this.#at + length > this.#input.length) throw corrupt("the data ends too early");
    this.#storedLeft = length;
    this.#phase = "stored";
  }

  #copyStored(): void {
    const count = Math.min(this.#storedLeft, this.#maxLength - this.#length);
    this.#reserve(count);
    this.#output.set(this.#input.subarray(this.#at, this.#at + count), this.#length);
    this.#at += count;
    this.#length += count;
    if (count < this.#storedLeft) throw messageTooLong(this.#length + 1, this.#maxLength);
    this.#phase = "header";
  }

  /** RFC 1951 §3.2.7. */
  #readCodes(workspace: InflateWorkspace): void {
    const { read, readLengths, literals, distances } = workspace;
    const literalCount = this.#take(5) + 257;
    const distanceCount = this.#take(5) + 1;
    const lengthCount = this.#take(4) + 4;
    if (literalCount > 286 || distanceCount > 30) throw corrupt("a block has more codes than there are symbols");
    readLengths.fill(0);
    for (let i = 0; i < lengthCount; i++) readLengths[LENGTH_CODE_ORDER[i]] = this.#take(3);
    if (!workspace.lengths.build(readLengths, 0, readLengths.length)) throw corrupt("a code is no Huffman code");
    this.#readLengths(workspace.lengths, read, literalCount + distanceCount);
    if (read[256] === 0) throw corrupt("a block has no code for its end");
    if (
      !literals.build(read, 0, literalCount) || !distances.build(read, literalCount, literalCount + distanceCount)
    ) throw corrupt("a code is no Huffman code");
    this.#begin(literals, distances);
  }

  #readLengths(table: DecodeTable, read: Uint8Array, count: number): void {
    for (let i = 0; i < count;) {
      const symbol = this.#lookUp(table);
      if (symbol < 16) {
        read[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw corrupt("there is no length to repeat");
      const length = symbol === 16 ? read[i - 1] : 0;
      const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (i + times > count) throw corrupt("there are more lengths than codes");
      read.fill(length, i, i += times);
    }
  }

  /** One symbol of the code for lengths, whose codes have at most 7 bits. */
  #lookUp(table: DecodeTable): number {
    // The last code may be shorter than 7 bits, but a block that ends so soon after it is cut off anyway.
    this.#fill(7);
    const entry = table.entries[this.#bits & ((1 << table.bits) - 1)];
    if ((entry & INVALID) !== 0) throw corrupt("there is no such code");
    this.#drop(entry & 15);
    return entry >>> 12;
  }

  /** Makes sure that there is room for so many bytes more. */
  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#output.length) return;
    const size = Math.max(needed, Math.min(this.#output.length * 2, this.#maxLength + MAX_MATCH));
    const larger = new Uint8Array(size);
    larger.set(this.#output.subarray(0, this.#length));
    this.#output = larger;
  }

  /** The hot loop: all state in local variables, which makes it several times as fast as fields. */
  #inflateBlock(): void {
    this.#reserve(MAX_MATCH);
    const input = this.#input;
    const inputLength = input.length;
    const output = this.#output;
    const literals = this.#literals.entries;
    const literalMask = (1 << this.#literals.bits) - 1;
    const distances = this.#distances.entries;
    const distanceMask = (1 << this.#distances.bits) - 1;
    const stop = Math.min(output.length - MAX_MATCH, this.#maxLength, this.#length + this.#budget);
    let { bits, bitCount, at, length } = this.#state();
    while (length <= stop) {
      // At least 20 bits: a code of 15 and 5 behind it. With at most 27 the numbers stay small ones.
      for (; bitCount < 20; bitCount += 8, at++) {
        bits |= (at < inputLength ? input[at] : 0) << bitCount;
      }
      let entry = literals[bits & literalMask];
      if ((entry & LINK) !== 0) {
        bits >>>= entry & 15;
        bitCount -= entry & 15;
        entry = literals[(entry >>> 12) + (bits & ((1 << ((entry >> 4) & 15)) - 1))];
      }
      bits >>>= entry & 15;
      bitCount -= entry & 15;
      if (at - (bitCount >> 3) > inputLength) throw corrupt("the data ends too early");
      if ((entry & LITERAL) !== 0) {
        output[length++] = entry >>> 12;
        continue;
      }
      if ((entry & (END | INVALID)) !== 0) {
        if ((entry & INVALID) !== 0) throw corrupt("there is no such code");
        this.#phase = "header";
        break;
      }
      let extra = (entry >> 4) & 15;
      let count = (entry >>> 12) + (bits & ((1 << extra) - 1));
      bits >>>= extra;
      bitCount -= extra;
      for (; bitCount < 20; bitCount += 8, at++) {
        bits |= (at < inputLength ? input[at] : 0) << bitCount;
      }
      entry = distances[bits & distanceMask];
      if ((entry & LINK) !== 0) {
        bits >>>= entry & 15;
        bitCount -= entry & 15;
        entry = distances[(entry >>> 12) + (bits & ((1 << ((entry >> 4) & 15)) - 1))];
      }
      if ((entry & INVALID) !== 0) throw corrupt("there is no such code");
      bits >>>= entry & 15;
      bitCount -= entry & 15;
      extra = (entry >> 4) & 15;
      for (; bitCount < extra; bitCount += 8, at++) {
        bits |= (at < inputLength ? input[at] : 0) << bitCount;
      }
      const distance = (entry >>> 12) + (bits & ((1 << extra) - 1));
      bits >>>= extra;
      bitCount -= extra;
      if (distance > length) {
        // What lies before the message comes from the history.
        let from = this.#historyLength - (distance - length);
        if (from < 0) throw corrupt("a distance reaches too far back");
        const history = this.#history;
        for (; count > 0 && from < this.#historyLength; count--) output[length++] = history[from++];
      }
      for (let from = length - distance; count > 0; count--) output[length++] = output[from++];
    }
    this.#bits = bits;
    this.#bitCount = bitCount;
    this.#at = at;
    this.#length = length;
    if (length > this.#maxLength) throw messageTooLong(length, this.#maxLength);
  }

  #state(): { bits: number; bitCount: number; at: number; length: number } {
    return { bits: this.#bits, bitCount: this.#bitCount, at: this.#at, length: this.#length };
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
