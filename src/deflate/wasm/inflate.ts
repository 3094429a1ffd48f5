// @ts-nocheck: AssemblyScript
// Decompresses messages, RFC 7692 §7.2.2, RFC 1951.
import { LENGTH_CODE_ORDER } from "./alphabet.ts";
import {
  buildTable,
  DISTANCE_ENTRIES,
  DISTANCE_ROOT,
  END,
  FIXED_DISTANCE_BITS,
  FIXED_DISTANCE_TABLE,
  FIXED_LITERAL_BITS,
  FIXED_LITERAL_TABLE,
  INVALID,
  LENGTH_ENTRIES,
  LENGTH_ROOT,
  LINK,
  LITERAL,
  LITERAL_ENTRIES,
  LITERAL_ROOT,
  SPECIAL,
} from "./decode_table.ts";
import {
  BIT_COUNT,
  BITS,
  BYTES_AT,
  DISTANCE_BITS,
  DISTANCES_AT,
  FINAL,
  HEADER_WORK,
  LENGTH,
  LITERAL_BITS,
  LITERALS_AT,
  OWN_CODES,
  PHASE,
  PHASE_CODES,
  PHASE_HEADER,
  PHASE_STORED,
  ROOM,
  STORED,
  USED,
  WINDOW,
  WORK,
} from "./inflater_slot.ts";

/** Where a piece of a payload belongs, at most 32 KiB. Zeros are read after it, which are looked at but never used. */
export const INPUT: usize = memory.data(32 * 1024 + 32, 8);

/** If less is left of a piece and more of the payload follows, it is wanted first: the longest header of a block. */
const LOOKAHEAD: u32 = 640;

// The outcomes of a step.
/** More of the payload is wanted. */
const WANTS_INPUT: i32 = 0;
/** The message is whole. */
const DONE: i32 = 1;
/** There is no room for more, or the budget is used up. */
const FULL: i32 = 2;
/** The payload is corrupt: this and more. */
const CUT_OFF: i32 = 3;
const BLOCK_TYPE: i32 = 4;
const STORED_LENGTH: i32 = 5;
const TOO_MANY_CODES: i32 = 6;
const BAD_CODE: i32 = 7;
const NO_END: i32 = 8;
const BAD_REPEAT: i32 = 9;
const NO_SUCH_CODE: i32 = 10;
const TOO_FAR: i32 = 11;
/** A step has not ended yet. */
const GOES_ON: i32 = -1;

const LENGTHS_TABLE: usize = memory.data(4 * 128, 8);
const LENGTHS: usize = memory.data(320, 8);
const CODE_LENGTHS: usize = memory.data(20, 8);

let bits: u64 = 0;
let bitCount: u32 = 0;
/** Where the next byte of the input is. */
let at: usize = 0;
/** Where the input ends. */
let inputEnd: usize = 0;

/**
 * Goes on with a message: `count` bytes of its payload are at INPUT, and all that is left if `last`. It makes no more
 * than `limit` bytes and some before it ends.
 */
export function inflate(slot: usize, count: u32, last: bool, limit: u32): i32 {
  store<u64>(INPUT + count, 0);
  store<u64>(INPUT + count, 0, 8);
  bits = load<u64>(slot, BITS);
  bitCount = load<u32>(slot, BIT_COUNT);
  at = INPUT;
  inputEnd = INPUT + count;
  const length = load<u32>(slot, LENGTH);
  const room = load<u32>(slot, WINDOW) + ROOM - length;
  const outEnd = slot + BYTES_AT + length + min(room, limit);
  let status = GOES_ON;
  let headers: u32 = 0;
  while (status === GOES_ON) {
    const phase = load<u32>(slot, PHASE);
    if (phase === PHASE_HEADER) status = HEADER_WORK * headers++ > limit ? FULL : readHeader(slot, last);
    else if (phase === PHASE_STORED) status = copyStored(slot, last, outEnd);
    else status = inflateBlock(slot, last, outEnd);
  }
  giveBack();
  store<u64>(slot, bits, BITS);
  store<u32>(slot, bitCount, BIT_COUNT);
  store<u32>(slot, u32(at - INPUT), USED);
  store<u32>(slot, u32(at - INPUT) + load<u32>(slot, LENGTH) - length + HEADER_WORK * headers, WORK);
  return status;
}

/** Makes sure of at least 56 bits. Those above `bitCount` are of the next byte, which is still to be taken. */
function refill(): void {
  bits |= load<u64>(at) << bitCount;
  at += (63 - bitCount) >> 3;
  bitCount |= 56;
}

/** Gives whole bytes back that were taken ahead. */
function giveBack(): void {
  at -= bitCount >> 3;
  bitCount &= 7;
  bits &= (u64(1) << bitCount) - 1;
}

function take(count: u32): u32 {
  const value = u32(bits) & ((1 << count) - 1);
  bits >>= count;
  bitCount -= count;
  return value;
}

function isCutOff(): bool {
  return at - (bitCount >> 3) > inputEnd;
}

