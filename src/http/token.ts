/** The characters of a token besides letters and digits. */
const MARKS = "!#$%&'*+-.^_`|~";
const DIGITS = "0123456789";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** One byte for each of the 128 ASCII codes: 1 if it is a `tchar`. */
const TCHAR: Uint8Array = table(MARKS + DIGITS + UPPER + UPPER.toLowerCase());

function table(characters: string): Uint8Array {
  const flags = new Uint8Array(128);
  for (let i = 0; i < characters.length; i++) flags[characters.charCodeAt(i)] = 1;
  return flags;
}

/**
 * Checks whether a UTF-16 code unit may be in a token.
 *
 * RFC 9110 §5.6.2: `tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" /
 * DIGIT / ALPHA`. RFC 6455 §4.1 names the same set by "U+0021 to U+007E not including separator characters".
 *
 * @param code The code unit; NaN, which follows the end of a string, returns false.
 * @returns True for a `tchar`.
 */
export function isTokenCode(code: number): boolean {
  return code < 128 && TCHAR[code] === 1;
}

/**
 * Checks whether a string is a token: one `tchar` or more, and nothing else.
 *
 * @param text The string.
 * @returns True for a token.
 */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isTokenCode(text.charCodeAt(i))) return false;
  }
  return text.length > 0;
}

/**
 * Checks whether a UTF-16 code unit is an ASCII digit.
 *
 * @param code The code unit; false for NaN.
 * @returns True for `0` to `9`.
 */
export function isDigitCode(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
