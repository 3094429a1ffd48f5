import { ErrorCode, WebSocketError } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";

/**
 * Why a connection was lost, or could not be opened; what `isFinal` decides about.
 *
 * @example Say it in a line for the log
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
   * What it happened in: the application's own function for the URL, the opening handshake, the application's
   * `onConnect`, or a connection that was open.
   */
  readonly phase: "url" | "opening" | "onConnect" | "open";
  /** The close code of a connection that was open, null if it never was. */
  readonly code: number | null;
  /** The reason that the peer gave with the code. */
  readonly reason: string;
  /** The status of the HTTP response that refused the connection, null if there is none. */
  readonly status: number | null;
  /** What was thrown, or what the connection failed with; null if the peer closed it. */
  readonly error: unknown;
  /** How many times in a row it has failed by now, from 1 on. */
  readonly attempt: number;
  /** Whether this ends it for good. Within `isFinal`, what happens if `isFinal` isn't given. */
  readonly final: boolean;
}

/**
 * Makes the error that an application gets if a failure ends it for good.
 *
 * @param failure The failure.
 * @param url Where the connection was to.
 * @returns The failure's own error, or one that gives the close code.
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
 * @param error What was thrown.
 * @returns The status, null if there is none.
 */
export function statusOf(error: unknown): number | null {
  return error instanceof HandshakeError ? error.status : null;
}