/** RFC 1951 §3.2.3. */
function readHeader(slot: usize, last: bool): i32 {
  giveBack();
  if (!last && at + LOOKAHEAD > inputEnd) return WANTS_INPUT;
  if (load<u32>(slot, FINAL)) {
    // RFC 7692 §7.2.3.4: after a final block the stream continues at the next byte, or ends.
    bits = 0;
    bitCount = 0;
    if (at >= inputEnd) return DONE;
  }
  refill();
  store<u32>(slot, take(1), FINAL);
  const type = take(2);
  if (isCutOff()) return CUT_OFF;
  if (type === 0) return readStored(slot);
  if (type === 2) return readCodes(slot);
  if (type === 3) return BLOCK_TYPE;
  store<u32>(slot, 0, OWN_CODES);
  store<u32>(slot, FIXED_LITERAL_BITS, LITERAL_BITS);
  store<u32>(slot, FIXED_DISTANCE_BITS, DISTANCE_BITS);
  store<u32>(slot, PHASE_CODES, PHASE);
  return GOES_ON;
}

function readStored(slot: usize): i32 {
  giveBack();
  bits = 0;
  bitCount = 0;
  // RFC 7692 §7.2.1: the end of a message omits the lengths of an empty stored block, and nothing else.
  if (at === inputEnd) return DONE;
  if (at + 4 > inputEnd) return CUT_OFF;
  const length: u32 = load<u16>(at);
  if (u32(load<u16>(at, 2)) !== (~length & 0xffff)) return STORED_LENGTH;
  at += 4;
  store<u32>(slot, length, STORED);
  store<u32>(slot, PHASE_STORED, PHASE);
  return GOES_ON;
}

function copyStored(slot: usize, last: bool, outEnd: usize): i32 {
  const left = load<u32>(slot, STORED);
  const there = u32(inputEnd - at);
  if (last && left > there) return CUT_OFF;
  const length = load<u32>(slot, LENGTH);
  const out = slot + BYTES_AT + length;
  if (out >= outEnd) return FULL;
  const count = min(min(left, there), u32(outEnd - out));
  memory.copy(out, at, count);
  at += count;
  store<u32>(slot, left - count, STORED);
  store<u32>(slot, length + count, LENGTH);
  if (left === count) store<u32>(slot, PHASE_HEADER, PHASE);
  else if (there === count) return WANTS_INPUT;
  return GOES_ON;
}

/** RFC 1951 §3.2.7. */
function readCodes(slot: usize): i32 {
  const literalCount = take(5) + 257;
  const distanceCount = take(5) + 1;
  const lengthCount = take(4) + 4;
  if (literalCount > 286 || distanceCount > 30) return TOO_MANY_CODES;
  memory.fill(CODE_LENGTHS, 0, 20);
  for (let i: u32 = 0; i < lengthCount; i++) {
    refill();
    store<u8>(CODE_LENGTHS + load<u8>(LENGTH_CODE_ORDER + i), take(3));
  }
  if (isCutOff()) return CUT_OFF;
  const rootBits = buildTable(LENGTHS_TABLE, CODE_LENGTHS, 19, LENGTH_ROOT, LENGTH_ENTRIES);
  if (rootBits === 0) return BAD_CODE;
  const count = literalCount + distanceCount;
  const status = readLengths(rootBits, count);
  if (status !== GOES_ON) return status;
  if (load<u8>(LENGTHS + 256) === 0) return NO_END;
  const literalBits = buildTable(slot + LITERALS_AT, LENGTHS, literalCount, LITERAL_ROOT, LITERAL_ENTRIES);
  if (literalBits === 0) return BAD_CODE;
  const distances = slot + DISTANCES_AT;
  const distanceBits = buildTable(distances, LENGTHS + literalCount, distanceCount, DISTANCE_ROOT, DISTANCE_ENTRIES);
  if (distanceBits === 0) return BAD_CODE;
  store<u32>(slot, 1, OWN_CODES);
  store<u32>(slot, literalBits, LITERAL_BITS);
  store<u32>(slot, distanceBits, DISTANCE_BITS);
  store<u32>(slot, PHASE_CODES, PHASE);
  return GOES_ON;
}

/** Reads the lengths of the codes of a block, which are compressed themselves. */
function readLengths(rootBits: u32, count: u32): i32 {
  const mask: u32 = (1 << rootBits) - 1;
  for (let i: u32 = 0; i < count;) {
    refill();
    const entry = load<u32>(LENGTHS_TABLE + 4 * (u32(bits) & mask));
    take(entry & 63);
    if (isCutOff()) return CUT_OFF;
    if (entry & SPECIAL) return NO_SUCH_CODE;
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(LENGTHS + i++, symbol);
      continue;
    }
    if (symbol === 16 && i === 0) return BAD_REPEAT;
    const length: u32 = symbol === 16 ? load<u8>(LENGTHS + i - 1) : 0;
    const times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
    if (i + times > count) return BAD_REPEAT;
    memory.fill(LENGTHS + i, u8(length), times);
    i += times;
  }
  return isCutOff() ? CUT_OFF : GOES_ON;
}

/**
 * The hot loop: all state in local variables.
 *
 * With 56 bits or more there is enough for three literals of the first table and a look at what follows, or for a length
 * of 15 and 5 bits and a distance of 15 and 13.
 */
