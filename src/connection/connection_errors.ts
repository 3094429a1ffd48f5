import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode, WebSocketError } from "../errors.ts";

/**
 * More waits to be written than `backpressureLimit`.
 *
 * @param limit The limit, in bytes.
 * @returns The error.
 */
export function cannotSend(limit: number): WebSocketError {
  return backpressure(`Cannot send to a peer that doesn't read: more than ${limit} bytes wait`);
}

/**
 * More waits to be read than `backpressureLimit`, where reading can't stop.
 *
 * @param limit The limit, in bytes.
 * @returns The error.
 */
export function cannotHold(limit: number): WebSocketError {
  return backpressure(`Cannot hold more than ${limit} bytes of unread messages where the runtime can't stop reading`);
}

function backpressure(message: string): WebSocketError {
  return new WebSocketError(message, { code: ErrorCode.BACKPRESSURE_LIMIT, closeCode: CloseCode.TRY_AGAIN_LATER });
}

/**
 * A listener or a callback of the application threw.
 *
 * @param name The event, or `"callback"`.
 * @param cause What it threw.
 * @returns The error.
 */
export function listenerFailed(name: string, cause: unknown): WebSocketError {
  return new WebSocketError(`Cannot go on as ${name === "callback" ? "a callback" : `a listener of "${name}"`} threw`, {
    code: ErrorCode.LISTENER_FAILED,
    closeCode: CloseCode.INTERNAL_ERROR,
    cause,
  });
}

/**
 * A peer that vanished.
 *
 * @returns The error.
 */
export function endedWithoutClose(): ConnectionError {
  return new ConnectionError("Cannot go on as the connection ended without a Close", ErrorCode.CONNECTION_LOST);
}
