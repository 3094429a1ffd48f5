// The alphabets of DEFLATE, RFC 1951 §3.2.5: which symbol stands for a length or a distance, and what follows it.

/** The symbol that ends a block. */
export const END_OF_BLOCK = 256;
/** The symbols for literals, the end of a block and lengths that may occur. */
export const LITERALS = 286;
/** The symbols for distances that may occur. */
export const DISTANCES = 30;
/** The symbols for the lengths of codes, RFC 1951 §3.2.7. */
export const LENGTH_CODES = 19;
/** The longest match, in bytes. */
export const MAX_MATCH = 258;
/** The longest code of a literal, a length or a distance, in bits. */
export const MAX_BITS = 15;

/** The order in which the lengths of the code for lengths are written, RFC 1951 §3.2.7. */
export const LENGTH_CODE_ORDER: Uint8Array = Uint8Array.of(
  ...[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15],
);

/** The bits that follow a symbol for a length, by symbol - 257. */
export const LENGTH_EXTRA: Uint8Array = new Uint8Array(29);
/** The least length of a symbol, by symbol - 257. */
export const LENGTH_BASE: Uint16Array = new Uint16Array(29);
/** The symbol - 257 of a length, by length - 3. */
export const LENGTH_SYMBOL: Uint8Array = new Uint8Array(256);

/** The bits that follow a symbol for a distance. */
export const DISTANCE_EXTRA: Uint8Array = new Uint8Array(DISTANCES);
/** The least distance of a symbol. */
export const DISTANCE_BASE: Uint16Array = new Uint16Array(DISTANCES);
/** The symbol of a distance: by distance - 1 below 256, and by 256 + ((distance - 1) >> 7) above. */
export const DISTANCE_SYMBOL: Uint8Array = new Uint8Array(512);

for (let symbol = 0, base = 3; symbol < 28; symbol++) {
  const extra = symbol < 8 ? 0 : (symbol >> 2) - 1;
  LENGTH_EXTRA[symbol] = extra;
  LENGTH_BASE[symbol] = base;
  for (let i = 0; i < 1 << extra; i++) LENGTH_SYMBOL[base++ - 3] = symbol;
}
// 258 has a symbol of its own, though that of 227 to 257 has room for it.
LENGTH_BASE[28] = MAX_MATCH;
LENGTH_SYMBOL[MAX_MATCH - 3] = 28;

for (let symbol = 0, base = 1; symbol < DISTANCES; symbol++) {
  const extra = symbol < 4 ? 0 : (symbol >> 1) - 1;
  DISTANCE_EXTRA[symbol] = extra;
  DISTANCE_BASE[symbol] = base;
  for (let i = 0; i < 1 << extra; i++, base++) {
    DISTANCE_SYMBOL[base <= 256 ? base - 1 : 256 + ((base - 1) >> 7)] = symbol;
  }
}

/** The lengths of the fixed code for literals and lengths, RFC 1951 §3.2.6. */
export const FIXED_LITERAL_LENGTHS: Uint8Array = new Uint8Array(288)
  .fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
/** The lengths of the fixed code for distances. */
export const FIXED_DISTANCE_LENGTHS: Uint8Array = new Uint8Array(32).fill(5);
