import { STATUS_CODE } from "@std/http/status";
import { acceptKey, isValidKey, type Sha1 } from "./accept_key.ts";
import { checkAdditionalFields } from "./additional_fields.ts";
import { type ExtensionOffer, parseExtensions } from "./extension_list.ts";
import { checkField, type Field } from "../http/format_head.ts";
import type { FieldSource } from "../http/head_fields.ts";
import { isAllowedHost, isValidHost } from "../http/host.ts";
import { listContains } from "../http/list_contains.ts";
import { isAllowedOrigin } from "./origin.ts";
import { printable } from "../http/printable.ts";
import { chooseSubprotocol, parseSubprotocols } from "./subprotocol.ts";

/**
 * The parts of a client's request that a server checks. A {@linkcode RequestHead} has them.
 *
 * @example From a web `Request`
 * ```ts
 * import { type HandshakeRequest, isHandshake } from "@wsd/driver/protocol";
 * import { assertFalse } from "@std/assert";
 *
 * function toHandshakeRequest({ method, headers }: Request): HandshakeRequest {
 *   return { method, fields: headers };
 * }
 *
 * assertFalse(isHandshake(toHandshakeRequest(new Request("http://localhost/", { method: "POST" }))));
 * ```
 * @category Handshake
 */
export interface HandshakeRequest {
  /** The method, with its case. */
  method: string;
  /** The header fields. */
  fields: FieldSource;
  /** The HTTP version's numbers, such as `1.1`; not checked if it is not known. */
  version?: string;
}

/**
 * How a server checks a client's request.
 *
 * @example Refuse pages of other sites
 * ```ts
 * import { acceptHandshake, type AcceptHandshakeOptions, generateKey, HeadFields, sha1 } from "@wsd/driver/protocol";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const options: AcceptHandshakeOptions = {
 *   sha1,
 *   acceptProtocols: ["chat"],
 *   allowedOrigins: ["https://example.com"],
 * };
 * const fields = new HeadFields([
 *   ["Host", "example.com"],
 *   ["Upgrade", "websocket"],
 *   ["Connection", "Upgrade"],
 *   ["Sec-WebSocket-Key", generateKey()],
 *   ["Sec-WebSocket-Version", "13"],
 *   ["Origin", "https://elsewhere.example"],
 * ]);
 * const handshake = acceptHandshake({ method: "GET", fields }, options);
 * assert(!handshake.accepted);
 * assertEquals(handshake.status, 403);
 * ```
 * @category Handshake
 */
export interface AcceptHandshakeOptions {
  /** The SHA-1 digest of some bytes. */
  sha1: Sha1;
  /** The subprotocols that the server supports, tokens, in any order. @default [] */
  acceptProtocols?: readonly string[];
  /**
   * The origins that may connect, each exactly as browsers send it; `"same-host"` for those whose host is that in
   * `Host`, whatever the scheme. @default all, and clients that send none
   */
  allowedOrigins?: readonly string[] | "same-host";
  /** The hosts that may be requested, each as in `Host`, with its port if any. @default every host */
  allowedHosts?: readonly string[];
  /**
   * Whether a `Host` is required; false if another program has read the head, and checked or removed it. @default true
   */
  requireHost?: boolean;
}

/**
 * A handshake that can be answered with 101.
 *
 * @example Write the response
 * ```ts
 * import { formatResponseHead, type HandshakeAcceptance, responseFields } from "@wsd/driver/protocol";
 *
 * export function answer(acceptance: HandshakeAcceptance): Uint8Array {
 *   return formatResponseHead(101, responseFields(acceptance));
 * }
 * ```
 * @category Handshake
 */
export interface HandshakeAcceptance {
  /** True: the request follows every rule. */
  accepted: true;
  /** The value of `Sec-WebSocket-Accept`. */
  accept: string;
  /** The subprotocol that both sides support, null if there is none. */
  protocol: string | null;
  /** The extensions that the client offers, in order. */
  offers: ExtensionOffer[];
}

