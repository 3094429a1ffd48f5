// @ts-nocheck: AssemblyScript
// Huffman codes as a compressor writes them. A code is an array of four bytes a symbol: the code itself in the lower
// half, its first bit lowest as it goes into the stream, and its length in bits in the upper half, 0 for none.
import { MAX_BITS } from "./alphabet.ts";

/** Frequencies from here on are sorted by comparing; those below, by counting. */
const COUNTED: u32 = 256;

/** The symbols that occur, from the rarest on, as `frequency << 9 | symbol`. */
const SORTED: usize = memory.data(4 * 288, 4);
const WEIGHTS: usize = memory.data(4 * 288, 4);
const BUCKETS: usize = memory.data(4 * (256 + 1), 4);
const COUNTS: usize = memory.data(4 * 288, 4);
const NEXT: usize = memory.data(4 * 18, 4);

/** Turns the lowest bits around; at most 16 of them. */
function reverseBits(value: u32, count: u32): u32 {
  let v = ((value & 0x5555) << 1) | ((value >> 1) & 0x5555);
  v = ((v & 0x3333) << 2) | ((v >> 2) & 0x3333);
  v = ((v & 0x0f0f) << 4) | ((v >> 4) & 0x0f0f);
  v = ((v & 0x00ff) << 8) | ((v >> 8) & 0x00ff);
  return v >> (16 - count);
}

/** Assigns the codes that RFC 1951 §3.2.2 prescribes for the lengths, which stand in the upper halves. */
function assignCodes(code: usize, size: u32): void {
  memory.fill(NEXT, 0, 4 * 18);
  for (let i: u32 = 0; i < size; i++) {
    const next = NEXT + 4 * (load<u16>(code + 4 * i, 2) + 1);
    store<u32>(next, load<u32>(next) + 1);
  }
  store<u32>(NEXT + 4, 0);
  for (let bits: u32 = 1; bits < 17; bits++) {
    store<u32>(NEXT + 4 * bits, (load<u32>(NEXT + 4 * bits) + load<u32>(NEXT + 4 * bits - 4)) << 1);
  }
  for (let i: u32 = 0; i < size; i++) {
    const length: u32 = load<u16>(code + 4 * i, 2);
    if (length === 0) continue;
    const next = load<u32>(NEXT + 4 * length);
    store<u32>(NEXT + 4 * length, next + 1);
    store<u16>(code + 4 * i, reverseBits(next, length));
  }
}

/** Makes the code that has these lengths, a byte each. */
export function makeCode(code: usize, lengths: usize, size: u32): void {
  for (let i: u32 = 0; i < size; i++) store<u32>(code + 4 * i, u32(load<u8>(lengths + i)) << 16);
  assignCodes(code, size);
}

/** Makes the code that is best for the frequencies, but for the bound. At least two symbols get a code. */
export function buildCode(frequencies: usize, code: usize, size: u32, maxBits: u32): void {
  const used = sortSymbols(frequencies, size);
  countLengths(used, maxBits);
  memory.fill(code, 0, 4 * size);
  // The rarest symbols get the longest codes.
  let at = SORTED;
  for (let bits = maxBits; bits > 0; bits--) {
    for (let count = load<u32>(COUNTS + 4 * bits); count > 0; count--, at += 4) {
      store<u32>(code + 4 * (load<u32>(at) & 0x1ff), bits << 16);
    }
  }
  assignCodes(code, size);
}

