import type { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "./close_payload.ts";
import type { Opcode } from "./opcode.ts";

/**
 * Receives the events of a `Protocol`. None of these methods may throw.
 *
 * @example Collect what a server sends
 * ```ts
 * import { Protocol, type ProtocolHandler } from "@wsd/driver/protocol";
 *
 * const seen: unknown[] = [];
 * const handler: ProtocolHandler = {
 *   onMessage: (message) => seen.push(message),
 *   onPing: () => seen.push("a Ping"),
 *   onPong: () => seen.push("a Pong"),
 *   onClose: ({ code }) => seen.push(code),
 *   onError: ({ code }) => seen.push(code),
 *   onOutput() {},
 * };
 * const client = new Protocol("client", handler);
 * client.receive(Uint8Array.fromHex("8900" + "810548656c6c6f" + "880203e8"));
 * console.log(seen); // [ "a Ping", "Hello", 1000 ]
 * ```
 * @category Protocol
 */
export interface ProtocolHandler {
  /**
   * A message has arrived.
   *
   * @param message Text as a string, binary as bytes that belong to the handler.
   */
  onMessage(message: string | Uint8Array<ArrayBuffer>): void;
  /**
   * A part of a message has arrived, after `receiveParts()`.
   *
   * @param opcode TEXT or BINARY.
   * @param part The bytes, which belong to the handler. Those of a text are valid UTF-8 together.
   * @param last Whether it is the last part.
   */
  onPart?(opcode: Opcode, part: Uint8Array<ArrayBuffer>, last: boolean): void;
  /**
   * A Ping has arrived; its Pong is already queued.
   *
   * @param payload At most 125 bytes.
   */
  onPing(payload: Uint8Array<ArrayBuffer>): void;
  /**
   * A Pong has arrived.
   *
   * @param payload At most 125 bytes.
   */
  onPong(payload: Uint8Array<ArrayBuffer>): void;
  /**
   * The peer's Close has arrived; the answer is already queued, unless our Close was sent before.
   *
   * @param info The code and the reason; code 1005 if there is none.
   */
  onClose(info: CloseInfo): void;
  /**
   * The connection has failed (RFC 6455 §7.1.7): its Close is already queued, and nothing is received any more.
   *
   * @param error The error.
   */
  onError(error: WebSocketError): void;
  /** Bytes were queued without a call by the owner: a Pong, a Close, a message that was being compressed. */
  onOutput(): void;
  /**
   * An extension has answered asynchronously, and everything held back after its message was delivered. Unless the
   * owner has paused, `blocked` is false again, and reading can continue. Only needed with such an extension.
   */
  onUnblocked?(): void;
}

/** Receives messages, Pings and Pongs. */
export type MessageHandler = Pick<ProtocolHandler, "onMessage" | "onPart" | "onPing" | "onPong">;

/** A handler that leaves messages to another one, which gets them directly. */
export interface SplitHandler extends Omit<ProtocolHandler, keyof MessageHandler> {
  /** Receives messages, Pings and Pongs. */
  readonly messageHandler: MessageHandler;
}
