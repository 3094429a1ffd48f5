import { STATUS_TEXT, type StatusCode } from "@std/http/status";
import { printable } from "../http/printable.ts";
import type { ResponseHead } from "../http/response_head_parser.ts";

/** Media types of plain text for people. A page would be more markup than message. */
const READABLE = /^(text\/plain|application\/(json|problem\+json))\b/i;

/**
 * Describes a refusal for an error message: `401 Unauthorized: "Who are you?"`, with the first line of the body if that
 * is plain text.
 *
 * @param head The response's head.
 * @param body The start of its body.
 * @returns One line of ASCII.
 */
export function describeResponse({ status, fields }: ResponseHead, body: Uint8Array): string {
  const reason = STATUS_TEXT[status as StatusCode];
  const line = reason === undefined ? String(status) : `${status} ${reason}`;
  const said = READABLE.test(fields.get("content-type") ?? "text/plain") ? firstLine(body) : "";
  return said === "" ? line : `${line}: ${printable(said)}`;
}

function firstLine(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, 1024)).trim().split(/\r\n?|\n/, 1)[0];
}
