import { CloseCode } from "../close_code.ts";
import { MAX_REASON } from "../protocol/close_payload.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

const encoder = new TextEncoder();

/**
 * Checks how a program wants to close, by the rules of the WHATWG WebSockets Standard.
 *
 * @param code 1000 or 3000-4999, null for none.
 * @param reason At most 123 bytes of UTF-8.
 * @returns The code, 1005 for none, and 1000 where only a reason was given.
 * @throws {DOMException} An `InvalidAccessError` for another code, a `SyntaxError` for a longer reason.
 */
export function checkCloseArguments(code: number | null, reason: string): CloseInfo {
  if (code !== null && code !== CloseCode.NORMAL_CLOSURE && !(code >= 3000 && code <= 4999)) {
    throw new DOMException(
      `Cannot close with another code than 1000 or 3000-4999: received ${code}`,
      "InvalidAccessError",
    );
  }
  const { length } = encoder.encode(reason);
  if (length > MAX_REASON) {
    throw new DOMException(
      `Cannot close with a reason above ${MAX_REASON} bytes (RFC 6455 5.5): received ${length} bytes`,
      "SyntaxError",
    );
  }
  const without = reason === "" ? CloseCode.NO_STATUS_RECEIVED : CloseCode.NORMAL_CLOSURE;
  return { code: code ?? without, reason: reason.toWellFormed() };
}
