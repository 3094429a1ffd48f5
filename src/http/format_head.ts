import { STATUS_TEXT, type StatusCode } from "@std/http/status";
import { latin1Encode } from "./latin1.ts";
import { printable } from "./printable.ts";
import { isToken } from "./token.ts";

/**
 * A header field to write: its name and value. A web `Headers` is a list of them.
 *
 * @example Write fields by hand, or from Headers
 * ```ts
 * import { type Field, formatResponseHead } from "@wsd/driver/protocol";
 *
 * const fields: Field[] = [["Set-Cookie", "a=1"], ...new Headers({ "x-room": "1" })];
 * const head = new TextDecoder().decode(formatResponseHead(101, fields));
 * console.log(head);
 * ```
 * @category HTTP heads
 */
export type Field = readonly [name: string, value: string];

/**
 * Writes the head of an HTTP/1.1 response.
 *
 * @param status The status code, 100 to 599; its usual reason phrase is added.
 * @param fields The header fields, in order.
 * @returns The bytes, up to and including the empty line.
 * @throws {RangeError} If the status is not such an integer.
 * @throws {TypeError} If a name is not a token, or a value has CR, LF, NUL, another control character, or one above
 * U+00FF.
 *
 * @example Refuse a request
 * ```ts
 * import { formatResponseHead } from "@wsd/driver/protocol";
 *
 * const head = formatResponseHead(405, [["Allow", "GET"]]);
 * console.log(new TextDecoder().decode(head));
 * ```
 * @category HTTP heads
 */
export function formatResponseHead(status: number, fields: Iterable<Field>): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw new RangeError(`Cannot write the response: its status must be 100 to 599, received ${String(status)}`);
  }
  return formatHead(`HTTP/1.1 ${status} ${STATUS_TEXT[status as StatusCode] ?? ""}`, fields);
}

/**
 * Writes an HTTP/1.1 head of either kind, such as that of a `CONNECT` to a proxy.
 *
 * @param startLine The request line or status line, without its CRLF.
 * @param fields The header fields, in order.
 * @returns The bytes, up to and including the empty line.
 * @throws {TypeError} If the start line is not printable ASCII, a name is not a token, or a value has CR, LF,
 * NUL, another control character, or one above U+00FF.
 *
 * @example Ask a proxy for a tunnel
 * ```ts
 * import { formatHead } from "@wsd/driver/protocol";
 *
 * const head = formatHead("CONNECT example.com:443 HTTP/1.1", [["Host", "example.com:443"]]);
 * console.log(new TextDecoder().decode(head));
 * ```
 * @category HTTP heads
 */
export function formatHead(startLine: string, fields: Iterable<Field>): Uint8Array<ArrayBuffer> {
  if (!isFieldValue(startLine, 0x7e)) {
    throw new TypeError(`Cannot write the start line: it must be printable ASCII, received ${printable(startLine)}`);
  }
  const lines = [startLine];
  for (const [name, value] of fields) {
    checkField(name, value);
    lines.push(`${name}: ${value}`);
  }
  return latin1Encode(lines.join("\r\n") + "\r\n\r\n");
}

/**
 * Checks a caller's header field, so that it can't end the line or the head that it is written to.
 *
 * RFC 9110 §5.5: "Field values containing CR, LF, or NUL characters are invalid and dangerous".
 *
 * @param name The field's name.
 * @param value The field's value.
 * @throws {TypeError} If the name is not a token, or the value is not a string, or has a control character or one above
 * U+00FF.
 */
export function checkField(name: string, value: string): void {
  if (typeof name !== "string" || !isToken(name)) {
    throw new TypeError(`Cannot write the header: its name must be a token, received ${printable(String(name))}`);
  }
  if (typeof value !== "string") {
    throw new TypeError(`Cannot write the header ${name}: its value must be a string, received ${typeof value}`);
  }
  if (!isFieldValue(value, 0xff)) {
    throw new TypeError(
      `Cannot write the header ${name}: its value must have no CR, LF, NUL or other control character, ` +
        `and none above U+00FF, received ${printable(value)}`,
    );
  }
}

function isFieldValue(text: string, maxCode: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > maxCode) return false;
  }
  return true;
}
