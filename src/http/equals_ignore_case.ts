/**
 * Tells whether two texts are equal but for the case of ASCII letters.
 *
 * `toLowerCase` would not do: it makes a `k` of U+212A KELVIN SIGN.
 *
 * @param text The one text.
 * @param other The other text.
 * @returns True where they are an ASCII case-insensitive match.
 */
export function equalsIgnoreCase(text: string, other: string): boolean {
  if (text.length !== other.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (lowerCase(text.charCodeAt(i)) !== lowerCase(other.charCodeAt(i))) return false;
  }
  return true;
}

function lowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}
