import { HeadError } from "./head_error.ts";
import type { HeadFields } from "./head_fields.ts";
import { type HeadLimits, REQUEST_HEAD_LIMITS, resolveHeadLimits } from "./head_limits.ts";
import { HeadReader } from "./head_reader.ts";
import { parseHttpVersion } from "./http_version.ts";
import { isToken } from "./token.ts";
import { printable } from "./printable.ts";

/**
 * The head of an HTTP/1.x request.
 *
 * @example Check a head that was read
 * ```ts
 * import { isHandshake, type RequestHead, RequestHeadParser } from "@wsd/driver/protocol";
 *
 * const parser = new RequestHeadParser();
 * parser.push(new TextEncoder().encode("GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\n\r\n"));
 * const head: RequestHead = parser.head;
 * console.log([head.method, head.target, head.version]); // [ "GET", "/chat?room=1", "1.1" ]
 * console.log(isHandshake(head)); // false
 * ```
 * @category HTTP heads
 */
export interface RequestHead {
  /** The method as it was spelled, such as `GET`. Methods are case-sensitive. */
  method: string;
  /** The request target as it was received: visible ASCII, in whatever form, such as `/chat?room=1`, `*` or `//`. */
  target: string;
  /** The HTTP version's numbers, such as `1.1`. */
  version: string;
  /** The header fields. */
  fields: HeadFields;
}

/**
 * Reads the head of an HTTP/1.x request from bytes as they arrive.
 *
 * It is as strict as RFC 9112: lines end in CRLF and are not folded, there is no white space before a colon, and no
 * control character. One empty line before the request line is ignored. A head that is too long is refused as soon as
 * it exceeds a limit. However the bytes are split, each is looked at once.
 *
 * @example Read a head that comes in two pieces
 * ```ts
 * import { RequestHeadParser } from "@wsd/driver/protocol";
 *
 * const encoder = new TextEncoder();
 * const parser = new RequestHeadParser();
 * console.log(parser.push(encoder.encode("GET /chat HTTP/1.1\r\nHo"))); // 22
 * console.log(parser.push(encoder.encode("st: example.com\r\n\r\nrest"))); // 19
 * console.log(parser.done); // true
 * console.log(parser.head.target); // /chat
 * console.log(parser.head.fields.get("host")); // example.com
 * ```
 * @category HTTP heads
 */
export class RequestHeadParser {
  readonly #reader: HeadReader;
  #method = "";
  #target = "";
  #version = "";

  /**
   * Creates a parser for one head.
   *
   * @param limits The limits; {@linkcode REQUEST_HEAD_LIMITS} are the defaults.
   * @throws {TypeError} If the limits aren't an object, or contain an unknown name.
   * @throws {RangeError} If a limit is not a positive integer.
   */
  constructor(limits: Partial<HeadLimits> = {}) {
    this.#reader = new HeadReader({
      limits: resolveHeadLimits(limits, REQUEST_HEAD_LIMITS),
      kind: "request",
      allowEmptyLine: true,
      unfoldLines: false,
      onStartLine: (line) => this.#parseRequestLine(line),
    });
  }

  /** True once the head is complete. */
  get done(): boolean {
    return this.#reader.done;
  }

  /**
   * The head that was read.
   *
   * @throws {TypeError} If it isn't complete yet.
   */
  get head(): RequestHead {
    if (!this.done) {
      throw new TypeError("Cannot return the request head: it is not complete yet, push the rest of its bytes first");
    }
    return { method: this.#method, target: this.#target, version: this.#version, fields: this.#reader.fields };
  }

  /**
   * Parses bytes.
   *
   * @param chunk The bytes as they arrived; the array is not kept.
   * @returns How many belong to the head: all, or fewer once it is complete. The rest is what follows the head.
   * @throws {HeadError} If the head is malformed or too long, and at every later call.
   */
  push(chunk: Uint8Array): number {
    return this.#reader.push(chunk);
  }

  /** RFC 9112 §3: `request-line = method SP request-target SP HTTP-version`. */
  #parseRequestLine(line: string): void {
    const first = line.indexOf(" ");
    const last = line.lastIndexOf(" ");
    if (first === last) fail("its first line must be a method, a target and a version", line);
    this.#method = line.slice(0, first);
    this.#target = line.slice(first + 1, last);
    if (!isToken(this.#method)) fail("the method must be a token", this.#method);
    if (!isTarget(this.#target)) fail("the target must be visible ASCII", this.#target);
    this.#version = parseHttpVersion(line.slice(last + 1), "request");
  }
}

/** RFC 9112 §3.2: "No whitespace is allowed in the request-target." Its other characters are those of a URI: ASCII. */
function isTarget(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  return text.length > 0;
}

function fail(rule: string, received: string): never {
  throw new HeadError(`Cannot read the request head: ${rule}, received ${printable(received)}`);
}
