import { CloseCode } from "../close_code.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { ConnectionError, ErrorCode, WebSocketError } from "../errors.ts";

/**
 * Creates the error for an operation that was still pending when the connection was closed cleanly.
 *
 * @param info The code and the reason.
 * @returns The error.
 */
export function closedMeanwhile({ code, reason }: CloseInfo): WebSocketError {
  const why = reason === "" ? "" : `: ${JSON.stringify(reason)}`;
  return new WebSocketError(`The connection was closed with ${code}${why}`, {
    code: ErrorCode.CONNECTION_CLOSED,
    closeCode: code,
    reason,
  });
}

/**
 * More than `backpressureLimit` is queued.
 *
 * @param limit The limit, in bytes.
 * @returns The error.
 */
export function tooMuchQueued(limit: number): WebSocketError {
  return backpressure(
    `Cannot send: more than ${limit} bytes are queued for a peer that reads too slowly. Wait for "drain" while desiredSize ` +
      "is not above 0, or raise backpressureLimit",
  );
}

/**
 * More than `backpressureLimit` is unread, and reading can't stop.
 *
 * @param limit The limit, in bytes.
 * @returns The error.
 */
export function tooMuchUnread(limit: number): WebSocketError {
  return backpressure(
    `Cannot hold more than ${limit} bytes of unread messages, and the runtime's own WebSocket can't stop reading. Read ` +
      "faster, or raise backpressureLimit",
  );
}

function backpressure(message: string): WebSocketError {
  return new WebSocketError(message, { code: ErrorCode.BACKPRESSURE_LIMIT, closeCode: CloseCode.TRY_AGAIN_LATER });
}

/**
 * A listener or a callback of the application threw. The peer learns only "internal error".
 *
 * @param name The event, or `"callback"`.
 * @param cause The exception.
 * @returns The error.
 */
export function listenerFailed(name: string, cause: unknown): WebSocketError {
  const what = name === "callback" ? "A callback" : `A listener for "${name}"`;
  return new WebSocketError(`${what} threw, so the connection was closed with 1011`, {
    code: ErrorCode.LISTENER_FAILED,
    closeCode: CloseCode.INTERNAL_ERROR,
    reason: "internal error",
    cause,
  });
}

/**
 * The peer doesn't close the connection.
 *
 * @param timeout The time it had, in milliseconds.
 * @returns The error.
 */
export function closeTimedOut(timeout: number): ConnectionError {
  return new ConnectionError(
    `The peer did not close the connection in time: expected its Close within ${timeout} ms, received none`,
    ErrorCode.CLOSE_TIMEOUT,
  );
}

/**
 * The peer vanished.
 *
 * @returns The error.
 */
export function endedWithoutClose(): ConnectionError {
  return new ConnectionError("The peer ended the connection without a Close", ErrorCode.CONNECTION_LOST);
}
