import { FieldScanner } from "../http/field_scanner.ts";
import { printable } from "../http/printable.ts";
import { isToken } from "../http/token.ts";

/**
 * Parses the value of `Sec-WebSocket-Protocol` in a request.
 *
 * RFC 6455 §4.1: "The elements that comprise this value MUST be non-empty strings with characters in the range U+0021
 * to U+007E not including separator characters […] and MUST all be unique strings." Empty elements are ignored,
 * as RFC 9110 §5.6.1.2 says, but a list of nothing else is not.
 *
 * @param value The value; several lines joined by commas are fine.
 * @returns The subprotocols in the client's order of preference.
 * @throws {SyntaxError} If it is empty, or has one that is not a token, or a duplicate.
 */
export function parseSubprotocols(value: string): string[] {
  const scanner = new FieldScanner(value);
  const names = new Set<string>();
  for (scanner.skipEmptyElements(); !scanner.atEnd; scanner.skipEmptyElements()) {
    const name = scanner.takeToken();
    scanner.skipWhitespace();
    if (name === "" || !(scanner.atEnd || scanner.take(","))) fail("they must be tokens separated by commas", value);
    if (names.has(name)) fail("each must come once", value);
    names.add(name);
  }
  if (names.size === 0) fail("there must be at least one", value);
  return [...names];
}

function fail(rule: string, value: string): never {
  throw new SyntaxError(
    `Cannot read the subprotocols of Sec-WebSocket-Protocol: ${rule}, received ${printable(value)}`,
  );
}

/**
 * Chooses the subprotocol of a connection: the first that the client offers and the server accepts.
 *
 * RFC 6455 §4.2.2 leaves the choice to the server. It follows the client here, because §4.1 says that the client's list
 * is "ordered by preference", and because the original library does. Names are compared with their case.
 *
 * @param offered The client's subprotocols, in its order.
 * @param acceptProtocols The server's subprotocols, in any order.
 * @returns The subprotocol, null if they have none in common.
 */
export function chooseSubprotocol(offered: readonly string[], acceptProtocols: readonly string[]): string | null {
  return offered.find((name) => acceptProtocols.includes(name)) ?? null;
}

/**
 * Checks a caller's subprotocols.
 *
 * @param names The subprotocols.
 * @param option The name of the option.
 * @throws {TypeError} If they are not an array, or one is not a token or comes twice.
 */
export function checkSubprotocols(names: readonly string[], option = "acceptProtocols"): void {
  if (!Array.isArray(names)) failOption(option, "it must be an array of strings", typeof names);
  const seen = new Set<string>();
  for (const name of names) {
    if (typeof name !== "string") failOption(option, "it must be an array of strings", typeof name);
    if (!isToken(name)) failOption(option, "each must be a token of RFC 9110", printable(name));
    if (seen.has(name)) failOption(option, "each must come once", `${printable(name)} twice`);
    seen.add(name);
  }
}

function failOption(option: string, rule: string, received: string): never {
  throw new TypeError(`Cannot use ${option}: ${rule}, received ${received}`);
}
