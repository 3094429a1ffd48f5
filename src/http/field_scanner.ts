import { isTokenCode } from "./token.ts";

const HTAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/**
 * Reads the value of a header field from left to right, by the grammar of RFC 9110 §5.6.
 *
 * No character is looked at twice, so a hostile value costs no more than a good one of the same length.
 */
export class FieldScanner {
  readonly #text: string;
  #position = 0;

  /**
   * Starts at the beginning of a value.
   *
   * @param text The value of the field; several lines joined by commas are fine.
   */
  constructor(text: string) {
    this.#text = text;
  }

  /** True if nothing is left. */
  get atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  /** Skips optional white space: spaces and tabs. */
  skipWhitespace(): void {
    while (this.#code === SPACE || this.#code === HTAB) this.#position++;
  }

  /** Skips optional white space and commas: RFC 9110 §5.6.1.2 says to ignore empty list elements. */
  skipEmptyElements(): void {
    while (this.#code === SPACE || this.#code === HTAB || this.#code === COMMA) this.#position++;
  }

  /**
   * Skips one character if it comes next.
   *
   * @param character The ASCII character.
   * @returns True if it came next.
   */
  take(character: string): boolean {
    if (this.#code !== character.charCodeAt(0)) return false;
    this.#position++;
    return true;
  }

  /**
   * Reads a token.
   *
   * @returns The token, empty if none starts here.
   */
  takeToken(): string {
    const start = this.#position;
    while (isTokenCode(this.#code)) this.#position++;
    return this.#text.slice(start, this.#position);
  }

  /**
   * Reads a quoted-string whose text is a token once it is unquoted, as RFC 6455 §9.1 requires.
   *
   * @returns The token, empty if there is none: a quote is missing, or the text has another character.
   */
  takeQuotedToken(): string {
    if (!this.take('"')) return "";
    const parts: string[] = [];
    for (;;) {
      parts.push(this.takeToken());
      if (this.#code === QUOTE) break;
      if (this.#code !== BACKSLASH || !isTokenCode(this.#text.charCodeAt(this.#position + 1))) return "";
      parts.push(this.#text.charAt(this.#position + 1));
      this.#position += 2;
    }
    this.#position++;
    return parts.join("");
  }

  get #code(): number {
    return this.#text.charCodeAt(this.#position);
  }
}
