import type { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

/**
 * Who gets what happens on a {@linkcode Connection}. None of these may throw.
 *
 * @example Watch what a handler is told
 * ```ts
 * import type { ConnectionHandler } from "@wsd/driver";
 *
 * export function watched(handler: ConnectionHandler): ConnectionHandler {
 *   return {
 *     ...handler,
 *     onMessage(message) {
 *       console.log("Received", message.length);
 *       handler.onMessage(message);
 *     },
 *   };
 * }
 * ```
 */
export interface ConnectionHandler {
  /**
   * A message has arrived.
   *
   * @param message Text as a string, binary as bytes.
   */
  onMessage(message: string | Uint8Array): void;
  /**
   * A piece of a message has arrived, after {@linkcode Connection.receiveParts}.
   *
   * @param type The message's type.
   * @param part The bytes; they belong to the handler. Those of a text are valid UTF-8 together.
   * @param last Whether it is the last piece.
   */
  onPart?(type: "text" | "binary", part: Uint8Array, last: boolean): void;
  /**
   * A Ping has arrived; it is answered already.
   *
   * @param payload At most 125 bytes.
   */
  onPing(payload: Uint8Array): void;
  /**
   * A Pong has arrived.
   *
   * @param payload At most 125 bytes.
   */
  onPong(payload: Uint8Array): void;
  /** What waits to be written has fallen below the high-water mark, after it had reached it. */
  onDrain(): void;
  /**
   * The peer or the network is at fault; the connection ends.
   *
   * @param error Why.
   */
  onError(error: WebSocketError): void;
  /**
   * The connection is over. Called once, last.
   *
   * @param info What the peer's Close said, or 1005, or 1006 where none came.
   */
  onClose(info: CloseInfo): void;
}

/**
 * Sends one message in fragments. RFC 6455 §5.4.
 *
 * @example One message in two fragments
 * ```ts
 * import type { Connection, FragmentSender } from "@wsd/driver";
 *
 * const encoder = new TextEncoder();
 *
 * function greet(sender: FragmentSender): void {
 *   sender.send("text", encoder.encode("Hello, "), false, () => {
 *     sender.send("text", encoder.encode("world"), true, () => {});
 *   });
 * }
 *
 * export function sendGreeting(connection: Connection): boolean {
 *   return connection.sendFragments(greet);
 * }
 * ```
 */
export interface FragmentSender {
  /**
   * Sends a fragment.
   *
   * @param type The message's type, the same for all of its fragments.
   * @param payload The bytes, at most 64 KiB; they are copied.
   * @param last Whether it is the last one.
   * @param onTaken Runs when the transport has taken the bytes.
   * @returns False once the connection takes no more.
   */
  send(type: "text" | "binary", payload: Uint8Array, last: boolean, onTaken: () => void): boolean;
  /** Gives up, where no fragment was sent: other messages wait no longer. */
  release(): void;
}

/**
 * A connection that carries messages, after its opening handshake. There are two: the one of this package's own
 * protocol over a {@linkcode Transport}, and the one over the runtime's built-in socket.
 *
 * @example Send only what can leave at once
 * ```ts
 * import type { Connection } from "@wsd/driver";
 *
 * export function sendOrSkip(connection: Connection, text: string): boolean {
 *   return connection.bufferedAmount === 0 && connection.sendText(text, true);
 * }
 * ```
 */
export interface Connection {
  /** Where it stands; `"closing"` from the first Close, sent or received, until {@linkcode ConnectionHandler.onClose}. */
  readonly state: "open" | "closing" | "closed";
  /** The bytes that wait to be written. */
  readonly bufferedAmount: number;
  /** Grows whenever bytes arrive; null where that can't be seen, and no Ping be sent. */
  readonly received: number | null;
  /** True while it is not read from, as it was paused. */
  readonly paused: boolean;
  /**
   * Sends a text message.
   *
   * @param message The text.
   * @param compress False keeps it from being compressed.
   * @returns False once the connection is closing.
   */
  sendText(message: string, compress: boolean): boolean;
  /**
   * Sends a binary message.
   *
   * @param message The bytes.
   * @param compress False keeps it from being compressed.
   * @returns False once the connection is closing.
   */
  sendBinary(message: Uint8Array, compress: boolean): boolean;
  /**
   * Sends a message in fragments, after all that was sent before. Messages that are sent later wait for its end; control
   * frames do not.
   *
   * @param onTurn Called when the first fragment can be sent.
   * @returns False once the connection is closing.
   * @throws {TypeError} Where the connection has no fragments.
   */
  sendFragments(onTurn: (sender: FragmentSender) => void): boolean;
  /**
   * Sends a Ping.
   *
   * @param payload At most 125 bytes.
   * @returns False once the connection is closing.
   */
  sendPing(payload: Uint8Array): boolean;
  /**
   * Sends a Pong that no Ping asked for.
   *
   * @param payload At most 125 bytes.
   * @returns False once the connection is closing.
   */
  sendPong(payload: Uint8Array): boolean;
  /**
   * Runs something when all that was sent by now has been handed to the system.
   *
   * @param callback What to run.
   */
  whenWritten(callback: () => void): void;
  /**
   * Begins the closing handshake.
   *
   * @param code The code to send, 1005 for none.
   * @param reason The reason to send.
   * @returns False where it has begun before.
   */
  close(code: number, reason: string): boolean;
  /**
   * Fails the connection with the error's close code.
   *
   * @param error Why; it comes back through {@linkcode ConnectionHandler.onError}.
   */
  fail(error: WebSocketError): void;
  /**
   * Ends the connection at once, with no closing handshake.
   *
   * @param error Why, where there is a fault to tell of.
   */
  terminate(error?: WebSocketError): void;
  /** Whether it can be paused. */
  readonly pausable: boolean;
  /** From the next message on, hands messages to {@linkcode ConnectionHandler.onPart} as they arrive, where it can. */
  receiveParts(): void;
  /** Stops to deliver and to read. */
  pause(): void;
  /** Goes on. */
  resume(): void;
}
