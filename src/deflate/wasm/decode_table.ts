// @ts-nocheck: AssemblyScript
// Tables in which a Huffman code is looked up: the first bits at once, and those of long codes in a second step.
//
// An entry has four bytes. The lowest six bits tell how many bits to drop: the code's and those that follow it. Then come
// the two marks below; the length of the code alone, from bit 8 on; and from bit 16 on a value: a byte, the least length
// or distance, or where the second table begins.
import {
  distanceBase,
  distanceExtra,
  DISTANCES,
  FIXED_LENGTHS,
  FIXED_LITERALS,
  LENGTH_BASE,
  LENGTH_EXTRA,
  MAX_BITS,
} from "./alphabet.ts";

/** The value is a literal, or the length of a code. */
export const LITERAL: u32 = 1 << 6;
/** Neither literal, length nor distance: a link, an end or nothing. */
export const SPECIAL: u32 = 1 << 7;
/** Beside SPECIAL: the code is longer. What to drop are the bits so far, and from bit 8 on stands how many follow. */
export const LINK: u32 = 1 << 12;
/** Beside SPECIAL: the block ends. */
export const END: u32 = 1 << 13;
/** Beside SPECIAL: nothing has this code. */
export const INVALID: u32 = 1 << 14;

/** How many bits of a literal or a length are looked up at once, */
export const LITERAL_ROOT: u32 = 10;
/** of a distance, */
export const DISTANCE_ROOT: u32 = 8;
/** and of the length of a code, which has no more. */
export const LENGTH_ROOT: u32 = 7;

// How many entries a table may need with its second tables, by zlib's program `enough`: 286 symbols, 10 and 15 bits make
// 1334; 30 symbols, 8 and 15 bits make 402.
/** The size of the table for literals and lengths, in bytes. */
export const LITERAL_TABLE: u32 = 4 * 1336;
/** The size of the table for distances, in bytes. */
export const DISTANCE_TABLE: u32 = 4 * 404;

/** The tables of the fixed code. */
export const FIXED_LITERAL_TABLE: usize = memory.data(4 * 512, 8);
export const FIXED_DISTANCE_TABLE: usize = memory.data(4 * 32, 8);
/** How many bits are looked up in these at once. */
export const FIXED_LITERAL_BITS: u32 = 9;
export const FIXED_DISTANCE_BITS: u32 = 5;

/** The entries of the symbols without the codes' lengths, four bytes each: for literals and lengths, */
export const LITERAL_ENTRIES: usize = memory.data(4 * 288, 8);
/** for distances, */
export const DISTANCE_ENTRIES: usize = memory.data(4 * 32, 8);
/** and for lengths of codes. */
export const LENGTH_ENTRIES: usize = memory.data(4 * 20, 8);

const COUNTS: usize = memory.data(4 * 16, 8);
const OFFSETS: usize = memory.data(4 * 17, 8);
const SORTED: usize = memory.data(2 * 288, 8);

/** Fills the entries, and makes the tables of the fixed code. */
export function fillDecodeTables(): void {
  for (let i: u32 = 0; i < 288; i++) {
    let entry = SPECIAL | INVALID;
    if (i < 256) entry = LITERAL | (i << 16);
    else if (i === 256) entry = SPECIAL | END;
    else if (i < 286) {
      entry = u32(load<u8>(LENGTH_EXTRA + i - 257)) | (u32(load<u16>(LENGTH_BASE + 2 * (i - 257))) << 16);
    }
    store<u32>(LITERAL_ENTRIES + 4 * i, entry);
  }
  for (let i: u32 = 0; i < 32; i++) {
    const entry = i < DISTANCES ? distanceExtra(i) | (distanceBase(i) << 16) : SPECIAL | INVALID;
    store<u32>(DISTANCE_ENTRIES + 4 * i, entry);
  }
  for (let i: u32 = 0; i < 19; i++) store<u32>(LENGTH_ENTRIES + 4 * i, LITERAL | (i << 16));
  buildTable(FIXED_LITERAL_TABLE, FIXED_LENGTHS, 288, FIXED_LITERAL_BITS, LITERAL_ENTRIES);
  buildTable(FIXED_DISTANCE_TABLE, FIXED_LENGTHS + FIXED_LITERALS, 32, FIXED_DISTANCE_BITS, DISTANCE_ENTRIES);
}

/**
 * Builds the table for a code whose lengths stand in `size` bytes.
 *
 * It gives how many bits are looked up at once, at most `root`; 0 if there is no such code: too many codes, or too few,
 * but for the two cases below.
 */
