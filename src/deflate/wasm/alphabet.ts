// @ts-nocheck: AssemblyScript
// The alphabets of DEFLATE, RFC 1951 §3.2.5: which symbol stands for a length or a distance, and what follows it.

/** The symbol that ends a block. */
export const END_OF_BLOCK: u32 = 256;
/** The symbols for literals, the end of a block and lengths that may occur. */
export const LITERALS: u32 = 286;
/** The symbols for distances that may occur. */
export const DISTANCES: u32 = 30;
/** The symbols for the lengths of codes, RFC 1951 §3.2.7. */
export const LENGTH_CODES: u32 = 19;
/** The longest match, in bytes. */
export const MAX_MATCH: u32 = 258;
/** The longest code of a literal, a length or a distance, in bits. */
export const MAX_BITS: u32 = 15;

/** The bits that follow a symbol for a length, by symbol - 257: a byte each. */
export const LENGTH_EXTRA: usize = memory.data(29, 4);
/** The least length of a symbol, by symbol - 257: two bytes each. */
export const LENGTH_BASE: usize = memory.data(58, 4);
/** The symbol - 257 of a length, by length - 3: a byte each. */
export const LENGTH_SYMBOL: usize = memory.data(256, 4);

/** The order in which the lengths of the code for lengths are written, RFC 1951 §3.2.7: a byte each. */
// deno-fmt-ignore
export const LENGTH_CODE_ORDER: usize = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);

/** The lengths of the fixed code of RFC 1951 §3.2.6 for literals and lengths, and then for distances, a byte each. */
export const FIXED_LENGTHS: usize = memory.data(288 + 32, 4);
/** How many of them are for literals and lengths. */
export const FIXED_LITERALS: u32 = 288;

/** The bits that follow a symbol for a distance. */
export function distanceExtra(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

/** The least distance of a symbol. */
export function distanceBase(symbol: u32): u32 {
  return symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << distanceExtra(symbol)) + 1;
}

/** The symbol of a distance. */
export function distanceSymbol(distance: u32): u32 {
  const value = distance - 1;
  if (value < 4) return value;
  const top: u32 = 31 - clz(value);
  return 2 * top + ((value >> (top - 1)) & 1);
}

/** Fills the tables. */
export function fillAlphabet(): void {
  let base: u32 = 3;
  for (let symbol: u32 = 0; symbol < 28; symbol++) {
    const extra: u32 = symbol < 8 ? 0 : (symbol >> 2) - 1;
    store<u8>(LENGTH_EXTRA + symbol, extra);
    store<u16>(LENGTH_BASE + 2 * symbol, base);
    for (let i: u32 = 0; i < u32(1) << extra; i++, base++) store<u8>(LENGTH_SYMBOL + base - 3, symbol);
  }
  // 258 has a symbol of its own, though that of 227 to 257 has room for it.
  store<u8>(LENGTH_EXTRA + 28, 0);
  store<u16>(LENGTH_BASE + 2 * 28, MAX_MATCH);
  store<u8>(LENGTH_SYMBOL + MAX_MATCH - 3, 28);

  memory.fill(FIXED_LENGTHS, 8, 144);
  memory.fill(FIXED_LENGTHS + 144, 9, 112);
  memory.fill(FIXED_LENGTHS + 256, 7, 24);
  memory.fill(FIXED_LENGTHS + 280, 8, 8);
  memory.fill(FIXED_LENGTHS + FIXED_LITERALS, 5, 32);
}
