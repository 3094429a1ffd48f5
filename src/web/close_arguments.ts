import { CloseCode } from "../close_code.ts";
import { MAX_REASON } from "../protocol/close_payload.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

const encoder = new TextEncoder();

/**
 * Checks whether the web's classes may close with a code. WHATWG WebSockets: "an integer equal to 1000, or an integer
 * in the range 3000 to 4999, inclusive".
 *
 * @param code A close code.
 * @returns True if they may.
 */
export function isWebCloseCode(code: number): boolean {
  return code === CloseCode.NORMAL_CLOSURE || (code >= 3000 && code <= 4999);
}

/**
 * Checks how a program wants to close, by the rules of the WHATWG WebSockets Standard.
 *
 * @param code The code, null for none.
 * @param reason At most 123 bytes of UTF-8.
 * @param isAllowed Which codes are allowed: for a server all that may be sent, as with the runtime's own.
 * @returns The code, 1005 for none, and 1000 if only a reason was given.
 * @throws {DOMException} An `InvalidAccessError` for a code that is not allowed, a `SyntaxError` for a longer reason.
 */
export function checkCloseArguments(
  code: number | null,
  reason: string,
  isAllowed: (code: number) => boolean,
): CloseInfo {
  if (code !== null && !isAllowed(code)) {
    const expected = isAllowed === isWebCloseCode ? "1000 or 3000-4999" : "1000-1003, 1007-1014 or 3000-4999";
    throw new DOMException(`Cannot close: expected the code ${expected}, received ${code}`, "InvalidAccessError");
  }
  const { length } = encoder.encode(reason);
  if (length > MAX_REASON) {
    throw new DOMException(
      `Cannot close: expected a reason of at most ${MAX_REASON} bytes (RFC 6455 5.5), received ${length} bytes`,
      "SyntaxError",
    );
  }
  const without = reason === "" ? CloseCode.NO_STATUS_RECEIVED : CloseCode.NORMAL_CLOSURE;
  return { code: code ?? without, reason };
}
