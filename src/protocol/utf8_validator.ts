/**
 * Validates UTF-8 as it arrives, in any pieces, and fails at the first byte after which no continuation could be valid.
 *
 * RFC 6455 §8.1 requires text that isn't UTF-8 to fail the connection; RFC 3629 §4 defines UTF-8: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 *
 * @example Validate a character that arrives in two pieces
 * ```ts
 * import { Utf8Validator } from "@wsd/driver/protocol";
 *
 * const validator = new Utf8Validator();
 * console.log(validator.push(Uint8Array.of(0xc3), 0, 1)); // true
 * console.log(validator.complete); // false
 * console.log(validator.push(Uint8Array.of(0xa9), 0, 1)); // true
 * console.log(validator.complete); // true
 * ```
 * @category Protocol
 */
export class Utf8Validator {
  // How many continuation bytes the current character still lacks, and the allowed range of the next one.
  #lacking = 0;
  #lowest = 0x80;
  #highest = 0xbf;
  #ascii = true;

  /** True if no character is left unfinished. */
  get complete(): boolean {
    return this.#lacking === 0;
  }

  /** True if every byte so far was ASCII. */
  get ascii(): boolean {
    return this.#ascii;
  }

  /** Starts over. */
  reset(): void {
    this.#lacking = 0;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
    this.#ascii = true;
  }

  /**
   * Validates the next bytes.
   *
   * @param bytes The memory with the bytes.
   * @param start Their start.
   * @param end Their end.
   * @returns False as soon as the text can't be UTF-8 any more, whatever may follow.
   */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      const byte = bytes[at++];
      if (this.#lacking === 0) {
        if (byte < 0x80) continue;
        if (!this.#lead(byte)) return false;
      } else {
        if (byte < this.#lowest || byte > this.#highest) return false;
        this.#lowest = 0x80;
        this.#highest = 0xbf;
        this.#lacking--;
      }
    }
    return true;
  }

  /**
   * Validates bytes that are known to be ASCII.
   *
   * @param count The number of bytes.
   * @returns False if they are in the middle of a character.
   */
  pushAscii(count: number): boolean {
    return this.#lacking === 0 || count === 0;
  }

  /** RFC 3629 §4, the table of UTF8-2, UTF8-3 and UTF8-4. */
  #lead(byte: number): boolean {
    this.#ascii = false;
    if (byte >= 0xc2 && byte <= 0xdf) {
      this.#lacking = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      this.#lacking = 2;
      if (byte === 0xe0) this.#lowest = 0xa0;
      if (byte === 0xed) this.#highest = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      this.#lacking = 3;
      if (byte === 0xf0) this.#lowest = 0x90;
      if (byte === 0xf4) this.#highest = 0x8f;
    } else {
      return false;
    }
    return true;
  }
}
