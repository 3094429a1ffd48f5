// @ts-nocheck: AssemblyScript
// Writes the blocks of RFC 1951 §3.2.3, each in the form that takes the fewest bits.
import {
  distanceExtra,
  DISTANCES,
  END_OF_BLOCK,
  FIXED_LENGTHS,
  FIXED_LITERALS,
  LENGTH_CODE_ORDER,
  LENGTH_CODES,
  LENGTH_EXTRA,
  LENGTH_SYMBOL,
  LITERALS,
  MAX_BITS,
} from "./alphabet.ts";
import { buildCode, makeCode } from "./huffman.ts";

/** The longest piece of a message that is compressed in one go, in bytes. */
export const PIECE: u32 = 32 * 1024;

/** Up to this many symbols a block is not tried with a code of its own: writing that down costs more than it saves. */
const FIXED_UP_TO: u32 = 32;

/** The output of a piece, which never needs more than to be stored and some bytes; eight are written at a time. */
export const OUTPUT: usize = memory.data(32 * 1024 + 64, 8);
/**
 * The symbols of a block, four bytes each: a literal's byte; or a match with the highest bit set, its distance - 1 from
 * bit 13 on, the distance's symbol from bit 8 on, and its length - 3.
 */
export const SYMBOLS: usize = memory.data(4 * 32 * 1024 + 8, 8);
/** How often each literal and length occurs in the block, four bytes each, */
export const LITERAL_COUNTS: usize = memory.data(4 * 288, 8);
/** and each distance. */
export const DISTANCE_COUNTS: usize = memory.data(4 * 32, 8);

const FIXED_LITERAL_CODE: usize = memory.data(4 * 288, 8);
const FIXED_DISTANCE_CODE: usize = memory.data(4 * 32, 8);
const LITERAL_CODE: usize = memory.data(4 * 288, 8);
const DISTANCE_CODE: usize = memory.data(4 * 32, 8);
const LENGTH_CODE: usize = memory.data(4 * 20, 8);
const LENGTH_COUNTS: usize = memory.data(4 * 20, 8);
/** The lengths of a block's codes as runs, two bytes each: a symbol of the code for lengths, and above it what follows. */
const RUNS: usize = memory.data(2 * 320, 8);

let runCount: u32 = 0;
let literalCount: u32 = 0;
let distanceCount: u32 = 0;
let lengthCount: u32 = 0;

/** The bits that make no whole byte yet. */
let bits: u64 = 0;
let bitCount: u32 = 0;
let position: usize = 0;

/** Makes the fixed codes. */
export function fillBlocks(): void {
  makeCode(FIXED_LITERAL_CODE, FIXED_LENGTHS, FIXED_LITERALS);
  makeCode(FIXED_DISTANCE_CODE, FIXED_LENGTHS + FIXED_LITERALS, 32);
}

/** Begins a piece of output with the bits that the last piece left over, `bits << 3 | count`. */
export function beginOutput(left: u32): void {
  bits = left >> 3;
  bitCount = left & 7;
  position = OUTPUT;
}

/** The number of whole bytes that were written. */
export function outputLength(): u32 {
  return u32(position - OUTPUT);
}

/** The bits that make no whole byte yet, for {@linkcode beginOutput}. */
export function leftBits(): u32 {
  return (u32(bits) << 3) | bitCount;
}

/** Ends a message as RFC 7692 §7.2.1 has it: with an empty stored block, whose last four bytes are left out. */
export function flushOutput(): void {
  put(0, 3);
  align();
}

/** Writes at most 32 bits. */
function put(value: u32, count: u32): void {
  bits |= u64(value) << bitCount;
  bitCount += count;
  store<u64>(position, bits);
  position += bitCount >> 3;
  bits >>= bitCount & ~7;
  bitCount &= 7;
}

function align(): void {
  if (bitCount > 0) put(0, 8 - bitCount);
}

/** Writes bytes as they are; at most 65535. */
export function storeBlock(bytes: usize, length: u32): void {
  put(0, 3);
  align();
  put(length | (~length << 16), 32);
  memory.copy(position, bytes, length);
  position += length;
}

/** Writes a block: so many of the symbols, which stand for these bytes. */
export function writeBlock(count: u32, bytes: usize, length: u32): void {
  const extra = extraBits();
  const fixed: u32 = 3 + extra + cost(LITERAL_COUNTS, FIXED_LITERAL_CODE, LITERALS) +
    cost(DISTANCE_COUNTS, FIXED_DISTANCE_CODE, DISTANCES);
  const stored: u32 = 8 * length + 42;
  if (count > FIXED_UP_TO) {
    const header = makeCodes();
    const dynamic: u32 = header + extra + cost(LITERAL_COUNTS, LITERAL_CODE, LITERALS) +
      cost(DISTANCE_COUNTS, DISTANCE_CODE, DISTANCES);
    if (dynamic < fixed && dynamic < stored) {
      put(4, 3);
      writeCodes();
      writeSymbols(count, LITERAL_CODE, DISTANCE_CODE);
      return;
    }
  }
  if (stored < fixed) {
    storeBlock(bytes, length);
    return;
  }
  put(2, 3);
  writeSymbols(count, FIXED_LITERAL_CODE, FIXED_DISTANCE_CODE);
}

/** The bits that symbols take with a code. */
function cost(counts: usize, code: usize, size: u32): u32 {
  let sum: u32 = 0;
  for (let i: usize = 0; i < 4 * size; i += 4) sum += load<u32>(counts + i) * load<u16>(code + i, 2);
  return sum;
}

