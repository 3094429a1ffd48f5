import type { ResponseHead } from "../http/response_head_parser.ts";
import type { Transport } from "../transport/transport.ts";

/** How much of a refusal's body to keep, in bytes. */
const MAX_BODY = 64 * 1024;

/** How much to read for it, in bytes: chunks take more on the wire than their content. */
const MAX_READ = 4 * MAX_BODY;

/** How long a body may take after its head, in milliseconds, before the refusal is reported. */
const PATIENCE = 250;

/** The statuses whose responses never have a body, RFC 9110 §6.4.1. */
const BODILESS = new Set([204, 304]);

const LF = 0x0a;
const ZERO = 0x30;

/** Collects the start of a body. */
interface BodyReader {
  /** True once the body is complete, or as long as the limit. */
  readonly done: boolean;
  /** The bytes that have arrived so far. */
  readonly body: Uint8Array;
  /** Adds the next bytes. */
  push(bytes: Uint8Array): void;
}

/**
 * Reads the start of a refusal's body: delimited by `Content-Length` or chunks, or up to the end of the connection, or
 * the part that arrives within a quarter of a second. Afterwards the transport can only be closed: it may still be
 * reading.
 *
 * @param transport The connection.
 * @param head The response's head.
 * @param early Bytes that arrived with the head.
 * @returns At most 64 KiB; the part that has arrived if the connection fails meanwhile.
 */
export async function readBody(transport: Transport, head: ResponseHead, early: Uint8Array): Promise<Uint8Array> {
  const reader = readerFor(head);
  reader.push(early);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE));
  await Promise.race([readInto(reader, transport, MAX_READ - early.length), timeUp]);
  clearTimeout(timer);
  return reader.body;
}

async function readInto(reader: BodyReader, transport: Transport, most: number): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    for (let read = 0; !reader.done && read < most;) {
      const count = await transport.read(buffer);
      if (count === null) break;
      reader.push(buffer.subarray(0, count));
      read += count;
    }
  } catch {
    // The connection has failed or was closed: the part that has arrived is better than nothing.
  }
}

/** RFC 9112 §6.3: how long a body is. */
function readerFor({ status, fields }: ResponseHead): BodyReader {
  if (BODILESS.has(status)) return new PlainBody(0);
  if (fields.has("transfer-encoding")) return new ChunkedBody();
  const length = fields.get("content-length");
  return new PlainBody(length === null ? MAX_BODY : parseLength(length));
}

/** A length that isn't a number delimits nothing: then there is no body. */
function parseLength(text: string): number {
  for (const digit of text) if (digit < "0" || digit > "9") return 0;
  return Math.min(Number(text), MAX_BODY);
}

class PlainBody implements BodyReader {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(most: number) {
    this.#bytes = new Uint8Array(most);
  }

  get done(): boolean {
    return this.#length === this.#bytes.length;
  }

  get body(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  push(bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.#bytes.length - this.#length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }
}

/** Parses the chunks of RFC 9112 §7.1: `chunk-size [ chunk-ext ] CRLF chunk-data CRLF`. */
class ChunkedBody implements BodyReader {
  readonly #body = new PlainBody(MAX_BODY);
  #line = "";
  /** How much of the chunk is still missing, including the CRLF after it. */
  #remaining = 0;
  #ended = false;

  get done(): boolean {
    return this.#ended || this.#body.done;
  }

  get body(): Uint8Array {
    return this.#body.body;
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.done;) {
      at += this.#remaining > 0 ? this.#takeData(bytes.subarray(at)) : this.#takeLine(bytes.subarray(at));
    }
  }

  #takeData(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.#remaining);
    this.#body.push(part.subarray(0, Math.max(this.#remaining - 2, 0)));
    this.#remaining -= part.length;
    return part.length;
  }

  #takeLine(bytes: Uint8Array): number {
    const end = bytes.indexOf(LF);
    const line = bytes.subarray(0, end < 0 ? bytes.length : end);
    const start = this.#skipZeros(line);
    this.#line = (this.#line + String.fromCharCode(...line.subarray(start, start + 16))).slice(0, 16);
    if (end < 0) return bytes.length;
    const size = parseInt(this.#line, 16);
    this.#line = "";
    if (size > 0) this.#remaining = size + 2;
    else this.#ended = true;
    return end + 1;
  }

  /** RFC 9112 §7.1: "recipients MUST anticipate potentially large hexadecimal numerals"; leading zeros don't count. */
  #skipZeros(line: Uint8Array): number {
    let count = 0;
    if (this.#line === "" || this.#line === "0") { while (line[count] === ZERO) count++; }
    if (count > 0) this.#line = "0";
    return count;
  }
}
