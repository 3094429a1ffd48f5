import { STATUS_CODE } from "@std/http/status";
import { acceptKey, isValidKey, type Sha1 } from "./accept_key.ts";
import { checkAdditionalFields } from "./additional_fields.ts";
import { equalsIgnoreCase } from "../http/equals_ignore_case.ts";
import { type ExtensionOffer, parseExtensions } from "./extension_list.ts";
import { checkField, type Field, formatHead } from "../http/format_head.ts";
import { isValidHost } from "../http/host.ts";
import { listContains } from "../http/list_contains.ts";
import { printable } from "../http/printable.ts";
import type { ResponseHead } from "../http/response_head_parser.ts";
import { checkSubprotocols } from "./subprotocol.ts";

/**
 * The parts of a client's handshake.
 *
 * @example Everything that a handshake can request
 * ```ts
 * import { formatRequestHead, generateKey, type RequestHeadOptions } from "@wsd/driver/protocol";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const options: RequestHeadOptions = {
 *   target: "/chat?room=1",
 *   host: "example.com:8080",
 *   key: generateKey(),
 *   protocols: ["superchat", "chat"],
 *   extensions: "permessage-deflate",
 *   origin: "https://example.com",
 *   fields: [["Authorization", "Bearer 123"]],
 * };
 * const head = new TextDecoder().decode(formatRequestHead(options));
 * assertStringIncludes(head, "\r\nSec-WebSocket-Protocol: superchat, chat\r\n");
 * ```
 * @category Handshake
 */
export interface RequestHeadOptions {
  /** The request target: path and query as in a URL, visible ASCII with no `#`. */
  target: string;
  /** The server's host, with its port unless it is the scheme's default. */
  host: string;
  /** The key of this connection; see {@linkcode generateKey}. */
  key: string;
  /** The subprotocols that the client supports, in order of preference. @default [] */
  protocols?: readonly string[];
  /** The value of `Sec-WebSocket-Extensions`, null for no offer. @default null */
  extensions?: string | null;
  /** The value of `Origin`, null for none. @default null */
  origin?: string | null;
  /** Additional header fields; a `Host` here replaces `host`. @default [] */
  fields?: Iterable<Field>;
}

/**
 * What a client has offered, to check the server's response.
 *
 * @example Insist on a subprotocol
 * ```ts
 * import { acceptKey, checkResponse, type CheckResponseOptions, generateKey, HeadFields, sha1 } from "@wsd/driver/protocol";
 * import { assertFalse } from "@std/assert";
 *
 * const options: CheckResponseOptions = {
 *   key: generateKey(),
 *   sha1,
 *   protocols: ["chat"],
 *   requireProtocol: true,
 * };
 * const fields = new HeadFields([
 *   ["Upgrade", "websocket"],
 *   ["Connection", "Upgrade"],
 *   ["Sec-WebSocket-Accept", acceptKey(options.key, options.sha1)],
 * ]);
 * assertFalse(checkResponse({ version: "1.1", status: 101, reason: "", fields }, options).accepted);
 * ```
 * @category Handshake
 */
export interface CheckResponseOptions {
  /** The key that was sent. */
  key: string;
  /** The SHA-1 digest of some bytes. */
  sha1: Sha1;
  /** The subprotocols that were offered. @default [] */
  protocols?: readonly string[];
  /** The names of the extensions that were offered. @default [] */
  extensions?: readonly string[];
  /**
   * Whether to fail if the server picks none of the offered subprotocols. RFC 6455 leaves that to the client; the web's
   * `WebSocket` and the original library fail. @default false
   */
  requireProtocol?: boolean;
}

/**
 * A server's response that opens the connection.
 *
 * @example Use the negotiated subprotocol
 * ```ts
 * import type { ResponseAcceptance, ResponseViolation } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * function protocolOf(answer: ResponseAcceptance | ResponseViolation): string | null {
 *   if (!answer.accepted) throw new Error(answer.violation);
 *   return answer.protocol;
 * }
 *
 * assertEquals(protocolOf({ accepted: true, protocol: "chat", extensions: [] }), "chat");
 * ```
 * @category Handshake
 */
export interface ResponseAcceptance {
  /** True: the response follows every rule. */
  accepted: true;
  /** The subprotocol that the server chose, null for none. */
  protocol: string | null;
  /** The extensions that the server accepted, in order. Checking their parameters is up to the extension. */
  extensions: ExtensionOffer[];
}

/**
 * A server's response that breaks a rule.
 *
 * @example Say what was wrong
 * ```ts
 * import { checkResponse, generateKey, HeadFields, sha1 } from "@wsd/driver/protocol";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const head = { version: "1.1", status: 200, reason: "OK", fields: new HeadFields() };
 * const answer = checkResponse(head, { key: generateKey(), sha1 });
 * assert(!answer.accepted);
 * assertEquals(answer.violation, 'Cannot open the connection: the status must be 101, received "200"');
 * ```
 * @category Handshake
 */
