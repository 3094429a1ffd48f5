import { CloseCode } from "../close_code.ts";
import { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

/**
 * The two kinds of messages. RFC 6455 §5.6.
 *
 * @example Name a file after what comes
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

/** What takes messages in place of the listeners of `"message"`: a stream. */
export interface MessageConsumer {
  /** Whether it takes messages piece by piece, as they arrive. */
  readonly takesParts: boolean;
  /**
   * A whole message has come.
   *
   * @param message The text or the bytes.
   */
  onMessage(message: string | Uint8Array<ArrayBuffer>): void;
  /**
   * A piece of a message has come.
   *
   * @param type The message's type.
   * @param part The bytes, which are the consumer's.
   * @param last Whether it is the last piece.
   */
  onPart(type: MessageType, part: Uint8Array<ArrayBuffer>, last: boolean): void;
  /** Takes nothing more: what comes is dropped, so that the connection's end can come through. */
  stop(): void;
  /**
   * The connection is over.
   *
   * @param fault Why, null if it ended cleanly.
   */
  onEnd(fault: unknown): void;
}

/** How a stream of messages controls the connection that it belongs to. */
export interface FlowControl {
  /**
   * Holds back what comes.
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

/** What a message in a queue costs beside its bytes, roughly, in bytes. */
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
 * Reads from the reason of a `cancel` or an `abort` how to close: as a {@linkcode WebSocketError} says, else without a
 * code. WHATWG WebSockets, "close using reason".
 *
 * @param reason The reason.
 * @param normal The code if no reason was given.
 * @returns The code, 1005 for none, and the reason.
 */
export function closeInfoOf(reason: unknown, normal: number = CloseCode.NO_STATUS_RECEIVED): CloseInfo {
  if (reason === undefined) return { code: normal, reason: "" };
  if (!(reason instanceof WebSocketError)) return { code: CloseCode.NO_STATUS_RECEIVED, reason: "" };
  // An error that came from a connection may hold a code that only stands for the lack of one.
  const { closeCode, code } = reason;
  if (code === 0) return { code: closeCode ?? CloseCode.NO_STATUS_RECEIVED, reason: reason.reason };
  const own = closeCode === null || closeCode === CloseCode.ABNORMAL_CLOSURE;
  return { code: own ? CloseCode.INTERNAL_ERROR : closeCode, reason: reason.reason };
}
