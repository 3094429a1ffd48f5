// @ts-nocheck: AssemblyScript
// The memory of an inflater: these numbers of four bytes each (the bits take eight), its tables, and its bytes, which
// are those that a message may refer back to, and after them the output.
import { MAX_MATCH } from "./alphabet.ts";
import { DISTANCE_TABLE, LITERAL_TABLE } from "./decode_table.ts";

/** How many bytes may be produced before they must be taken. */
export const ROOM: u32 = 32 * 1024;
/** How much a step may write beyond its room: three literals or a match, eight bytes at a time. */
const SLACK: u32 = MAX_MATCH + 16;

/** The bits that were taken from the payload and not used yet, fewer than 8. */
export const BITS: usize = 0;
/** How many there are. */
export const BIT_COUNT: usize = 8;
/** The next step. */
export const PHASE: usize = 12;
/** Whether the block is the last one of its stream. */
export const FINAL: usize = 16;
/** The bytes left of a stored block. */
export const STORED: usize = 20;
/** Whether the block has codes of its own. */
export const OWN_CODES: usize = 24;
/** How many bits of its codes are looked up at once. */
export const LITERAL_BITS: usize = 28;
export const DISTANCE_BITS: usize = 32;
/** The size of the window in bytes. */
export const WINDOW: usize = 36;
/** How many bytes there are. */
export const LENGTH: usize = 40;
/** How many of them were there or were taken before. */
export const TAKEN: usize = 44;
/** How much of the input the last step has used. */
export const USED: usize = 48;
/** The work of the last step: the bytes that it consumed, plus those that it produced. */
export const WORK: usize = 52;
/** The work that a block's header counts as. */
export const HEADER_WORK: u32 = 1024;
const HEADER: u32 = 56;
export const LITERALS_AT: u32 = HEADER;
export const DISTANCES_AT: u32 = LITERALS_AT + LITERAL_TABLE;
export const BYTES_AT: u32 = DISTANCES_AT + DISTANCE_TABLE;

export const PHASE_HEADER: u32 = 0;
export const PHASE_STORED: u32 = 1;
export const PHASE_CODES: u32 = 2;

/** How many bytes an inflater takes. */
export function inflaterSize(windowBits: u32): u32 {
  return BYTES_AT + (1 << windowBits) + ROOM + SLACK;
}

/** Makes an inflater with nothing to refer to. */
export function makeInflater(slot: usize, windowBits: u32): void {
  memory.fill(slot, 0, HEADER);
  store<u32>(slot, 1 << windowBits, WINDOW);
}

/** Where the bytes are. */
export function inflaterBytes(slot: usize): usize {
  return slot + BYTES_AT;
}

/** How many bytes there are. */
export function inflaterLength(slot: usize): u32 {
  return load<u32>(slot, LENGTH);
}

/** How much of the input the last step has used. */
export function inputUsed(slot: usize): u32 {
  return load<u32>(slot, USED);
}

/** The work of the last step: the bytes that it consumed, plus those that it produced. */
export function workDone(slot: usize): u32 {
  return load<u32>(slot, WORK);
}

/** Says how many bytes there are that a message may refer back to. */
export function setHistory(slot: usize, length: u32): void {
  store<u32>(slot, length, LENGTH);
}

/** Begins a message. */
export function beginMessage(slot: usize): void {
  store<u32>(slot, 0, BIT_COUNT);
  store<u64>(slot, 0, BITS);
  store<u32>(slot, PHASE_HEADER, PHASE);
  store<u32>(slot, 0, FINAL);
  // Most messages fit after the existing bytes, and need not be processed in parts.
  if (load<u32>(slot, LENGTH) > load<u32>(slot, WINDOW) + (ROOM >> 1)) slide(slot);
  store<u32>(slot, load<u32>(slot, LENGTH), TAKEN);
}

function slide(slot: usize): void {
  const window = load<u32>(slot, WINDOW);
  const length = load<u32>(slot, LENGTH);
  const bytes = slot + BYTES_AT;
  memory.copy(bytes, bytes + length - window, window);
  store<u32>(slot, window, LENGTH);
}

/** Says that what the last step made was taken. */
export function takeOutput(slot: usize): void {
  if (load<u32>(slot, LENGTH) >= load<u32>(slot, WINDOW) + ROOM) slide(slot);
  store<u32>(slot, load<u32>(slot, LENGTH), TAKEN);
}

/** How many bytes are there to be taken; they are the last ones. */
export function outputReady(slot: usize): u32 {
  return load<u32>(slot, LENGTH) - load<u32>(slot, TAKEN);
}
