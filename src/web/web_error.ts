import { WebSocketError } from "../errors.ts";

/**
 * Makes an error of the web's class: the standard knows no subclasses.
 *
 * @param error Any error of a connection.
 * @returns The error, or one with the same codes, whose cause it is.
 */
export function toWebError(error: WebSocketError): WebSocketError {
  if (error.constructor === WebSocketError) return error;
  const { message, code, closeCode, reason } = error;
  return new WebSocketError(message, { closeCode, reason, cause: error, ...(code !== 0 && { code }) });
}
