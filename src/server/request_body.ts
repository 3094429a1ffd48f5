import { STATUS_CODE } from "@std/http/status";
import { equalsIgnoreCase } from "../http/equals_ignore_case.ts";
import { printable } from "../http/printable.ts";
import type { RequestHead } from "../http/request_head_parser.ts";
import { trimWhitespace } from "../http/trim_whitespace.ts";
import type { HttpSocket } from "./http_socket.ts";
import { RequestError } from "./request_error.ts";

/**
 * Returns the body of a request, as long as `Content-Length` says. Reading the stream reads from the connection.
 *
 * @param head The request's head.
 * @param socket The connection.
 * @returns The body, null if there is none.
 * @throws {RequestError} If its length is malformed or not given.
 */
export function requestBody(head: RequestHead, socket: HttpSocket): ReadableStream<Uint8Array> | null {
  refuseCoding(head);
  const text = head.fields.get("content-length");
  if (text === null || text === "0") return null;
  const length = parseLength(text);
  let remaining = length;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const bytes = await socket.receiveBody().catch(() => null);
      if (bytes === null) {
        throw new TypeError(
          `Cannot read the request's body: expected ${length} bytes, received ${length - remaining} before its end`,
        );
      }
      const chunk = bytes.slice(0, remaining);
      remaining -= chunk.length;
      controller.enqueue(chunk);
      if (remaining === 0) controller.close();
    },
  });
}

/**
 * RFC 9112 §6.3: "A server MAY reject a request that contains a message body but not a Content-Length by responding
 * with 411 (Length Required)." A body is an error if its length is ambiguous, or if a proxy may have cut it: both
 * lengths, a coding without an end, any coding of HTTP/1.0 (§6.1).
 */
function refuseCoding({ version, fields }: RequestHead): void {
  const value = fields.get("transfer-encoding");
  if (value === null) return;
  const codings = value.split(",").map(trimWhitespace).filter((coding) => coding !== "");
  if (fields.has("content-length") || version === "1.0" || !equalsIgnoreCase(codings.at(-1) ?? "", "chunked")) {
    throw new RequestError(
      STATUS_CODE.BadRequest,
      "Cannot serve the request: it must say where its body ends, by Content-Length alone",
    );
  }
  if (codings.length > 1) {
    throw new RequestError(
      STATUS_CODE.NotImplemented,
      "Cannot serve the request: unknown transfer coding, give the body a Content-Length",
    );
  }
  throw new RequestError(
    STATUS_CODE.LengthRequired,
    "Cannot serve the request: its body is of unknown length, give a Content-Length",
  );
}

/** RFC 9112 §6.3: a recipient must treat an invalid Content-Length as an unrecoverable error. */
function parseLength(text: string): number {
  for (const digit of text) if (digit < "0" || digit > "9") throw malformed(text);
  const length = Number(text);
  if (text === "" || !Number.isSafeInteger(length)) throw malformed(text);
  return length;
}

function malformed(text: string): RequestError {
  return new RequestError(
    STATUS_CODE.BadRequest,
    `Cannot serve the request: Content-Length must be one number, received ${printable(text)}`,
  );
}
