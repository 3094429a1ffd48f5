import { CloseCode } from "../close_code.ts";
import { ErrorCode, type WebSocketError } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { ConnectionFailure } from "./connection_failure.ts";

/** Close codes that the same request would produce again, or that end a finished conversation. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  CloseCode.NORMAL_CLOSURE,
  CloseCode.PROTOCOL_ERROR,
  CloseCode.UNSUPPORTED_DATA,
  CloseCode.INVALID_PAYLOAD,
  CloseCode.POLICY_VIOLATION,
  CloseCode.MESSAGE_TOO_BIG,
  CloseCode.MANDATORY_EXTENSION,
]);

/** 408 Request Timeout, 425 Too Early, 429 Too Many Requests: the same request may succeed later. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Credentials are missing, wrong or out of date. */
const UNAUTHORIZED: ReadonlySet<number | null> = new Set([401, 403]);

/** The codes of a handshake that the network ended, rather than a response of the server. */
const NETWORK_FAULTS: ReadonlySet<HandshakeError["code"]> = new Set([
  ErrorCode.CONNECT_FAILED,
  ErrorCode.HANDSHAKE_TIMEOUT,
  ErrorCode.CONNECTION_LOST,
]);

/** Errors that end a TLS handshake although neither side has refused anything. */
const NETWORK_ERRORS: readonly (new (message: string) => Error)[] = [
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.UnexpectedEof,
  Deno.errors.TimedOut,
  Deno.errors.NetworkUnreachable,
];

/** The same, as `node:` modules report it. */
const NETWORK_ERROR_CODES: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ENETUNREACH"]);

/**
 * Checks whether connecting again makes no sense.
 *
 * @param failure The failure.
 * @param freshUrl Whether a function returns the URL: the next one may have other credentials.
 * @param before The previous failure, null if there was none.
 * @returns True if it is final.
 */
export function isFinalFailure(
  failure: Omit<ConnectionFailure, "final">,
  freshUrl: boolean,
  before: ConnectionFailure | null,
): boolean {
  const { phase, code, error, status } = failure;
  // An application's function may throw anything, such as the TypeError of a fetch() without a network.
  if (phase === "url" || phase === "onConnect") return false;
  if (phase === "open") return code !== null && isFinalCode(code);
  if (!(error instanceof HandshakeError)) return true;
  if (UNAUTHORIZED.has(status)) return !freshUrl || UNAUTHORIZED.has(before?.status ?? null);
  return isFinalRefusal(error);
}

/** RFC 6455 §7.4.2: 3000-4999 belong to libraries and applications, which know why they close. */
function isFinalCode(code: number): boolean {
  return FINAL_CODES.has(code) || (code >= 3000 && code <= 4999);
}

function isFinalRefusal(error: HandshakeError): boolean {
  const { code, status } = error;
  if (NETWORK_FAULTS.has(code)) return false;
  if (code === ErrorCode.TLS_FAILED) return !isNetworkError(error.cause);
  // A proxy that was not reached, in contrast to a server whose response isn't HTTP.
  if (status === null) return code === ErrorCode.HANDSHAKE_FAILED;
  return status < 500 && !PASSING_STATUSES.has(status);
}

function isNetworkError(cause: unknown): boolean {
  return NETWORK_ERRORS.some((type) => cause instanceof type) ||
    NETWORK_ERROR_CODES.has((cause as WebSocketError | undefined)?.code);
}

/**
 * Checks whether the server has said that it is overloaded or restarting, so that its clients should wait longer.
 *
 * @param failure The failure.
 * @returns True for the close codes 1012 and 1013 and the statuses 429 and 503.
 */
export function isBusy({ code, status }: ConnectionFailure): boolean {
  return code === CloseCode.SERVICE_RESTART || code === CloseCode.TRY_AGAIN_LATER || status === 429 || status === 503;
}
