/**
 * The status codes that a Close frame may carry, and those that only stand for the lack of one.
 *
 * RFC 6455 §7.4.1, and the IANA registry of WebSocket close codes.
 *
 * @example Tell a normal end from a lost connection
 * ```ts
 * import { CloseCode } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(CloseCode.NORMAL_CLOSURE, 1000);
 * assertEquals(CloseCode.ABNORMAL_CLOSURE, 1006);
 * ```
 */
export const CloseCode = {
  /** The purpose for which the connection was opened has been fulfilled. */
  NORMAL_CLOSURE: 1000,
  /** The endpoint goes away: a server shuts down, a page is left. */
  GOING_AWAY: 1001,
  /** The peer broke the protocol. */
  PROTOCOL_ERROR: 1002,
  /** The endpoint takes no data of this type, such as binary where it wants text. */
  UNSUPPORTED_DATA: 1003,
  /** Reported where the Close frame carried no code; never on the wire. */
  NO_STATUS_RECEIVED: 1005,
  /** Reported where the connection ended without a Close frame; never on the wire. */
  ABNORMAL_CLOSURE: 1006,
  /** The payload doesn't fit its type: text that is no UTF-8, data that can't be inflated. */
  INVALID_PAYLOAD: 1007,
  /** The message breaks a rule of the endpoint's own. */
  POLICY_VIOLATION: 1008,
  /** The message is longer than the endpoint takes. */
  MESSAGE_TOO_BIG: 1009,
  /** The client had expected an extension that the server did not agree to. */
  MANDATORY_EXTENSION: 1010,
  /** The server met a condition that kept it from going on. */
  INTERNAL_ERROR: 1011,
  /** The service restarts. */
  SERVICE_RESTART: 1012,
  /** The service is overloaded. */
  TRY_AGAIN_LATER: 1013,
  /** A gateway got an invalid answer from the server behind it. */
  BAD_GATEWAY: 1014,
  /** Reported where a TLS handshake failed; never on the wire. */
  TLS_HANDSHAKE: 1015,
} as const;

/** One of the named values of {@linkcode CloseCode}. */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];

/**
 * Tells whether a code may stand in a Close frame.
 *
 * RFC 6455 §7.4: 1000-1003 and 1007-1014 are registered for the wire, 3000-4999 are left to libraries
 * and applications; everything else is reserved or only ever reported locally.
 *
 * @param code The status code.
 * @returns True for a code that an endpoint may send.
 *
 * @example Check a code before it is sent
 * ```ts
 * import { isSendableCloseCode } from "@wsd/driver";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isSendableCloseCode(1000));
 * assert(isSendableCloseCode(4321));
 * assertFalse(isSendableCloseCode(1006));
 * ```
 */
export function isSendableCloseCode(code: number): boolean {
  return Number.isInteger(code) &&
    ((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999));
}
