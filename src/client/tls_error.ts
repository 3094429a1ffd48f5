import { ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import { messageOf } from "../connection/message_of.ts";
import type { Target } from "./target.ts";

/** What to do about a failure if its reason alone doesn't say so, by a part of the reason. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  // The names of rustls and of OpenSSL.
  [
    /UnknownIssuer|unable to verify|self.signed|unable to get (local )?issuer/i,
    "to trust its issuer, give the issuer's certificate in caCerts",
  ],
  [/InvalidContentType|wrong version number/i, "no TLS is spoken on this port: try ws:"],
];

/**
 * Creates the error for a failed TLS handshake with the server.
 *
 * @param target The server.
 * @param cause The runtime's error.
 * @returns The error, which says what to do if that is known.
 */
export function tlsError({ url }: Target, cause: unknown): HandshakeError {
  const message = `Cannot connect to ${url.href}: TLS failed: ${tlsReason(cause)}`;
  return new HandshakeError(message, { code: ErrorCode.TLS_FAILED, cause });
}

/**
 * Explains why TLS failed, and what to do if that is known.
 *
 * @param cause The runtime's error.
 * @returns The reason, with the advice.
 */
export function tlsReason(cause: unknown): string {
  const reason = messageOf(cause);
  const advice = ADVICE.find(([pattern]) => pattern.test(reason))?.[1];
  return advice === undefined ? reason : `${reason} (${advice})`;
}