function inflateBlock(slot: usize, last: bool, outEnd: usize): i32 {
  const own = load<u32>(slot, OWN_CODES) !== 0;
  const literals = own ? slot + LITERALS_AT : FIXED_LITERAL_TABLE;
  const literalMask: u64 = (u64(1) << load<u32>(slot, LITERAL_BITS)) - 1;
  const distances = own ? slot + DISTANCES_AT : FIXED_DISTANCE_TABLE;
  const distanceMask: u64 = (u64(1) << load<u32>(slot, DISTANCE_BITS)) - 1;
  const window: usize = load<u32>(slot, WINDOW);
  const bytes = slot + BYTES_AT;
  // If this is the end of the payload, all of it may be used. Otherwise the bytes that are read ahead must be there.
  const end = last ? inputEnd : inputEnd - 16;
  let out = bytes + load<u32>(slot, LENGTH);
  let buffer = bits;
  let filled: u64 = bitCount;
  let from = at;
  let status = GOES_ON;
  while (true) {
    if (from - usize(filled >> 3) > end) {
      status = last ? CUT_OFF : WANTS_INPUT;
      break;
    }
    if (out >= outEnd) {
      status = FULL;
      break;
    }
    buffer |= load<u64>(from) << filled;
    from += usize((63 - filled) >> 3);
    filled |= 56;
    let entry = load<u32>(literals + 4 * usize(buffer & literalMask));
    if (entry & LITERAL) {
      buffer >>= entry & 63;
      filled -= entry & 63;
      store<u8>(out++, entry >> 16);
      entry = load<u32>(literals + 4 * usize(buffer & literalMask));
      if (entry & LITERAL) {
        buffer >>= entry & 63;
        filled -= entry & 63;
        store<u8>(out++, entry >> 16);
        entry = load<u32>(literals + 4 * usize(buffer & literalMask));
        if (entry & LITERAL) {
          buffer >>= entry & 63;
          filled -= entry & 63;
          store<u8>(out++, entry >> 16);
          continue;
        }
      }
      buffer |= load<u64>(from) << filled;
      from += usize((63 - filled) >> 3);
      filled |= 56;
    }
    if (entry & SPECIAL) {
      if (entry & LINK) {
        buffer >>= entry & 63;
        filled -= entry & 63;
        const index = u32(buffer) & ((1 << ((entry >> 8) & 15)) - 1);
        entry = load<u32>(literals + 4 * ((entry >> 16) + index));
        if (entry & LITERAL) {
          buffer >>= entry & 63;
          filled -= entry & 63;
          store<u8>(out++, entry >> 16);
          continue;
        }
      }
      if (entry & SPECIAL) {
        buffer >>= entry & 63;
        filled -= entry & 63;
        if (from - usize(filled >> 3) > end && last) status = CUT_OFF;
        else if (entry & INVALID) status = NO_SUCH_CODE;
        store<u32>(slot, PHASE_HEADER, PHASE);
        break;
      }
    }
    const count = (entry >> 16) + ((u32(buffer) & ((1 << (entry & 63)) - 1)) >> ((entry >> 8) & 15));
    buffer >>= entry & 63;
    filled -= entry & 63;
    entry = load<u32>(distances + 4 * usize(buffer & distanceMask));
    if (entry & SPECIAL) {
      if (entry & LINK) {
        buffer >>= entry & 63;
        filled -= entry & 63;
        const index = u32(buffer) & ((1 << ((entry >> 8) & 15)) - 1);
        entry = load<u32>(distances + 4 * ((entry >> 16) + index));
      }
      if (entry & SPECIAL) {
        status = from - usize(filled >> 3) > end && last ? CUT_OFF : NO_SUCH_CODE;
        break;
      }
    }
    const distance: usize = (entry >> 16) + ((u32(buffer) & ((1 << (entry & 63)) - 1)) >> ((entry >> 8) & 15));
    buffer >>= entry & 63;
    filled -= entry & 63;
    if (distance > out - bytes || distance > window) {
      status = from - usize(filled >> 3) > end && last ? CUT_OFF : TOO_FAR;
      break;
    }
    out = copyMatch(out, distance, count);
  }
  bits = buffer;
  bitCount = u32(filled);
  at = from;
  store<u32>(slot, u32(out - bytes), LENGTH);
  return status;
}

/** Copies a match, eight bytes at a time, which may write some bytes more than it has; where it ends. */
function copyMatch(out: usize, distance: usize, count: u32): usize {
  const end = out + count;
  let from = out - distance;
  if (distance >= 8) {
    do {
      store<u64>(out, load<u64>(from));
      out += 8;
      from += 8;
    } while (out < end);
  } else if (distance === 1) {
    const byte = u64(load<u8>(from)) * 0x0101010101010101;
    do {
      store<u64>(out, byte);
      out += 8;
    } while (out < end);
  } else {
    // Of each eight bytes as many are right as the distance.
    do {
      store<u64>(out, load<u64>(from));
      out += distance;
      from += distance;
    } while (out < end);
  }
  return end;
}
