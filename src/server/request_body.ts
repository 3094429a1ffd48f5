import { STATUS_CODE } from "@std/http/status";
import { equalsIgnoreCase } from "../http/equals_ignore_case.ts";
import type { RequestHead } from "../http/request_head_parser.ts";
import { trimWhitespace } from "../http/trim_whitespace.ts";
import type { Transport } from "../transport/transport.ts";
import { RequestError } from "./request_error.ts";

/** How much of a body is read at a time, in bytes. */
const CHUNK = 16 * 1024;

/**
 * Gives the body of a request, as long as `Content-Length` says. It is read from the transport as it is read from the
 * stream.
 *
 * @param head The request's head.
 * @param early What has come of it with the head.
 * @param transport Where the rest comes from.
 * @returns The body, null where there is none.
 * @throws {RequestError} Where the length is malformed or not told beforehand.
 */
export function requestBody(
  head: RequestHead,
  early: Uint8Array,
  transport: Transport,
): ReadableStream<Uint8Array> | null {
  refuseCoding(head);
  const text = head.fields.get("content-length");
  if (text === null || text === "0") return null;
  const length = parseLength(text);
  let remaining = length;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      let chunk = early.subarray(0, remaining);
      early = early.subarray(chunk.length);
      if (chunk.length === 0) {
        const buffer = new Uint8Array(Math.min(CHUNK, remaining));
        const count = await transport.read(buffer).catch(() => null);
        if (count === null) {
          throw new TypeError(`Cannot read the request's body to its end: received ${length - remaining} of ${length}`);
        }
        chunk = buffer.subarray(0, count);
      }
      remaining -= chunk.length;
      controller.enqueue(chunk.slice());
      if (remaining === 0) controller.close();
    },
  });
}

/**
 * RFC 9112 §6.3: "A server MAY reject a request that contains a message body but not a Content-Length by responding with
 * 411 (Length Required)." What is ambiguous, or may have been cut by somebody before us, is an error: both lengths, a
 * coding that ends nowhere, any coding of HTTP/1.0 (§6.1).
 */
function refuseCoding({ version, fields }: RequestHead): void {
  const value = fields.get("transfer-encoding");
  if (value === null) return;
  const codings = value.split(",").map(trimWhitespace).filter((coding) => coding !== "");
  if (fields.has("content-length") || version === "1.0" || !equalsIgnoreCase(codings.at(-1) ?? "", "chunked")) {
    throw new RequestError(STATUS_CODE.BadRequest, "Cannot serve a request that doesn't tell where its body ends");
  }
  if (codings.length > 1) {
    throw new RequestError(STATUS_CODE.NotImplemented, "Cannot serve a body in another transfer coding than chunked");
  }
  throw new RequestError(STATUS_CODE.LengthRequired, "Cannot serve a body of unknown length: give a Content-Length");
}

/** RFC 9112 §6.3: a recipient must treat an invalid Content-Length as an unrecoverable error. */
function parseLength(text: string): number {
  for (const digit of text) if (digit < "0" || digit > "9") throw malformed();
  const length = Number(text);
  if (text === "" || !Number.isSafeInteger(length)) throw malformed();
  return length;
}

function malformed(): RequestError {
  return new RequestError(STATUS_CODE.BadRequest, "Cannot serve a request as its Content-Length must be one number");
}
