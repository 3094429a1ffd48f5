/**
 * Characters that can control a terminal, or make it show different text: control characters (C0, DEL, C1), marks that
 * change the direction of text and other invisible ones, line and paragraph separators, lone surrogates. Joiners, which
 * hold emoji together, are kept.
 */
const STEERING = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const NAMES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Escapes foreign text for a terminal, in one line.
 *
 * @param text The text.
 * @returns The text, with everything that isn't plainly visible as `\n`, `\x1b` or `\u{202e}`.
 */
export function escapeControls(text: string): string {
  return text.replace(STEERING, (character) => NAMES[character] ?? escapeCode(character.codePointAt(0)!));
}

/**
 * Formats a value as JSON that can't control a terminal, and parses to the same value.
 *
 * @param value The value.
 * @returns One line of JSON.
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(STEERING, (character) => {
    return [...Array(character.length).keys()].map((i) => `\\u${hex(character.charCodeAt(i), 4)}`).join("");
  });
}

function escapeCode(code: number): string {
  return code <= 0xff ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
