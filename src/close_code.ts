/**
 * Close codes: those a Close frame may carry, and those that are only reported locally.
 *
 * RFC 6455 §7.4.1, and the IANA registry of WebSocket close codes.
 *
 * @example Distinguish a normal end from a lost connection
 * ```ts
 * import { CloseCode } from "@wsd/driver";
 *
 * console.log(CloseCode.NORMAL_CLOSURE); // 1000
 * console.log(CloseCode.ABNORMAL_CLOSURE); // 1006
 * ```
 * @category Connection
 */
export const CloseCode = {
  /** The purpose for which the connection was opened has been fulfilled. */
  NORMAL_CLOSURE: 1000,
  /** The endpoint is going away: a server shuts down, a user leaves the page. */
  GOING_AWAY: 1001,
  /** The peer broke the protocol. */
  PROTOCOL_ERROR: 1002,
  /** The endpoint doesn't accept this type of data, such as binary instead of text. */
  UNSUPPORTED_DATA: 1003,
  /** Reported if the Close frame had no code; never sent. */
  NO_STATUS_RECEIVED: 1005,
  /** Reported if the connection ended without a Close frame; never sent. */
  ABNORMAL_CLOSURE: 1006,
  /** The payload doesn't match its type: text that isn't valid UTF-8, data that can't be decompressed. */
  INVALID_PAYLOAD: 1007,
  /** The message violates the endpoint's policy. */
  POLICY_VIOLATION: 1008,
  /** The message is longer than the endpoint accepts. */
  MESSAGE_TOO_BIG: 1009,
  /** The client expected an extension that the server didn't negotiate. */
  MANDATORY_EXTENSION: 1010,
  /** The server ran into an unexpected condition. */
  INTERNAL_ERROR: 1011,
  /** The service is restarting. */
  SERVICE_RESTART: 1012,
  /** The service is overloaded. */
  TRY_AGAIN_LATER: 1013,
  /** A gateway received an invalid response from the server behind it. */
  BAD_GATEWAY: 1014,
  /** Reported if the TLS handshake failed; never sent. */
  TLS_HANDSHAKE: 1015,
} as const;

/**
 * One of the named values of {@linkcode CloseCode}.
 *
 * @category Connection
 */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];

/**
 * Returns whether a close code may be sent in a Close frame.
 *
 * RFC 6455 §7.4: 1000-1003 and 1007-1014 are registered, 3000-4999 are for libraries and applications;
 * everything else is reserved or only reported locally.
 *
 * @param code The close code.
 * @returns True if an endpoint may send it.
 *
 * @example Check a code before sending it
 * ```ts
 * import { isSendableCloseCode } from "@wsd/driver";
 *
 * console.log(isSendableCloseCode(1000)); // true
 * console.log(isSendableCloseCode(4321)); // true
 * console.log(isSendableCloseCode(1006)); // false
 * ```
 * @category Connection
 */
export function isSendableCloseCode(code: number): boolean {
  return Number.isInteger(code) &&
    ((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999));
}
