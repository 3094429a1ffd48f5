import { WebSocketError } from "../errors.ts";

/**
 * Converts an error to the web's class: the standard has no subclasses.
 *
 * @param error Any error of a connection.
 * @returns The error itself, or one with the same codes and the error as its cause.
 */
export function toWebError(error: WebSocketError): WebSocketError {
  if (error.constructor === WebSocketError) return error;
  const { message, code, closeCode, reason } = error;
  return new WebSocketError(message, { closeCode, reason, cause: error, ...(code !== 0 && { code }) });
}
