// @ts-nocheck: AssemblyScript
// Compresses messages piece by piece, RFC 1951; earlier ones are the context of later ones.
import { beginOutput, flushOutput, outputLength, PIECE, storeBlock, writeBlock } from "./blocks.ts";
import { findMatches, insertPlaces } from "./matches.ts";
import {
  BASE,
  BYTES,
  CHAIN,
  DEPTH,
  GOOD,
  HEADER,
  HEADS,
  KNOWN,
  LAZY,
  LENGTH,
  NICE,
  SHIFT,
  WINDOW,
} from "./deflater_slot.ts";

/** Bytes are compared eight at a time. */
const PADDING: u32 = 16;

/**
 * The settings of each level, four bytes for each of DEPTH, LAZY, GOOD and NICE. They were measured to take as many
 * bytes as zlib's level of the same number, within 5 %. Level 0 stores.
 */
// deno-fmt-ignore
const EFFORTS: usize = memory.data<u32>([
  0, 0, 0, 0,
  2, 0, 258, 16,
  4, 0, 258, 32,
  8, 0, 258, 64,
  10, 8, 16, 64,
  8, 16, 16, 64,
  13, 16, 16, 128,
  40, 32, 24, 160,
  128, 128, 48, 258,
  512, 258, 96, 258,
]);

/** How many bytes a compressor takes. */
export function deflaterSize(windowBits: u32, memLevel: u32): u32 {
  return u32(HEADER) + (2 << (memLevel + 7)) + (2 << windowBits) + (1 << windowBits) + PIECE + PADDING;
}

/** Makes a compressor with an empty context. */
export function makeDeflater(slot: usize, windowBits: u32, memLevel: u32, level: u32): void {
  const heads = slot + HEADER;
  const chain = heads + (2 << (memLevel + 7));
  const bytes = chain + (2 << windowBits);
  // A place in the chain is only reached from a head.
  memory.fill(slot, 0, chain - slot);
  store<u32>(slot, 1 << windowBits, WINDOW);
  store<u32>(slot, 32 - (memLevel + 7), SHIFT);
  memory.copy(slot + DEPTH, EFFORTS + 16 * level, 16);
  store<u32>(slot, heads, HEADS);
  store<u32>(slot, chain, CHAIN);
  store<u32>(slot, bytes, BYTES);
}

/** Forgets the context: later messages won't refer to earlier ones. */
export function forget(slot: usize): void {
  store<u32>(slot, load<u32>(slot, BASE) + load<u32>(slot, LENGTH), BASE);
  store<u32>(slot, 0, LENGTH);
  store<u32>(slot, 0, KNOWN);
}

/** Where the next bytes belong, at most a piece of them. */
export function deflaterInput(slot: usize, count: u32): usize {
  const bytes: usize = load<u32>(slot, BYTES);
  const window = load<u32>(slot, WINDOW);
  const length = load<u32>(slot, LENGTH);
  if (length + count <= window + PIECE) return bytes + length;
  const kept = min(length, window);
  const moved = length - kept;
  memory.copy(bytes, bytes + moved, kept);
  store<u32>(slot, kept, LENGTH);
  store<u32>(slot, load<u32>(slot, BASE) + moved, BASE);
  store<u32>(slot, load<u32>(slot, KNOWN) - moved, KNOWN);
  return bytes + kept;
}

/**
 * Compresses the bytes at {@linkcode deflaterInput} to OUTPUT; returns how many it wrote.
 *
 * `left` is what the piece before left over, from `leftBits`; `last` says that the message ends here.
 */
export function deflate(slot: usize, count: u32, left: u32, last: bool): u32 {
  beginOutput(left);
  const start = load<u32>(slot, LENGTH);
  const end = start + count;
  if (load<u32>(slot, DEPTH) === 0) {
    if (count > 0) storeBlock(load<u32>(slot, BYTES) + start, count);
  } else if (count > 0) {
    const known = load<u32>(slot, KNOWN);
    if (end > 3) insertPlaces(slot, known, min(start, end - 3), 1);
    const symbols = findMatches(slot, start, end);
    if (end > 3) store<u32>(slot, max(known, end - 3), KNOWN);
    writeBlock(symbols, load<u32>(slot, BYTES) + start, count);
    store<u32>(slot, end, LENGTH);
  }
  if (last) flushOutput();
  return outputLength();
}
