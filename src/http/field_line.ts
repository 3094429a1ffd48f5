import { HeadError } from "./head_error.ts";
import { printable } from "./printable.ts";
import { isToken } from "./token.ts";
import { trimWhitespace } from "./trim_whitespace.ts";

/**
 * Parses one line of a header field: `field-line = field-name ":" OWS field-value OWS`, RFC 9112 §5.
 *
 * @param line The line without its CRLF, and without control characters but HTAB.
 * @param kind What is read, for error messages.
 * @returns The name as it was spelled, and the value without the white space around it.
 * @throws {HeadError} If the line is malformed.
 */
export function parseFieldLine(line: string, kind: "request" | "response"): [name: string, value: string] {
  // §5.2: "A server that receives an obs-fold in a request message […] MUST either reject the message".
  if (isFolded(line)) fail(kind, "a header field must be one line, with no fold", line);
  const colon = line.indexOf(":");
  if (colon < 0) fail(kind, "a header field must have a colon", line);
  const name = line.slice(0, colon);
  // §5.1: "No whitespace is allowed between the field name and colon."
  if (!isToken(name)) fail(kind, "the name of a header field must be a token", name);
  return [name, trimWhitespace(line.slice(colon + 1))];
}

/**
 * Checks whether a line continues the field of the previous line: `obs-fold`, RFC 9112 §5.2.
 *
 * @param line The line.
 * @returns True if it starts with white space.
 */
export function isFolded(line: string): boolean {
  return line.startsWith(" ") || line.startsWith("\t");
}

function fail(kind: string, rule: string, received: string): never {
  throw new HeadError(`Cannot read the ${kind} head: ${rule}, received ${printable(received)}`);
}
