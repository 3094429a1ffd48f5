import { HeadError } from "./head_error.ts";
import { HeadFields } from "./head_fields.ts";
import type { HeadLimits } from "./head_limits.ts";
import { latin1Decode } from "./latin1.ts";
import { isFolded, parseFieldLine } from "./field_line.ts";
import { trimWhitespace } from "./trim_whitespace.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DELETE = 0x7f;

/** How a request's head differs from a response's. */
export interface HeadReaderOptions {
  /** The limits. */
  limits: HeadLimits;
  /** What is read, for error messages. */
  kind: "request" | "response";
  /** Whether one empty line may come before the start line. */
  allowEmptyLine: boolean;
  /** Whether a field may continue in a line that starts with white space. */
  unfoldLines: boolean;
  /** Parses the start line, as soon as it is complete. */
  onStartLine: (line: string) => void;
}

/**
 * Splits the bytes of an HTTP/1.1 head into a start line and header fields, for the parsers of requests and responses.
 *
 * Every byte is checked when it arrives, so the outcome doesn't depend on how the bytes were split into chunks, and
 * garbage is refused at its first control character.
 */
export class HeadReader {
  /** The header fields so far. */
  readonly fields: HeadFields = new HeadFields();
  readonly #options: HeadReaderOptions;
  #stage: "start line" | "fields" | "done" = "start line";
  #error: unknown = null;
  #line = "";
  #total = 0;
  #afterCarriageReturn = false;
  #emptyLineTaken = false;

  /**
   * Creates a reader for one head.
   *
   * @param options How a request's head differs from a response's.
   */
  constructor(options: HeadReaderOptions) {
    this.#options = options;
  }

  /** True once the empty line after the fields was read. */
  get done(): boolean {
    return this.#stage === "done";
  }

  /**
   * Parses bytes.
   *
   * @param chunk The bytes as they arrived.
   * @returns How many bytes belong to the head.
   * @throws {HeadError} If the head is malformed or too long, and at every later call.
   */
  push(chunk: Uint8Array): number {
    if (this.#error !== null) throw this.#error;
    let consumed = 0;
    try {
      while (consumed < chunk.length && !this.done) consumed += this.#takeNext(chunk, consumed);
    } catch (error) {
      this.#error = error;
      throw error;
    }
    return consumed;
  }

  /** Reads a run of text, or one other byte. */
  #takeNext(chunk: Uint8Array, start: number): number {
    let end = start;
    if (!this.#afterCarriageReturn) { while (end < chunk.length && isText(chunk[end])) end++; }
    if (end === start) this.#takeLineEnd(chunk[start]);
    else this.#append(chunk.subarray(start, end));
    return Math.max(end - start, 1);
  }

  #takeLineEnd(byte: number): void {
    if (this.#headRoom < 1) this.#failHeadTooLong();
    this.#total++;
    if (this.#afterCarriageReturn) this.#takeLineFeed(byte);
    else if (byte === CR) this.#afterCarriageReturn = true;
    else {this.#fail(
        `${byte === LF ? "a line must end in CRLF" : "it must have no control characters"}, received ${hex(byte)}`,
      );}
  }

  /** RFC 9112 §2.2: "A recipient of such a bare CR MUST consider that element to be invalid or replace" it. */
  #takeLineFeed(byte: number): void {
    if (byte !== LF) this.#fail(`a line must end in CRLF, received CR and ${hex(byte)}`);
    this.#afterCarriageReturn = false;
    const line = this.#line;
    this.#line = "";
    if (this.#stage === "start line") this.#takeStartLine(line);
    else if (line === "") this.#stage = "done";
    else this.#takeField(line);
  }

  /** RFC 9112 §2.2: "a server […] SHOULD ignore at least one empty line (CRLF) received prior to the request-line". */
  #takeStartLine(line: string): void {
    if (line === "" && this.#options.allowEmptyLine && !this.#emptyLineTaken) {
      this.#emptyLineTaken = true;
      return;
    }
    this.#options.onStartLine(line);
    this.#stage = "fields";
  }

  #takeField(line: string): void {
    const { limits: { maxFields }, kind, unfoldLines } = this.#options;
    if (unfoldLines && this.fields.size > 0 && isFolded(line)) return this.fields.extend(trimWhitespace(line));
    if (this.fields.size >= maxFields) this.#failTooLong(`it must have at most ${maxFields} header fields`);
    const [name, value] = parseFieldLine(line, kind);
    this.fields.append(name, value);
  }

  /** Keeps a run of text. If it exceeds two limits, the error names the one that its bytes reach first. */
  #append(text: Uint8Array): void {
    const { maxStartLine, maxFieldLine } = this.#options.limits;
    const limit = this.#stage === "start line" ? maxStartLine : maxFieldLine;
    const lineRoom = limit - this.#line.length;
    if (text.length > this.#headRoom && this.#headRoom <= lineRoom) this.#failHeadTooLong();
    if (text.length > lineRoom) this.#failTooLong(`a line must have at most ${limit} bytes`);
    const decoded = latin1Decode(text);
    this.#line = this.#line === "" ? decoded : this.#line + decoded;
    this.#total += text.length;
  }

  /** How many more bytes the head may have. */
  get #headRoom(): number {
    return this.#options.limits.maxHead - this.#total;
  }

  #failHeadTooLong(): never {
    this.#failTooLong(`it must have at most ${this.#options.limits.maxHead} bytes`);
  }

  #failTooLong(rule: string): never {
    throw new HeadError(
      `Cannot read the ${this.#options.kind} head: ${rule}, received more`,
      this.#stage === "start line" ? 414 : 431,
    );
  }

  #fail(rest: string): never {
    throw new HeadError(`Cannot read the ${this.#options.kind} head: ${rest}`);
  }
}

/** RFC 9110 §5.5: `field-vchar = VCHAR / obs-text`, with spaces and tabs between; a start line has a subset of it. */
function isText(byte: number): boolean {
  return (byte >= SPACE && byte !== DELETE) || byte === HTAB;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
