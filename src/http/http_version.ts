import { HeadError } from "./head_error.ts";
import { printable } from "./printable.ts";
import { isDigitCode } from "./token.ts";

/**
 * Parses the version in a start line: `HTTP-version = "HTTP" "/" DIGIT "." DIGIT`, RFC 9112 §2.3, case-sensitive.
 *
 * @param text The text in the place of the version.
 * @param kind What is read, for error messages.
 * @returns Major and minor number, such as `"1.1"`.
 * @throws {HeadError} 400 if it is not a version, 505 if its major number is not 1.
 */
export function parseHttpVersion(text: string, kind: "request" | "response"): string {
  if (!isVersion(text)) {
    throw new HeadError(`Cannot read the ${kind} head: its version must be HTTP/1.1, received ${printable(text)}`);
  }
  const version = text.slice(5);
  if (version.startsWith("1.")) return version;
  throw new HeadError(`Cannot read the ${kind} head: its version must be HTTP/1.1, received ${printable(text)}`, 505);
}

function isVersion(text: string): boolean {
  return text.length === 8 && text.startsWith("HTTP/") && isDigitCode(text.charCodeAt(5)) && text[6] === "." &&
    isDigitCode(text.charCodeAt(7));
}
