import type { WebSocketError } from "../errors.ts";
import type { Opcode } from "./opcode.ts";

/** What the parts of a protocol tell it, beside the messages. None of these may throw. */
export interface PartsHandler {
  /**
   * A control frame has arrived.
   *
   * @param opcode CLOSE, PING or PONG.
   * @param payload Its payload, at most 125 bytes, only valid until this function returns.
   */
  onControl(opcode: Opcode, payload: Uint8Array): void;
  /**
   * The peer broke a rule, or the extension failed. What came before was delivered; nothing that follows will be.
   *
   * @param error Why.
   */
  onFailure(error: WebSocketError): void;
  /** The extension has answered after a while, and what was held back behind its message is delivered. */
  onUnblocked(): void;
  /** A message that was being compressed is ready to be written. */
  onOutput(): void;
}
