/**
 * Compares two strings, ignoring the case of ASCII letters.
 *
 * `toLowerCase` won't do: it turns U+212A KELVIN SIGN into `k`.
 *
 * @param text One string.
 * @param other The other string.
 * @returns True if they are an ASCII case-insensitive match.
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
