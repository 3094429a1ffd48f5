import { ErrorCode, WebSocketError } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";

/**
 * Why a connection was lost, or could not be opened; the argument of `isFinal`.
 *
 * @example Describe it in a line for the log
 * ```ts
 * import type { ConnectionFailure } from "@wsd/driver/client";
 *
 * export function describe({ phase, code, reason, status, error }: ConnectionFailure): string {
 *   if (phase === "open") return `closed with ${code} ${reason}`;
 *   return status === null ? String(error) : `refused with ${status}`;
 * }
 * ```
 * @category Client
 */
export interface ConnectionFailure {
  /**
   * Where it happened: in the application's URL function, the opening handshake, the application's `onConnect`, or an
   * open connection.
   */
  readonly phase: "url" | "opening" | "onConnect" | "open";
  /** The close code of a connection that was open, null if it never was. */
  readonly code: number | null;
  /** The reason that the peer gave with the code. */
  readonly reason: string;
  /** The status of the HTTP response that refused the connection, null if there is none. */
  readonly status: number | null;
  /** The exception, or the error of the connection; null if the peer closed it. */
  readonly error: unknown;
  /** The number of failures in a row, starting at 1. */
  readonly attempt: number;
  /** Whether the client gives up. Within `isFinal`, what would happen without `isFinal`. */
  readonly final: boolean;
}

/**
 * Creates the error that an application gets if a failure is final.
 *
 * @param failure The failure.
 * @param url The URL of the connection.
 * @returns The failure's own error, or one with the close code.
 */
export function errorOf(failure: ConnectionFailure, url: string): unknown {
  if (failure.error !== null) return failure.error;
  const { code, reason } = failure;
  const why = reason === "" ? "" : `: ${JSON.stringify(reason)}`;
  return new WebSocketError(
    `Cannot reconnect: the server closed the connection with ${code}, which is final${why} (${url})`,
    { code: ErrorCode.CONNECTION_LOST, closeCode: code },
  );
}

/**
 * The status of the response that refused a connection.
 *
 * @param error The exception.
 * @returns The status, null if there is none.
 */
export function statusOf(error: unknown): number | null {
  return error instanceof HandshakeError ? error.status : null;
}