/** Sorts the symbols that occur: by counting, since most are rare, and then the frequent ones by insertion. */
function sortSymbols(frequencies: usize, size: u32): u32 {
  memory.fill(BUCKETS, 0, 4 * (COUNTED + 1));
  let used: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const frequency = load<u32>(frequencies + 4 * i);
    if (frequency === 0) continue;
    const bucket = BUCKETS + 4 * min(frequency, COUNTED);
    store<u32>(bucket, load<u32>(bucket) + 1);
    used++;
  }
  // A code of one symbol is legal for distances only, so there are always two.
  for (let i: u32 = 0; used < 2; i++) {
    if (load<u32>(frequencies + 4 * i) !== 0) continue;
    store<u32>(frequencies + 4 * i, 1);
    store<u32>(BUCKETS + 4, load<u32>(BUCKETS + 4) + 1);
    used++;
  }
  let start: u32 = 0;
  for (let i: u32 = 1; i <= COUNTED; i++) {
    const count = load<u32>(BUCKETS + 4 * i);
    store<u32>(BUCKETS + 4 * i, start);
    start += count;
  }
  const frequent = load<u32>(BUCKETS + 4 * COUNTED);
  for (let i: u32 = 0; i < size; i++) {
    const frequency = load<u32>(frequencies + 4 * i);
    if (frequency === 0) continue;
    const bucket = BUCKETS + 4 * min(frequency, COUNTED);
    const at = load<u32>(bucket);
    store<u32>(bucket, at + 1);
    store<u32>(SORTED + 4 * at, (frequency << 9) | i);
  }
  for (let i = frequent + 1; i < used; i++) {
    const key = load<u32>(SORTED + 4 * i);
    let at = i;
    for (; at > frequent && load<u32>(SORTED + 4 * at - 4) > key; at--) {
      store<u32>(SORTED + 4 * at, load<u32>(SORTED + 4 * at - 4));
    }
    store<u32>(SORTED + 4 * at, key);
  }
  return used;
}

/** How many codes there are of each length. After Moffat and Katajainen, in place. */
function countLengths(used: u32, maxBits: u32): void {
  for (let i: u32 = 0; i < used; i++) store<u32>(WEIGHTS + 4 * i, load<u32>(SORTED + 4 * i) >> 9);
  joinPairs(used);
  store<u32>(WEIGHTS + 4 * (used - 2), 0);
  for (let i = i32(used) - 3; i >= 0; i--) {
    store<u32>(WEIGHTS + 4 * i, load<u32>(WEIGHTS + 4 * load<u32>(WEIGHTS + 4 * i)) + 1);
  }
  memory.fill(COUNTS, 0, 4 * (MAX_BITS + 1));
  let available: u32 = 1;
  let next = i32(used) - 2;
  for (let depth: u32 = 0; available > 0; depth++) {
    let inner: u32 = 0;
    for (; next >= 0 && load<u32>(WEIGHTS + 4 * next) === depth; next--) inner++;
    const count = COUNTS + 4 * min(depth, maxBits);
    store<u32>(count, load<u32>(count) + available - inner);
    available = inner * 2;
  }
  limitLengths(maxBits);
}

/** Joins the two lightest nodes until one is left; what stays in the array is each inner node's parent. */
function joinPairs(used: u32): void {
  let leaf: u32 = 0;
  let root: u32 = 0;
  for (let next: u32 = 0; next < used - 1; next++) {
    let sum: u32 = 0;
    for (let i = 0; i < 2; i++) {
      if (leaf >= used || (root < next && load<u32>(WEIGHTS + 4 * root) < load<u32>(WEIGHTS + 4 * leaf))) {
        sum += load<u32>(WEIGHTS + 4 * root);
        store<u32>(WEIGHTS + 4 * root++, next);
      } else {
        sum += load<u32>(WEIGHTS + 4 * leaf++);
      }
    }
    store<u32>(WEIGHTS + 4 * next, sum);
  }
}

/** Lengthens short codes until those that were cut to the bound fit beside them. */
function limitLengths(maxBits: u32): void {
  let space: u32 = 0;
  for (let bits = maxBits; bits > 0; bits--) space += load<u32>(COUNTS + 4 * bits) << (maxBits - bits);
  for (const full: u32 = 1 << maxBits; space > full; space--) {
    let bits = maxBits - 1;
    while (load<u32>(COUNTS + 4 * bits) === 0) bits--;
    store<u32>(COUNTS + 4 * maxBits, load<u32>(COUNTS + 4 * maxBits) - 1);
    store<u32>(COUNTS + 4 * bits, load<u32>(COUNTS + 4 * bits) - 1);
    store<u32>(COUNTS + 4 * bits + 4, load<u32>(COUNTS + 4 * bits + 4) + 2);
  }
}
