import { CloseCode, isSendableCloseCode } from "../close_code.ts";
import { MAX_CONTROL_PAYLOAD } from "./frame_header.ts";
import { closePayloadTooShort, invalidCloseCode, invalidUtf8 } from "./protocol_errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The longest reason of a Close frame, in bytes of UTF-8: a control frame's payload minus two bytes of code. */
export const MAX_REASON: number = MAX_CONTROL_PAYLOAD - 2;

/**
 * Why a connection ended: the code and reason of the Close frame, or 1005 or 1006 without one.
 *
 * @example Read why the peer has left
 * ```ts
 * import { type CloseInfo, makePair } from "@wsd/driver";
 *
 * await using pair = await makePair();
 * pair.client.closeConnection("Enough", 4000);
 * const info: CloseInfo = await pair.server.closed;
 * console.log(info); // { code: 4000, reason: "Enough" }
 * ```
 * @category Connection
 */
export interface CloseInfo {
  /** The status code, RFC 6455 §7.4. */
  readonly code: number;
  /** The reason, empty if none was given. */
  readonly reason: string;
}

/**
 * Reads the payload of a Close frame. RFC 6455 §5.5.1, §7.1.5, §7.1.6.
 *
 * @param payload The payload, at most 125 bytes.
 * @returns The code and the reason; 1005 if the payload is empty.
 * @throws {ProtocolError} If it is one byte long, or the code or the reason is not allowed.
 */
export function parseClosePayload(payload: Uint8Array): CloseInfo {
  if (payload.length === 0) return { code: CloseCode.NO_STATUS_RECEIVED, reason: "" };
  if (payload.length === 1) throw closePayloadTooShort();
  const code = (payload[0] << 8) | payload[1];
  if (!isSendableCloseCode(code)) throw invalidCloseCode(code);
  try {
    return { code, reason: decoder.decode(payload.subarray(2)) };
  } catch {
    throw invalidUtf8("reason of a Close frame");
  }
}

/**
 * Checks the length of a control frame's payload. RFC 6455 §5.5.
 *
 * @param payload The payload.
 * @param what The operation, to follow "Cannot".
 * @throws {RangeError} If it is longer than 125 bytes.
 */
export function checkControlPayload(payload: Uint8Array, what: string): void {
  if (payload.length <= MAX_CONTROL_PAYLOAD) return;
  throw new RangeError(
    `Cannot ${what}: its payload must be at most ${MAX_CONTROL_PAYLOAD} bytes (RFC 6455 5.5), received ${payload.length}`,
  );
}

/**
 * Composes the payload of a Close frame.
 *
 * @param code A code that {@linkcode isSendableCloseCode} allows, or 1005 for an empty payload.
 * @param reason At most {@linkcode MAX_REASON} bytes of UTF-8.
 * @returns The payload.
 * @throws {RangeError} If the code may not be sent, or the reason is too long or has no code.
 * @throws {TypeError} If the code is not a number or the reason not a string, as when they are in the wrong order.
 */
export function formatClosePayload(code: number, reason: string): Uint8Array {
  if (typeof code !== "number" || typeof reason !== "string") {
    throw new TypeError(
      "Cannot close: the code must be a number and the reason a string, received a " +
        `${typeof code} as the code and a ${typeof reason} as the reason`,
    );
  }
  const text = encoder.encode(reason);
  if (text.length > MAX_REASON) {
    throw new RangeError(
      `Cannot close: the reason must be at most ${MAX_REASON} bytes of UTF-8 (RFC 6455 5.5), received ${text.length} bytes`,
    );
  }
  if (code === CloseCode.NO_STATUS_RECEIVED && reason === "") return text;
  if (!isSendableCloseCode(code)) {
    throw new RangeError(
      `Cannot close: the code must be 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 7.4), received ${code}`,
    );
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >>> 8;
  payload[1] = code;
  payload.set(text, 2);
  return payload;
}

/**
 * Truncates a text to fit into the reason of a Close frame, between two characters.
 *
 * @param text The text.
 * @returns As many characters as fit into {@linkcode MAX_REASON} bytes of UTF-8.
 */
export function fitReason(text: string): string {
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(MAX_REASON)).read);
}