/**
 * A refused request.
 *
 * @example Write the response
 * ```ts
 * import { acceptHandshake, formatResponseHead, type HandshakeRefusal, HeadFields, sha1 } from "@wsd/driver/protocol";
 * import { assert, assertEquals } from "@std/assert";
 *
 * function answer({ status, fields }: HandshakeRefusal): Uint8Array {
 *   return formatResponseHead(status, [...fields, ["Content-Length", "0"]]);
 * }
 *
 * const handshake = acceptHandshake({ method: "POST", fields: new HeadFields() }, { sha1 });
 * assert(!handshake.accepted);
 * const head = new TextDecoder().decode(answer(handshake));
 * assertEquals(head, "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n");
 * ```
 * @category Handshake
 */
export interface HandshakeRefusal {
  /** False: the request breaks a rule. */
  accepted: false;
  /**
   * The response's status: 405 for another method, 426 for another version, 403 if the client may not connect, or 400.
   */
  status: 400 | 403 | 405 | 426;
  /** One line of ASCII: what was expected, and what was received. It can be the body of the response. */
  reason: string;
  /** The header fields that belong to the status. */
  fields: Field[];
}

const UPGRADE: Field = ["Upgrade", "websocket"];
const CONNECTION: Field = ["Connection", "Upgrade"];

type Check = (request: HandshakeRequest, options: AcceptHandshakeOptions) => HandshakeRefusal | null;

/** The rules of RFC 6455 §4.2.1, in the order in which they are checked. */
const CHECKS: readonly Check[] = [
  checkMethod,
  checkHttpVersion,
  checkHost,
  checkAllowedHost,
  checkUpgrade,
  checkConnection,
  checkVersion,
  checkKey,
  checkBody,
  checkOrigin,
];

/**
 * Checks a client's opening handshake by the rules of RFC 6455 §4.2.1.
 *
 * It never throws because of a peer. To respond, write a 101 with {@linkcode responseFields}, or the refusal's status
 * and fields with its reason as the body.
 *
 * @param request The client's request.
 * @param options What the server accepts.
 * @returns The values for the response, or why the request is refused.
 *
 * @example Accept a client
 * ```ts
 * import { acceptHandshake, HeadFields, sha1 } from "@wsd/driver/protocol";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const fields = new HeadFields([
 *   ["Host", "server.example.com"],
 *   ["Upgrade", "websocket"],
 *   ["Connection", "Upgrade"],
 *   ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
 *   ["Sec-WebSocket-Protocol", "chat, superchat"],
 *   ["Sec-WebSocket-Version", "13"],
 * ]);
 * const handshake = acceptHandshake({ method: "GET", fields }, { acceptProtocols: ["superchat"], sha1 });
 * assert(handshake.accepted);
 * assertEquals(handshake.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * assertEquals(handshake.protocol, "superchat");
 * ```
 * @category Handshake
 */
export function acceptHandshake(
  request: HandshakeRequest,
  options: AcceptHandshakeOptions,
): HandshakeAcceptance | HandshakeRefusal {
  for (const check of CHECKS) {
    const refusal = check(request, options);
    if (refusal !== null) return refusal;
  }
  return negotiate(request, options);
}

/**
 * Checks whether a request asks for a WebSocket of this version: a GET with the upgrade headers and version 13.
 * {@linkcode acceptHandshake} may still refuse it.
 *
 * @param request The client's request.
 * @returns True if it asks for one.
 *
 * @example Distinguish a page view from a WebSocket
 * ```ts
 * import { isHandshake } from "@wsd/driver/protocol";
 * import { assertFalse } from "@std/assert";
 *
 * const request = new Request("http://example.com/");
 * assertFalse(isHandshake({ method: request.method, fields: request.headers }));
 * ```
 * @category Handshake
 */
