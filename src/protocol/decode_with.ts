import { WebSocketError } from "../errors.ts";
import type { MessageExtension } from "./extension.ts";
import { extensionFailed } from "./protocol_errors.ts";

/**
 * Has an extension turn a payload back into the message.
 *
 * @param extension The extension.
 * @param payload The payload of all fragments together.
 * @param maxLength The longest message to make, in bytes.
 * @returns The message.
 * @throws {WebSocketError} If the payload is invalid, the message too long, or the extension fails.
 */
export function decodeWith(
  extension: MessageExtension,
  payload: Uint8Array,
  maxLength: number,
): Uint8Array | Promise<Uint8Array> {
  try {
    return extension.decode(payload, maxLength);
  } catch (error) {
    throw asFault(extension, error);
  }
}

/**
 * Tells whose fault an error is: the peer's, as the extension says by throwing a WebSocketError, or the extension's own.
 *
 * @param extension The extension.
 * @param error What it threw, or rejected with.
 * @returns The error that fails the connection.
 */
export function asFault(extension: MessageExtension, error: unknown): WebSocketError {
  return error instanceof WebSocketError ? error : extensionFailed(extension.name, error);
}
