import { isTokenCode } from "./token.ts";

const HTAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/**
 * Walks once over the value of a header field, from the left to the right, by the grammar of RFC 9110 §5.6.
 *
 * No step looks at a character twice, so that a hostile value costs as much as a good one of its length.
 */
export class FieldScanner {
  readonly #text: string;
  #position = 0;

  /**
   * Makes a scanner that stands at the start of a value.
   *
   * @param text The value of the field; several lines joined by commas are fine.
   */
  constructor(text: string) {
    this.#text = text;
  }

  /** True where nothing is left. */
  get atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  /** Steps over optional white space: spaces and tabs. */
  skipWhitespace(): void {
    while (this.#code === SPACE || this.#code === HTAB) this.#position++;
  }

  /** Steps over optional white space and the commas of a list; RFC 9110 §5.6.1.2 has empty elements ignored. */
  skipEmptyElements(): void {
    while (this.#code === SPACE || this.#code === HTAB || this.#code === COMMA) this.#position++;
  }

  /**
   * Steps over one character if it is the next one.
   *
   * @param character The character, of the ASCII set.
   * @returns True where it was there.
   */
  take(character: string): boolean {
    if (this.#code !== character.charCodeAt(0)) return false;
    this.#position++;
    return true;
  }

  /**
   * Reads a token.
   *
   * @returns The token, empty where none starts here.
   */
  takeToken(): string {
    const start = this.#position;
    while (isTokenCode(this.#code)) this.#position++;
    return this.#text.slice(start, this.#position);
  }

  /**
   * Reads a quoted-string whose text is a token once the quotes and backslashes are off, as RFC 6455 §9.1 wants it.
   *
   * @returns The token, empty where there is none: no quote here, none at the end, or another character within.
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