export function isHandshake(request: HandshakeRequest): boolean {
  return (checkMethod(request) ?? checkUpgrade(request) ?? checkConnection(request) ?? checkVersion(request)) === null;
}

/**
 * Additions to the 101.
 *
 * @example Accept an extension, and set a cookie
 * ```ts
 * import { type HandshakeAcceptance, responseFields, type ResponseFieldsOptions } from "@wsd/driver/protocol";
 *
 * const options: ResponseFieldsOptions = { extensions: "permessage-deflate", fields: [["Set-Cookie", "seen=1"]] };
 *
 * export function answer(acceptance: HandshakeAcceptance): Headers {
 *   return new Headers(responseFields(acceptance, options).map(([name, value]) => [name, value]));
 * }
 * ```
 * @category Handshake
 */
export interface ResponseFieldsOptions {
  /** The value of `Sec-WebSocket-Extensions`: the accepted ones, null for none. @default null */
  extensions?: string | null;
  /** Additional header fields. @default [] */
  fields?: Iterable<Field>;
}

/**
 * Composes the header fields of the 101 that accepts a handshake, RFC 6455 §4.2.2.
 *
 * @param acceptance The result of {@linkcode acceptHandshake}.
 * @param options The extensions and the caller's own fields.
 * @returns The fields in order, for {@linkcode formatResponseHead}.
 * @throws {TypeError} If the handshake sets an additional field itself, or one can't be written.
 *
 * @example The response's fields
 * ```ts
 * import { responseFields } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
 * assertEquals(responseFields({ accepted: true, accept, protocol: "chat", offers: [] }), [
 *   ["Upgrade", "websocket"],
 *   ["Connection", "Upgrade"],
 *   ["Sec-WebSocket-Accept", accept],
 *   ["Sec-WebSocket-Protocol", "chat"],
 * ]);
 * ```
 * @category Handshake
 */
export function responseFields(acceptance: HandshakeAcceptance, options: ResponseFieldsOptions = {}): Field[] {
  const { extensions = null, fields = [] } = options;
  const composed: Field[] = [UPGRADE, CONNECTION, ["Sec-WebSocket-Accept", acceptance.accept]];
  if (acceptance.protocol !== null) composed.push(["Sec-WebSocket-Protocol", acceptance.protocol]);
  if (extensions !== null && extensions !== "") {
    checkField("Sec-WebSocket-Extensions", extensions);
    composed.push(["Sec-WebSocket-Extensions", extensions]);
  }
  return [...composed, ...checkAdditionalFields(fields)];
}

/** §4.2.1: "An HTTP/1.1 or higher GET request". */
function checkMethod({ method }: HandshakeRequest): HandshakeRefusal | null {
  return method === "GET" ? null : refuse("the method must be GET", method, 405, [["Allow", "GET"]]);
}

function checkHttpVersion({ version }: HandshakeRequest): HandshakeRefusal | null {
  // Both are a digit, a dot and a digit, so that they compare as text.
  return version === undefined || version >= "1.1" ? null : refuse("the HTTP version must be 1.1 or higher", version);
}

/** §4.2.1: "A |Host| header field containing the server's authority." */
function checkHost({ fields }: HandshakeRequest, options: AcceptHandshakeOptions): HandshakeRefusal | null {
  if (options.requireHost === false) return null;
  const host = fields.get("host");
  return host !== null && isValidHost(host) ? null : refuse("Host must be one host with or without a port", host);
}

/** A page whose own name resolves to this server (DNS rebinding) requests that name. */
function checkAllowedHost({ fields }: HandshakeRequest, options: AcceptHandshakeOptions): HandshakeRefusal | null {
  if (options.allowedHosts === undefined) return null;
  const host = fields.get("host");
  return isAllowedHost(host, options.allowedHosts) ? null : refuse("Host must be one of the allowed hosts", host, 403);
}

