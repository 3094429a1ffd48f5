import { equalsIgnoreCase } from "./equals_ignore_case.ts";
import { trimWhitespace } from "./trim_whitespace.ts";

/**
 * Checks whether a comma-separated list has an element, ignoring the case of ASCII letters.
 *
 * Other elements may be anything: `Upgrade: h2c, websocket` and `Connection: keep-alive, Upgrade` are common.
 *
 * @param value The value of a header field, null if it is missing.
 * @param element The element to look for.
 * @returns True if the list has it.
 */
export function listContains(value: string | null, element: string): boolean {
  if (value === null) return false;
  for (let start = 0; start <= value.length;) {
    const comma = value.indexOf(",", start);
    const end = comma < 0 ? value.length : comma;
    if (equalsIgnoreCase(trimWhitespace(value.slice(start, end)), element)) return true;
    start = end + 1;
  }
  return false;
}
