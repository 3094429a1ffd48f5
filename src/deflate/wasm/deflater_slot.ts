// @ts-nocheck: AssemblyScript
// The memory of a compressor: these numbers of four bytes each, then its tables, then its bytes.

/** The size of the window in bytes. */
export const WINDOW: usize = 0;
/** How many bytes there are: those of the window, and those after it. */
export const LENGTH: usize = 4;
/** The place of the first byte. */
export const BASE: usize = 8;
/** How many of the bytes have their places known; the last three wait for what follows them. */
export const KNOWN: usize = 12;
/** By how much a product is shifted to make a hash of it. */
export const SHIFT: usize = 16;
/** How many candidates are tried at one place. */
export const DEPTH: usize = 20;
/** From this length on the next place is not tried for a longer match. */
export const LAZY: usize = 24;
/** From this length on only a quarter of the candidates is tried for a longer one. */
export const GOOD: usize = 28;
/** A match that is this long is good enough. */
export const NICE: usize = 32;
/** Where the last place of each hash is, two bytes each. */
export const HEADS: usize = 36;
/** Where the place before each place is, two bytes each. */
export const CHAIN: usize = 40;
/** Where the bytes are. */
export const BYTES: usize = 44;
/** How long these numbers are, in bytes. */
export const HEADER: usize = 48;