export interface ResponseViolation {
  /** False: the response breaks a rule. */
  accepted: false;
  /** One line of ASCII: the rule, and what was received. */
  violation: string;
}

/**
 * Writes the head of a client's opening handshake, RFC 6455 §4.1.
 *
 * @param options Its parts.
 * @returns The bytes, up to and including the empty line.
 * @throws {TypeError} If a part can't be written: a target that is not visible ASCII, a malformed host or key, a
 * subprotocol that is not a token, a header that the handshake sets itself, or CR, LF or NUL anywhere.
 * @throws {SyntaxError} If `extensions` doesn't follow the grammar of RFC 6455 §9.1.
 *
 * @example Request a connection
 * ```ts
 * import { formatRequestHead } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const head = formatRequestHead({ target: "/chat", host: "example.com", key: "dGhlIHNhbXBsZSBub25jZQ==" });
 * assertEquals(new TextDecoder().decode(head).split("\r\n").slice(0, 3), [
 *   "GET /chat HTTP/1.1",
 *   "Host: example.com",
 *   "Upgrade: websocket",
 * ]);
 * ```
 * @category Handshake
 */
export function formatRequestHead(options: RequestHeadOptions): Uint8Array<ArrayBuffer> {
  const { target } = options;
  if (!isTarget(target)) {
    throw new TypeError(
      `Cannot write the request target: it must be visible ASCII without #, received ${printable(String(target))}`,
    );
  }
  return formatHead(`GET ${target} HTTP/1.1`, requestFields(options));
}

/**
 * Composes the header fields of a client's opening handshake.
 *
 * @param options Their parts.
 * @returns The fields in order, `Host` first.
 * @throws {TypeError} If a part can't be written, as for {@linkcode formatRequestHead}.
 * @throws {SyntaxError} If `extensions` doesn't follow the grammar of RFC 6455 §9.1.
 *
 * @example Compose a request that something else writes
 * ```ts
 * import { generateKey, requestFields } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const fields = requestFields({ target: "/chat", host: "example.com", key: generateKey() });
 * assertEquals(fields.map(([name]) => name), [
 *   "Host",
 *   "Upgrade",
 *   "Connection",
 *   "Sec-WebSocket-Key",
 *   "Sec-WebSocket-Version",
 * ]);
 * ```
 * @category Handshake
 */
export function requestFields(options: RequestHeadOptions): Field[] {
  const { key, protocols = [], extensions = null, origin = null } = options;
  checkRequestOptions(options);
  const [host, additional] = splitHost(options.host, checkAdditionalFields(options.fields ?? []));
  if (origin !== null && additional.some(([name]) => equalsIgnoreCase(name, "origin"))) {
    throw new TypeError("Cannot add the header Origin: the option origin is also given, use only one of them");
  }
  const composed: Field[] = [
    ["Host", host],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", key],
    ["Sec-WebSocket-Version", "13"],
  ];
  if (origin !== null) composed.push(["Origin", origin]);
  if (protocols.length > 0) composed.push(["Sec-WebSocket-Protocol", protocols.join(", ")]);
  if (extensions !== null && extensions !== "") composed.push(["Sec-WebSocket-Extensions", extensions]);
  return [...composed, ...additional];
}

/** Removes an additional `Host` from the fields. */
function splitHost(host: string, fields: Field[]): [host: string, additional: Field[]] {
  const hosts = fields.filter(([name]) => equalsIgnoreCase(name, "host"));
  if (hosts.length > 1) {
    throw new TypeError(`Cannot add the header Host: there must be one at most, received ${hosts.length}`);
  }
  const [, value] = hosts[0] ?? ["Host", host];
  if (!isValidHost(value)) {
    throw new TypeError(`Cannot write Host: it must be a host with or without a port, received ${printable(value)}`);
  }
  return [value, fields.filter(([name]) => !equalsIgnoreCase(name, "host"))];
}

function checkRequestOptions({ key, protocols = [], extensions = null, origin = null }: RequestHeadOptions): void {
  if (!isValidKey(key)) {
    throw new TypeError(`Cannot write Sec-WebSocket-Key: it must be 16 bytes in base64, received ${printable(key)}`);
  }
  checkSubprotocols(protocols, "protocols");
  if (extensions !== null && extensions !== "") parseExtensions(extensions);
  if (origin !== null) checkField("Origin", origin);
}

/** RFC 6455 §3: "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used". */
function isTarget(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false;
  }
  return target.length > 0;
}

