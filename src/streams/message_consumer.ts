import { CloseCode } from "../close_code.ts";
import { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

/**
 * The two kinds of messages. RFC 6455 §5.6.
 *
 * @example Name a file by the message's type
 * ```ts
 * import { makePair } from "@wsd/driver";
 * import type { MessageType } from "@wsd/driver/client";
 *
 * const SUFFIXES: Record<MessageType, string> = { text: ".txt", binary: ".bin" };
 *
 * await using pair = await makePair();
 * pair.client.send("Hi");
 * for await (const message of pair.server.messages) {
 *   console.log(SUFFIXES[message.type]);
 *   break;
 * }
 * ```
 * @category Streams
 */
export type MessageType = "text" | "binary";

/** Consumes messages instead of the listeners of `"message"`: a stream. */
export interface MessageConsumer {
  /** Whether it consumes messages in parts, as they arrive. */
  readonly takesParts: boolean;
  /**
   * A complete message has arrived.
   *
   * @param message The text or the bytes.
   */
  onMessage(message: string | Uint8Array<ArrayBuffer>): void;
  /**
   * A part of a message has arrived.
   *
   * @param type The message's type.
   * @param part The bytes, which the consumer owns.
   * @param last Whether it is the last part.
   */
  onPart(type: MessageType, part: Uint8Array<ArrayBuffer>, last: boolean): void;
  /** Stops: messages are dropped from now on, so that the connection's end gets through. */
  stop(): void;
  /**
   * The connection is over.
   *
   * @param fault The error, null if it ended cleanly.
   */
  onEnd(fault: unknown): void;
}

/** How a stream of messages controls the connection that it belongs to. */
export interface FlowControl {
  /**
   * Holds back messages.
   *
   * @param unread How many bytes nobody has read yet.
   */
  hold(unread: number): void;
  /** Releases what was held back. */
  release(): void;
  /**
   * Closes the connection.
   *
   * @param info The code and the reason.
   */
  close(info: CloseInfo): void;
}

/** The approximate cost of a queued message in addition to its bytes, in bytes. */
const OVERHEAD = 128;

/**
 * Measures a message in the queue of a stream.
 *
 * @param message The message.
 * @returns Its cost in bytes, never 0.
 */
export function costOf(message: string | Uint8Array): number {
  return message.length + OVERHEAD;
}

/**
 * Derives from the reason of a `cancel` or an `abort` how to close: as a {@linkcode WebSocketError} says, otherwise
 * without a code. WHATWG WebSockets, "close using reason".
 *
 * @param reason The reason.
 * @param normal The code if no reason was given.
 * @returns The code, 1005 for none, and the reason.
 */
export function closeInfoOf(reason: unknown, normal: number = CloseCode.NO_STATUS_RECEIVED): CloseInfo {
  if (reason === undefined) return { code: normal, reason: "" };
  if (!(reason instanceof WebSocketError)) return { code: CloseCode.NO_STATUS_RECEIVED, reason: "" };
  // An error from a connection may have a code that only means the lack of one.
  const { closeCode, code } = reason;
  if (code === 0) return { code: closeCode ?? CloseCode.NO_STATUS_RECEIVED, reason: reason.reason };
  const own = closeCode === null || closeCode === CloseCode.ABNORMAL_CLOSURE;
  return { code: own ? CloseCode.INTERNAL_ERROR : closeCode, reason: reason.reason };
}
