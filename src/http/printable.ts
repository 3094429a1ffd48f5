/** How many characters of received text an error message shows. */
const MAX_SHOWN = 64;

/** Markup, quotes and backslashes are escaped too: a browser may show the reason of a refusal. */
const ESCAPED = "\"\\<>&'";

/**
 * Formats received text for a log line or the body of a refusal: quoted, ASCII, at most 64 characters of it.
 *
 * @param text The text as it was received, null if there was none.
 * @returns The text in quotes, everything else as `\xNN` or `\u{N}`; `none` for null.
 */
export function printable(text: string | null): string {
  if (text === null) return "none";
  let shown = "";
  for (let i = 0; i < text.length && i < MAX_SHOWN; i++) shown += printableCode(text.charCodeAt(i));
  return text.length > MAX_SHOWN ? `"${shown}"... (${text.length} characters)` : `"${shown}"`;
}

function printableCode(code: number): string {
  const character = String.fromCharCode(code);
  if (code >= 0x20 && code <= 0x7e && !ESCAPED.includes(character)) return character;
  const digits = code.toString(16);
  return code <= 0xff ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
}