export function buildTable(table: usize, lengths: usize, size: u32, root: u32, entries: usize): u32 {
  const longest = countLengths(lengths, size);
  // zlib takes no codes at all, which fails when one is read,
  if (longest === 0) return fillAll(table, SPECIAL | INVALID | 1);
  const left = freeCodes();
  if (left !== 0) {
    // and RFC 1951 §3.2.7: "If only one distance code is used, it is encoded using one bit, not zero bits".
    if (left < 0 || longest > 1 || entries === LENGTH_ENTRIES) return 0;
    sortSymbols(lengths, size);
    fillAll(table, SPECIAL | INVALID | 1);
    store<u32>(table, entryOf(entries, 0, 1));
    return 1;
  }
  sortSymbols(lengths, size);
  return fillTable(table, min(longest, root), longest, entries);
}

function fillAll(table: usize, entry: u32): u32 {
  store<u32>(table, entry);
  store<u32>(table, entry, 4);
  return 1;
}

/** Counts the codes of each length; the longest. */
function countLengths(lengths: usize, size: u32): u32 {
  memory.fill(COUNTS, 0, 4 * 16);
  for (let i: u32 = 0; i < size; i++) {
    const count = COUNTS + 4 * load<u8>(lengths + i);
    store<u32>(count, load<u32>(count) + 1);
  }
  store<u32>(COUNTS, 0);
  let longest = MAX_BITS;
  while (longest > 0 && load<u32>(COUNTS + 4 * longest) === 0) longest--;
  return longest;
}

/** How many codes of the greatest length are free; below 0 if there are too many. */
function freeCodes(): i32 {
  let left: i32 = 1;
  for (let bits: u32 = 1; bits <= MAX_BITS; bits++) {
    left = (left << 1) - load<i32>(COUNTS + 4 * bits);
    if (left < 0) return left;
  }
  return left;
}

/** Sorts the symbols by the length of their codes, and leaves out those without. */
function sortSymbols(lengths: usize, size: u32): void {
  let offset: u32 = 0;
  for (let bits: u32 = 1; bits <= MAX_BITS; bits++) {
    store<u32>(OFFSETS + 4 * bits, offset);
    offset += load<u32>(COUNTS + 4 * bits);
  }
  for (let i: u32 = 0; i < size; i++) {
    const length: u32 = load<u8>(lengths + i);
    if (length === 0) continue;
    const at = load<u32>(OFFSETS + 4 * length);
    store<u32>(OFFSETS + 4 * length, at + 1);
    store<u16>(SORTED + 2 * at, i);
  }
}

/** The entry of a sorted symbol, with so many bits of its code left to drop. */
function entryOf(entries: usize, index: u32, length: u32): u32 {
  return load<u32>(entries + 4 * load<u16>(SORTED + 2 * index)) + length + (length << 8);
}

/** The next code of a length, whose first bit is the lowest; the last one is followed by 0. */
function nextCode(code: u32, length: u32): u32 {
  const zeros = code ^ ((1 << length) - 1);
  if (zeros === 0) return 0;
  const bit: u32 = 1 << (31 - clz(zeros));
  return (code & (bit - 1)) | bit;
}

/** Fills the table for a code that is complete; each length's entries are doubled for the next one. */
function fillTable(table: usize, root: u32, longest: u32, entries: usize): u32 {
  let code: u32 = 0;
  let index: u32 = 0;
  let length: u32 = 1;
  let count = load<u32>(COUNTS + 4);
  for (; length <= root; length++) {
    if (length > 1) memory.copy(table + (4 << (length - 1)), table, 4 << (length - 1));
    for (count = load<u32>(COUNTS + 4 * length); count > 0; count--) {
      store<u32>(table + 4 * code, entryOf(entries, index++, length));
      code = nextCode(code, length);
    }
  }
  const mask: u32 = (1 << root) - 1;
  let prefix: u32 = 0xffffffff;
  let start: u32 = 0;
  let next: u32 = 1 << root;
  let bits: u32 = 0;
  for (; length <= longest; length++) {
    for (count = load<u32>(COUNTS + 4 * length); count > 0; count--) {
      if ((code & mask) !== prefix) {
        prefix = code & mask;
        bits = linkBits(length, root, count);
        start = next;
        next += 1 << bits;
        store<u32>(table + 4 * prefix, SPECIAL | LINK | root | (bits << 8) | (start << 16));
      }
      const entry = entryOf(entries, index++, length - root);
      for (let i = code >> root; i < u32(1) << bits; i += 1 << (length - root)) {
        store<u32>(table + 4 * (start + i), entry);
      }
      code = nextCode(code, length);
    }
  }
  return root;
}

/** How many bits a second table looks up: as many as it takes until codes fill it. */
function linkBits(length: u32, root: u32, count: u32): u32 {
  let bits = length - root;
  let used = count;
  while (used < u32(1) << bits) {
    bits++;
    used = (used << 1) + load<u32>(COUNTS + 4 * (root + bits));
  }
  return bits;
}