/** §4.2.1: "containing the value "websocket", treated as an ASCII case-insensitive value". */
function checkUpgrade({ fields }: HandshakeRequest): HandshakeRefusal | null {
  const upgrade = fields.get("upgrade");
  if (listContains(upgrade, "websocket")) return null;
  const refusal = refuse("Upgrade must contain websocket", upgrade);
  // Most of these are not handshakes, but a person with a browser.
  return upgrade === null
    ? { ...refusal, reason: `${refusal.reason} (connect with ws: or wss:, this is not a page)` }
    : refusal;
}

/** §4.2.1: "that includes the token "Upgrade", treated as an ASCII case-insensitive value". */
function checkConnection({ fields }: HandshakeRequest): HandshakeRefusal | null {
  const connection = fields.get("connection");
  return listContains(connection, "upgrade") ? null : refuse("Connection must contain Upgrade", connection);
}

/** §4.4: "it MUST respond with a |Sec-WebSocket-Version| header field […] containing all versions". */
function checkVersion({ fields }: HandshakeRequest): HandshakeRefusal | null {
  const version = fields.get("sec-websocket-version");
  if (version === "13") return null;
  const rule = "Sec-WebSocket-Version must be 13";
  const answer: Field[] = [["Sec-WebSocket-Version", "13"]];
  if (version === null) return refuse(rule, version, 400, answer);
  // RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response".
  return refuse(rule, version, 426, [["Upgrade", "websocket"], ["Connection", "Upgrade"], ...answer]);
}

/** §4.2.1: "A |Sec-WebSocket-Key| header field with a base64-encoded […] value that, when decoded, is 16 bytes". */
function checkKey({ fields }: HandshakeRequest): HandshakeRefusal | null {
  const key = fields.get("sec-websocket-key");
  return key !== null && isValidKey(key) ? null : refuse("Sec-WebSocket-Key must be 16 bytes in base64", key);
}

/** A body would be read as frames here, but as a body by a proxy, which allows request smuggling. */
function checkBody({ fields }: HandshakeRequest): HandshakeRefusal | null {
  const encoding = fields.get("transfer-encoding");
  if (encoding !== null) return refuse("a handshake must have no Transfer-Encoding", encoding);
  const length = fields.get("content-length");
  return length === null || length === "0"
    ? null
    : refuse("a handshake must have no body, with a Content-Length of 0 if any", length);
}

/** §10.2: "If the origin indicated is unacceptable to the server, then it SHOULD respond […] HTTP 403 Forbidden". */
function checkOrigin({ fields }: HandshakeRequest, options: AcceptHandshakeOptions): HandshakeRefusal | null {
  if (options.allowedOrigins === undefined) return null;
  const origin = fields.get("origin");
  return isAllowedOrigin(origin, options.allowedOrigins, fields.get("host"))
    ? null
    : refuse("Origin must be one of the allowed origins", origin, 403);
}

function negotiate(
  { fields }: HandshakeRequest,
  { acceptProtocols = [], sha1 }: AcceptHandshakeOptions,
): HandshakeAcceptance | HandshakeRefusal {
  const protocols = fields.get("sec-websocket-protocol");
  const extensions = fields.get("sec-websocket-extensions");
  try {
    return {
      accepted: true,
      protocol: protocols === null ? null : chooseSubprotocol(parseSubprotocols(protocols), acceptProtocols),
      offers: extensions === null ? [] : parseExtensions(extensions),
      accept: acceptKey(fields.get("sec-websocket-key") ?? "", sha1),
    };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { accepted: false, status: STATUS_CODE.BadRequest, reason: error.message, fields: [] };
  }
}

function refuse(
  rule: string,
  received: string | null,
  status: HandshakeRefusal["status"] = STATUS_CODE.BadRequest,
  fields: Field[] = [],
): HandshakeRefusal {
  const reason = `Cannot accept the handshake: ${rule}, received ${printable(received)}`;
  return { accepted: false, status, reason, fields };
}
