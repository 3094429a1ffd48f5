import { checkSubprotocols } from "../handshake/subprotocol.ts";
import { parseTarget, SUCH_AS } from "../client/target.ts";
import { toUSVString } from "./web_idl.ts";

/**
 * Parses a URL as the web's `WebSocket` does: relative to the program's location, if it has one.
 *
 * @param url The URL.
 * @returns The URL with the scheme `ws:` or `wss:`.
 * @throws {DOMException} A `SyntaxError` if it can't be parsed, has another scheme, or a fragment.
 */
export function parseWebUrl(url: unknown): URL {
  const text = toUSVString(url);
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const parsed = URL.parse(text, base);
  if (parsed === null) {
    throw syntaxError(`Cannot connect: the URL can't be parsed, received ${JSON.stringify(text)}, ${SUCH_AS}`);
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
 * @returns The same.
 * @throws {DOMException} A `SyntaxError` if one isn't a token, or is a duplicate, whatever its case.
 */
export function checkWebProtocols(protocols: string[]): string[] {
  try {
    checkSubprotocols(protocols);
    checkSubprotocols(protocols.map((name) => name.toLowerCase()));
  } catch (error) {
    throw syntaxError((error as Error).message);
  }
  return protocols;
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, "SyntaxError");
}
