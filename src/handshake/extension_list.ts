import { FieldScanner } from "../http/field_scanner.ts";
import { printable } from "../http/printable.ts";
import { isToken } from "../http/token.ts";

/**
 * A parameter of an extension, such as `client_max_window_bits=15`.
 *
 * @example Look up a parameter
 * ```ts
 * import { type ExtensionParameter, parseExtensions } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const [{ parameters }] = parseExtensions("permessage-deflate; client_max_window_bits; server_max_window_bits=10");
 * const valueOf = (name: string, among: ExtensionParameter[]) => among.find((one) => one.name === name)?.value;
 * assertEquals(valueOf("server_max_window_bits", parameters), "10");
 * assertEquals(valueOf("client_max_window_bits", parameters), null);
 * assertEquals(valueOf("client_no_context_takeover", parameters), undefined);
 * ```
 * @category Handshake
 */
export interface ExtensionParameter {
  /** The name, with its case. */
  name: string;
  /** The value without quotes, null if there is only a name. */
  value: string | null;
}

/**
 * An extension with its parameters: one that a client offers, or one that a server accepts.
 *
 * @example Accept a known extension
 * ```ts
 * import { type ExtensionOffer, formatExtensions, parseExtensions } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const isKnown = ({ name, parameters }: ExtensionOffer) => name === "x-log" && parameters.length === 0;
 * const offers = parseExtensions("permessage-deflate, x-log; level=2, x-log");
 * assertEquals(formatExtensions(offers.filter(isKnown)), "x-log");
 * ```
 * @category Handshake
 */
export interface ExtensionOffer {
  /** The extension's name, with its case. */
  name: string;
  /** The parameters in order; a name may occur twice, which is up to the extension. */
  parameters: ExtensionParameter[];
}

/**
 * Parses the value of `Sec-WebSocket-Extensions`.
 *
 * RFC 6455 §9.1: `extension-list = 1#extension`, `extension = extension-token *( ";" extension-param )`,
 * `extension-param = token [ "=" (token | quoted-string) ]`, and "When using the quoted-string syntax variant, the
 * value after quoted-string unescaping MUST conform to the 'token' ABNF."
 *
 * @param value The value; several lines joined by commas are fine.
 * @returns The extensions in order, including duplicates: a client may offer one twice with different parameters.
 * @throws {SyntaxError} If the value doesn't match that grammar.
 *
 * @example Read an offer
 * ```ts
 * import { parseExtensions } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseExtensions('permessage-deflate; client_max_window_bits, x-log; level="2"'), [
 *   { name: "permessage-deflate", parameters: [{ name: "client_max_window_bits", value: null }] },
 *   { name: "x-log", parameters: [{ name: "level", value: "2" }] },
 * ]);
 * ```
 * @category Handshake
 */
export function parseExtensions(value: string): ExtensionOffer[] {
  const scanner = new FieldScanner(value);
  const offers: ExtensionOffer[] = [];
  for (scanner.skipEmptyElements(); !scanner.atEnd; scanner.skipEmptyElements()) {
    const name = scanner.takeToken();
    if (name === "") fail("the name of an extension must be a token", value);
    offers.push({ name, parameters: takeParameters(scanner, value) });
    if (!scanner.atEnd && !scanner.take(",")) fail("extensions must be separated by commas", value);
  }
  if (offers.length === 0) fail("there must be at least one", value);
  return offers;
}

function takeParameters(scanner: FieldScanner, value: string): ExtensionParameter[] {
  const parameters: ExtensionParameter[] = [];
  scanner.skipWhitespace();
  while (scanner.take(";")) {
    scanner.skipWhitespace();
    parameters.push(takeParameter(scanner, value));
    scanner.skipWhitespace();
  }
  return parameters;
}

/** White space around the `=` is fine: the grammar of RFC 6455 is that of RFC 2616, which allows it everywhere. */
function takeParameter(scanner: FieldScanner, value: string): ExtensionParameter {
  const name = scanner.takeToken();
  if (name === "") fail("the name of a parameter must be a token", value);
  scanner.skipWhitespace();
  if (!scanner.take("=")) return { name, value: null };
  scanner.skipWhitespace();
  const given = scanner.takeToken() || scanner.takeQuotedToken();
  if (given === "") fail("the value of a parameter must be a token", value);
  return { name, value: given };
}

function fail(rule: string, value: string): never {
  throw new SyntaxError(
    `Cannot read the extensions of Sec-WebSocket-Extensions: ${rule}, received ${printable(value)}`,
  );
}

/**
 * Writes the value of `Sec-WebSocket-Extensions`: the reverse of {@linkcode parseExtensions}.
 *
 * @param offers The extensions in order.
 * @returns The value, empty if there are none: then leave out the header field.
 * @throws {TypeError} If a name or a value is not a token.
 *
 * @example Write an offer
 * ```ts
 * import { formatExtensions } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const parameters = [{ name: "client_max_window_bits", value: null }, { name: "server_max_window_bits", value: "10" }];
 * assertEquals(
 *   formatExtensions([{ name: "permessage-deflate", parameters }]),
 *   "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
 * );
 * ```
 * @category Handshake
 */
export function formatExtensions(offers: readonly ExtensionOffer[]): string {
  return offers.map(({ name, parameters }) => [token(name), ...parameters.map(formatParameter)].join("; ")).join(", ");
}

function formatParameter({ name, value }: ExtensionParameter): string {
  return value === null ? token(name) : `${token(name)}=${token(value)}`;
}

function token(text: string): string {
  if (isToken(text)) return text;
  throw new TypeError(`Cannot write an extension: its names and values must be tokens, received ${printable(text)}`);
}
