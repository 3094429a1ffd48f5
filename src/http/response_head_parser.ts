import { HeadError } from "./head_error.ts";
import type { HeadFields } from "./head_fields.ts";
import { type HeadLimits, resolveHeadLimits, RESPONSE_HEAD_LIMITS } from "./head_limits.ts";
import { HeadReader } from "./head_reader.ts";
import { parseHttpVersion } from "./http_version.ts";
import { printable } from "./printable.ts";
import { isDigitCode } from "./token.ts";

/**
 * The head of an HTTP/1.x response.
 *
 * @example See where a server redirects to
 * ```ts
 * import { type ResponseHead, ResponseHeadParser } from "@wsd/driver/protocol";
 *
 * const parser = new ResponseHeadParser();
 * parser.push(new TextEncoder().encode("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"));
 * const { status, reason, fields }: ResponseHead = parser.head;
 * console.log([status, reason, fields.get("location")]); // [ 302, "Found", "/elsewhere" ]
 * ```
 * @category HTTP heads
 */
export interface ResponseHead {
  /** The HTTP version's numbers, such as `1.1`. */
  version: string;
  /** The status code, 100 to 599. */
  status: number;
  /** The reason phrase, often empty; one character per byte, U+0000 to U+00FF. */
  reason: string;
  /** The header fields. */
  fields: HeadFields;
}

/**
 * Reads the head of an HTTP/1.x response from bytes as they arrive.
 *
 * It is as strict as {@linkcode RequestHeadParser}, except that servers may leave out the space before an empty reason
 * phrase, and fold lines. RFC 9112 §5.2: "A user agent that receives an obs-fold in a response message […] MUST replace
 * each received obs-fold with one or more SP octets prior to interpreting the field value."
 *
 * @example Read a head that is followed by the first frame
 * ```ts
 * import { ResponseHeadParser } from "@wsd/driver/protocol";
 *
 * const parser = new ResponseHeadParser();
 * const chunk = new TextEncoder().encode("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x01\x00");
 * const consumed = parser.push(chunk);
 * console.log(parser.head.status); // 101
 * console.log(chunk.subarray(consumed)); // Uint8Array(2) [ 1, 0 ]
 * ```
 * @category HTTP heads
 */
export class ResponseHeadParser {
  readonly #reader: HeadReader;
  #version = "";
  #status = 0;
  #reason = "";

  /**
   * Creates a parser for one head.
   *
   * @param limits The limits; {@linkcode RESPONSE_HEAD_LIMITS} are the defaults.
   * @throws {TypeError} If the limits aren't an object, or contain an unknown name.
   * @throws {RangeError} If a limit is not a positive integer.
   */
  constructor(limits: Partial<HeadLimits> = {}) {
    this.#reader = new HeadReader({
      limits: resolveHeadLimits(limits, RESPONSE_HEAD_LIMITS),
      kind: "response",
      allowEmptyLine: false,
      unfoldLines: true,
      onStartLine: (line) => this.#parseStatusLine(line),
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
  get head(): ResponseHead {
    if (!this.done) {
      throw new TypeError("Cannot return the response head: it is not complete yet, push the rest of its bytes first");
    }
    return { version: this.#version, status: this.#status, reason: this.#reason, fields: this.#reader.fields };
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

  /** RFC 9112 §4: `status-line = HTTP-version SP status-code SP [ reason-phrase ]`. */
  #parseStatusLine(line: string): void {
    this.#version = parseHttpVersion(line.slice(0, 8), "response");
    if (!isStatusPart(line)) {
      throw new HeadError(
        `Cannot read the response head: a status of 100 to 599 must follow the version, received ${printable(line)}`,
      );
    }
    this.#status = Number(line.slice(9, 12));
    this.#reason = line.slice(13);
  }
}

/** Checks `" 101"` after the version, and that a space or nothing follows. */
function isStatusPart(line: string): boolean {
  const hundreds = line.charCodeAt(9) - 0x30;
  return line[8] === " " && hundreds >= 1 && hundreds <= 5 && isDigitCode(line.charCodeAt(10)) &&
    isDigitCode(line.charCodeAt(11)) && (line.length === 12 || line[12] === " ");
}