/** The bits that follow the symbols for lengths and distances, whatever the code. */
function extraBits(): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 8; i < 28; i++) sum += load<u32>(LITERAL_COUNTS + 4 * (257 + i)) * load<u8>(LENGTH_EXTRA + i);
  for (let i: u32 = 4; i < DISTANCES; i++) sum += load<u32>(DISTANCE_COUNTS + 4 * i) * distanceExtra(i);
  return sum;
}

/** Makes the codes of the block, and tells how many bits it takes to write them down, with the block's own 3. */
function makeCodes(): u32 {
  buildCode(LITERAL_COUNTS, LITERAL_CODE, LITERALS, MAX_BITS);
  buildCode(DISTANCE_COUNTS, DISTANCE_CODE, DISTANCES, MAX_BITS);
  literalCount = usedLength(LITERAL_CODE, LITERALS, 257);
  distanceCount = usedLength(DISTANCE_CODE, DISTANCES, 1);
  runCount = 0;
  memory.fill(LENGTH_COUNTS, 0, 4 * LENGTH_CODES);
  findRuns(LITERAL_CODE, literalCount);
  findRuns(DISTANCE_CODE, distanceCount);
  buildCode(LENGTH_COUNTS, LENGTH_CODE, LENGTH_CODES, 7);
  lengthCount = LENGTH_CODES;
  while (lengthCount > 4 && load<u16>(LENGTH_CODE + 4 * load<u8>(LENGTH_CODE_ORDER + lengthCount - 1), 2) === 0) {
    lengthCount--;
  }
  const extra: u32 = 2 * load<u32>(LENGTH_COUNTS + 4 * 16) + 3 * load<u32>(LENGTH_COUNTS + 4 * 17) +
    7 * load<u32>(LENGTH_COUNTS + 4 * 18);
  return 3 + 14 + 3 * lengthCount + extra + cost(LENGTH_COUNTS, LENGTH_CODE, LENGTH_CODES);
}

function usedLength(code: usize, size: u32, least: u32): u32 {
  while (size > least && load<u16>(code + 4 * size - 4, 2) === 0) size--;
  return size;
}

/** RFC 1951 §3.2.7: 16 repeats the last length 3 to 6 times; 17 and 18 stand for 3 to 10 and 11 to 138 zeros. */
function findRuns(code: usize, count: u32): void {
  for (let at: u32 = 0; at < count;) {
    const length: u32 = load<u16>(code + 4 * at, 2);
    let run: u32 = 1;
    while (at + run < count && u32(load<u16>(code + 4 * (at + run), 2)) === length) run++;
    at += run;
    if (length === 0) {
      for (; run >= 11; run -= min<u32>(run, 138)) addRun(18, min<u32>(run, 138) - 11);
      if (run >= 3) {
        addRun(17, run - 3);
        run = 0;
      }
    } else {
      addRun(length, 0);
      run--;
      for (; run >= 3; run -= min<u32>(run, 6)) addRun(16, min<u32>(run, 6) - 3);
    }
    for (; run > 0; run--) addRun(length, 0);
  }
}

function addRun(symbol: u32, extra: u32): void {
  store<u16>(RUNS + 2 * runCount++, symbol | (extra << 5));
  store<u32>(LENGTH_COUNTS + 4 * symbol, load<u32>(LENGTH_COUNTS + 4 * symbol) + 1);
}

function writeCodes(): void {
  put(literalCount - 257, 5);
  put(distanceCount - 1, 5);
  put(lengthCount - 4, 4);
  for (let i: u32 = 0; i < lengthCount; i++) put(load<u16>(LENGTH_CODE + 4 * load<u8>(LENGTH_CODE_ORDER + i), 2), 3);
  for (let i: u32 = 0; i < runCount; i++) {
    const run: u32 = load<u16>(RUNS + 2 * i);
    const symbol = run & 31;
    const code = load<u32>(LENGTH_CODE + 4 * symbol);
    put(code & 0xffff, code >> 16);
    if (symbol >= 16) put(run >> 5, symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
  }
}

/** The hot loop. A match takes at most 15 + 5 + 15 + 13 bits, which with 7 left over is less than 64. */
function writeSymbols(count: u32, literals: usize, distances: usize): void {
  let at = SYMBOLS;
  const end = at + 4 * count;
  let to = position;
  let buffer = bits;
  let filled: u64 = bitCount;
  // END_OF_BLOCK is a symbol like a literal.
  store<u32>(end, END_OF_BLOCK);
  while (at <= end) {
    const symbol = load<u32>(at);
    at += 4;
    if (i32(symbol) >= 0) {
      const code = load<u32>(literals + 4 * symbol);
      buffer |= u64(code & 0xffff) << filled;
      filled += code >> 16;
    } else {
      const length = symbol & 0xff;
      const lengthSymbol: u32 = load<u8>(LENGTH_SYMBOL + length);
      const code = load<u32>(literals + 4 * lengthSymbol, 4 * 257);
      buffer |= u64(code & 0xffff) << filled;
      filled += code >> 16;
      const extra: u32 = load<u8>(LENGTH_EXTRA + lengthSymbol);
      buffer |= u64(length & ((1 << extra) - 1)) << filled;
      filled += extra;
      const distanceSymbol = (symbol >> 8) & 31;
      const distance = (symbol >> 13) & 0x7fff;
      const distanceCode = load<u32>(distances + 4 * distanceSymbol);
      buffer |= u64(distanceCode & 0xffff) << filled;
      filled += distanceCode >> 16;
      const more = distanceExtra(distanceSymbol);
      buffer |= u64(distance & ((1 << more) - 1)) << filled;
      filled += more;
    }
    store<u64>(to, buffer);
    to += usize(filled >> 3);
    buffer >>= filled & ~7;
    filled &= 7;
  }
  position = to;
  bits = buffer;
  bitCount = u32(filled);
}
