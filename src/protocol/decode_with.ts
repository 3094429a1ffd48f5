import { WebSocketError } from "../errors.ts";
import type { MessageExtension } from "./extension.ts";
import { extensionFailed } from "./protocol_errors.ts";

/**
 * Lets an extension decode a payload into the message.
 *
 * @param extension The extension.
 * @param payload The payload of all fragments together.
 * @param maxLength The longest message to produce, in bytes.
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
    throw asWebSocketError(extension, error);
  }
}

/**
 * Attributes an error to the peer, if the extension threw a WebSocketError, or else to the extension itself.
 *
 * @param extension The extension.
 * @param error The value it threw, or rejected with.
 * @returns The error that fails the connection.
 */
export function asWebSocketError(extension: MessageExtension, error: unknown): WebSocketError {
  return error instanceof WebSocketError ? error : extensionFailed(extension.name, error);
}