/**
 * Checks whether a response comes before the final one, such as `103 Early Hints`.
 *
 * RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response, even if
 * the client does not expect one." 101 is the final one of a handshake.
 *
 * @param head The response's head.
 * @returns True if another head follows.
 *
 * @example Wait for the final response
 * ```ts
 * import { HeadFields, isInterimResponse } from "@wsd/driver/protocol";
 * import { assert, assertFalse } from "@std/assert";
 *
 * const head = { version: "1.1", reason: "", fields: new HeadFields() };
 * assert(isInterimResponse({ ...head, status: 103 }));
 * assertFalse(isInterimResponse({ ...head, status: 101 }));
 * ```
 * @category Handshake
 */
export function isInterimResponse(head: ResponseHead): boolean {
  return head.status < 200 && head.status !== STATUS_CODE.SwitchingProtocols;
}

/**
 * Checks a server's response to a client's opening handshake by the rules of RFC 6455 §4.1.
 *
 * @param head The response's head.
 * @param options What the client has sent and offered.
 * @returns The result, or the rule that the response breaks: the client must then fail the connection.
 *
 * @example Check a response
 * ```ts
 * import { checkResponse, HeadFields, sha1 } from "@wsd/driver/protocol";
 * import { assert } from "@std/assert";
 *
 * const fields = new HeadFields([
 *   ["Upgrade", "websocket"],
 *   ["Connection", "Upgrade"],
 *   ["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
 * ]);
 * const head = { version: "1.1", status: 101, reason: "Switching Protocols", fields };
 * assert(checkResponse(head, { key: "dGhlIHNhbXBsZSBub25jZQ==", sha1 }).accepted);
 * ```
 * @category Handshake
 */
export function checkResponse(
  head: ResponseHead,
  options: CheckResponseOptions,
): ResponseAcceptance | ResponseViolation {
  const violation = checkUpgraded(head) ?? checkAccept(head, options) ?? checkProtocol(head, options);
  if (violation !== null) return violation;
  const extensions = parseAgreed(head);
  if (!Array.isArray(extensions)) return extensions;
  return checkExtensions(extensions, options) ??
    { accepted: true, protocol: head.fields.get("sec-websocket-protocol"), extensions };
}

/** §4.1, points 1 to 3 of what a client must validate: the status, `Upgrade` and `Connection`. */
function checkUpgraded({ version, status, fields }: ResponseHead): ResponseViolation | null {
  if (status !== STATUS_CODE.SwitchingProtocols) return fail("the status must be 101", String(status));
  // RFC 9110 §15.2: "HTTP/1.0 did not define any 1xx status codes". Both are a digit, a dot and a digit.
  if (version < "1.1") return fail("the HTTP version must be 1.1 or higher", version);
  const upgrade = fields.get("upgrade");
  if (upgrade === null || !equalsIgnoreCase(upgrade, "websocket")) return fail("Upgrade must be websocket", upgrade);
  const connection = fields.get("connection");
  return listContains(connection, "upgrade") ? null : fail("Connection must contain Upgrade", connection);
}

/** §4.1, point 4: the base64-encoded SHA-1 of the key, "ignoring any leading and trailing whitespace". */
function checkAccept({ fields }: ResponseHead, { key, sha1 }: CheckResponseOptions): ResponseViolation | null {
  const accept = fields.get("sec-websocket-accept");
  return accept === acceptKey(key, sha1) ? null : fail("Sec-WebSocket-Accept must match the key", accept);
}

/** §4.1, point 6: "indicates the use of a subprotocol that was not present in the client's handshake". */
function checkProtocol({ fields }: ResponseHead, options: CheckResponseOptions): ResponseViolation | null {
  const { protocols = [], requireProtocol = false } = options;
  const protocol = fields.get("sec-websocket-protocol");
  if (protocol === null) {
    return requireProtocol && protocols.length > 0 ? fail("a subprotocol must be chosen", protocol) : null;
  }
  return protocols.includes(protocol) ? null : fail("the subprotocol must be one that was offered", protocol);
}

function parseAgreed({ fields }: ResponseHead): ExtensionOffer[] | ResponseViolation {
  const value = fields.get("sec-websocket-extensions");
  // §11.3.2: "the |Sec-WebSocket-Extensions| header field MUST NOT appear more than once in an HTTP response".
  if (fields.getAll("sec-websocket-extensions").length > 1) {
    return fail("Sec-WebSocket-Extensions must come once", value);
  }
  try {
    return value === null ? [] : parseExtensions(value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { accepted: false, violation: error.message };
  }
}

/** §4.1, point 5: "indicates the use of an extension that was not present in the client's handshake". */
function checkExtensions(agreed: ExtensionOffer[], options: CheckResponseOptions): ResponseViolation | null {
  const { extensions = [] } = options;
  const stranger = agreed.find(({ name }) => !extensions.includes(name));
  return stranger === undefined ? null : fail("the extension must be one that was offered", stranger.name);
}

function fail(rule: string, received: string | null): ResponseViolation {
  return { accepted: false, violation: `Cannot open the connection: ${rule}, received ${printable(received)}` };
}
