// @ts-nocheck: AssemblyScript
// Finds what occurred before within the window: the LZ77 half of DEFLATE.
//
// A compressor holds where each four bytes occurred last, by their hash, and for each place the one before with the same
// hash. Places are counted modulo 65536, and a candidate's bytes are always compared, so that places which are long gone
// do no harm and nothing has to be cleared or moved. Place 0 stands for none.
import { distanceSymbol, END_OF_BLOCK, LENGTH_SYMBOL, MAX_MATCH } from "./alphabet.ts";
import { DISTANCE_COUNTS, LITERAL_COUNTS, SYMBOLS } from "./blocks.ts";
import { BASE, BYTES, CHAIN, DEPTH, GOOD, HEADS, LAZY, NICE, SHIFT, WINDOW } from "./deflater_slot.ts";

/** The shortest match that is looked for, in bytes. */
const MIN_MATCH: u32 = 4;

/**
 * Of a match that is longer, only every second place is made known, or every fourth: the others are found from those, or
 * not missed. It takes a twentieth less time, for 0.3 % more bytes.
 */
const SPARSE: u32 = 12;
const SPARSER: u32 = 48;

/**
 * In a message from this length on, which gets a code of its own, the shortest match takes more bits than its bytes if it
 * is farther than this: without it 4 KiB of JSON take 1 % more.
 */
const OWN_CODE: u32 = 1024;
const FAR: u32 = 4096;

function hash(word: u32, shift: u32): u32 {
  return (word * 0x9e3779b1) >> shift;
}

/** Makes the places of some bytes known, from one to the one before another; three more bytes must be there. */
export function insertPlaces(slot: usize, from: u32, to: u32, step: u32): void {
  const heads: usize = load<u32>(slot, HEADS);
  const chain: usize = load<u32>(slot, CHAIN);
  const bytes: usize = load<u32>(slot, BYTES);
  const shift = load<u32>(slot, SHIFT);
  const mask = load<u32>(slot, WINDOW) - 1;
  const base = load<u32>(slot, BASE);
  for (let at = from; at < to; at += step) {
    const head = heads + 2 * hash(load<u32>(bytes + at), shift);
    const place = at + base;
    store<u16>(chain + 2 * (place & mask), load<u16>(head));
    store<u16>(head, place);
  }
}

/** How many bytes are the same at two places, when the first ones are known to be; at most so many. */
function sameBytes(a: usize, b: usize, known: u32, most: u32): u32 {
  let length = known;
  while (length < most) {
    const difference = load<u64>(a + length) ^ load<u64>(b + length);
    if (difference !== 0) return min(length + (u32(ctz(difference)) >> 3), most);
    length += 8;
  }
  return most;
}

/**
 * Turns bytes into symbols, and counts them; the number of symbols.
 *
 * It is one loop with all state in local variables, and each place is made known as it is looked at.
 */
export function findMatches(slot: usize, start: u32, end: u32): u32 {
  const heads: usize = load<u32>(slot, HEADS);
  const chain: usize = load<u32>(slot, CHAIN);
  const bytes: usize = load<u32>(slot, BYTES);
  const shift = load<u32>(slot, SHIFT);
  const window = load<u32>(slot, WINDOW);
  const mask = window - 1;
  const base = load<u32>(slot, BASE);
  const depth = load<u32>(slot, DEPTH);
  const lazy = load<u32>(slot, LAZY);
  const good = load<u32>(slot, GOOD);
  const nice = load<u32>(slot, NICE);
  memory.fill(LITERAL_COUNTS, 0, 4 * 288);
  memory.fill(DISTANCE_COUNTS, 0, 4 * 32);
  store<u32>(LITERAL_COUNTS + 4 * END_OF_BLOCK, 1);
  const last = i32(end) - MIN_MATCH;
  const near: u32 = end - start < OWN_CODE ? window : FAR;
  let symbol = SYMBOLS;
  let at = start;
  // A match that was found one byte before, and waits to see whether there is a longer one here.
  let waiting: u32 = 0;
  let waitingDistance: u32 = 0;
  // The distance of the last match: what goes on after a match of the greatest length is most likely found there.
  let recent: u32 = 0;
  while (at < end) {
    let length: u32 = 0;
    let distance: u32 = 0;
    if (i32(at) <= last) {
      const here = bytes + at;
      const word = load<u32>(here);
      const head = heads + 2 * hash(word, shift);
      const place = (at + base) & 0xffff;
      let candidate: u32 = load<u16>(head);
      store<u16>(chain + 2 * (place & mask), candidate);
      store<u16>(head, place);
      const most = min(end - at, MAX_MATCH);
      const farthest = min(at, window);
      let best: u32 = waiting < MIN_MATCH ? MIN_MATCH - 1 : waiting;
      let tries: u32 = best < most ? (waiting >= good ? depth >> 2 : depth) : 0;
      if (tries > 0 && recent - 1 < farthest && load<u32>(here - recent) === word) {
        const same = sameBytes(here - recent, here, 4, most);
        if (same > best) {
          best = length = same;
          distance = recent;
          if (same >= nice || same === most) tries = 0;
        }
      }
      let nearest: u32 = 0;
      while (candidate !== 0 && tries !== 0) {
        const back = (place - candidate) & 0xffff;
        if (back <= nearest || back > farthest) break;
        tries--;
        nearest = back;
        candidate = load<u16>(chain + 2 * (candidate & mask));
        const from = here - back;
        if (load<u32>(from + best - 3) !== load<u32>(here + best - 3) || load<u32>(from) !== word) continue;
        const same = sameBytes(from, here, 4, most);
        if (same <= best || (same === MIN_MATCH && back > near)) continue;
        best = length = same;
        distance = back;
        if (same >= nice || same === most) break;
      }
    }
    if (waiting > 0) {
      if (length === 0) {
        // Nothing longer: the match of the byte before it is, and this byte is its second.
        length = waiting;
        distance = waitingDistance;
        at--;
      } else {
        symbol = addLiteral(symbol, load<u8>(bytes + at - 1));
      }
    }
    if (length === 0) {
      symbol = addLiteral(symbol, load<u8>(bytes + at));
      at++;
    } else if (waiting === length || length >= lazy) {
      symbol = addMatch(symbol, length, distance);
      recent = distance;
      const next = at + length;
      const from = waiting === length ? at + 2 : at + 1;
      const to = i32(next) <= last ? next : last + 1;
      insertPlaces(slot, from, to, length < SPARSE ? 1 : length < SPARSER ? 2 : 4);
      at = next;
      waiting = 0;
    } else {
      waiting = length;
      waitingDistance = distance;
      at++;
    }
  }
  return u32(symbol - SYMBOLS) >> 2;
}

function addLiteral(symbol: usize, byte: u32): usize {
  store<u32>(symbol, byte);
  const count = LITERAL_COUNTS + 4 * byte;
  store<u32>(count, load<u32>(count) + 1);
  return symbol + 4;
}

function addMatch(symbol: usize, length: u32, distance: u32): usize {
  const far = distanceSymbol(distance);
  store<u32>(symbol, 0x80000000 | ((distance - 1) << 13) | (far << 8) | (length - 3));
  const lengthCount = LITERAL_COUNTS + 4 * (257 + load<u8>(LENGTH_SYMBOL + length - 3));
  store<u32>(lengthCount, load<u32>(lengthCount) + 1);
  const distanceCount = DISTANCE_COUNTS + 4 * far;
  store<u32>(distanceCount, load<u32>(distanceCount) + 1);
  return symbol + 4;
}
