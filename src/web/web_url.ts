import { checkSubprotocols } from "../handshake/subprotocol.ts";
import { parseTarget, SUCH_AS } from "../client/target.ts";

/**
 * Reads a URL as the web's `WebSocket` does: relative to the program's location, where it has one.
 *
 * @param url The URL.
 * @returns The URL with the scheme `ws:` or `wss:`.
 * @throws {DOMException} A `SyntaxError`, where it can't be parsed, has another scheme, or a fragment.
 */
export function parseWebUrl(url: string | URL): URL {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const parsed = URL.parse(String(url), base);
  if (parsed === null) {
    throw syntaxError(`Cannot connect as the URL can't be parsed: received ${JSON.stringify(url)}, ${SUCH_AS}`);
  }
  try {
    parseTarget(parsed);
  } catch (error) {
    throw syntaxError((error as Error).message);
  }
  if (parsed.protocol === "http:") parsed.protocol = "ws:";
  if (parsed.protocol === "https:") parsed.protocol = "wss:";
  return parsed;
}

/**
 * Checks subprotocols as the web's `WebSocket` does.
 *
 * @param protocols The subprotocols.
 * @returns Them as strings.
 * @throws {DOMException} A `SyntaxError`, where one is no token, or there twice.
 */
export function checkWebProtocols(protocols: Iterable<string>): string[] {
  const names = Array.from(protocols, String);
  try {
    checkSubprotocols(names);
  } catch (error) {
    throw syntaxError((error as Error).message);
  }
  return names;
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, "SyntaxError");
}
