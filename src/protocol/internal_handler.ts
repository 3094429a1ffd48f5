import type { WebSocketError } from "../errors.ts";
import type { Opcode } from "./opcode.ts";

/**
 * Receives what the receiver and the outgoing queue of a `Protocol` report, except for messages, which go straight to
 * its user. None of these methods may throw.
 */
export interface InternalHandler {
  /**
   * A control frame has arrived.
   *
   * @param opcode CLOSE, PING or PONG.
   * @param payload Its payload, at most 125 bytes, only valid until this function returns.
   */
  onControl(opcode: Opcode, payload: Uint8Array): void;
  /**
   * The peer broke a rule, or the extension failed. Everything before was delivered; nothing after will be.
   *
   * @param error The error.
   */
  onFailure(error: WebSocketError): void;
  /** The extension has answered asynchronously, and everything held back after its message was delivered. */
  onUnblocked(): void;
  /** A message that was being compressed is ready to be written. */
  onOutput(): void;
}
