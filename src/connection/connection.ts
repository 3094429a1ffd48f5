import type { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { Opcode } from "../protocol/opcode.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";
import type { MessageHandler } from "../protocol/protocol_handler.ts";

/** Who gets what happens on a {@linkcode Connection}. None of these may throw. */
export interface ConnectionHandler extends MessageHandler {
  /** Less than the high-water mark waits to be written again, after at least that much did. */
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
   * @param info What the peer's Close said, or 1005, or 1006 if none came.
   */
  onClose(info: CloseInfo): void;
}

/**
 * A connection that carries messages, after its opening handshake. There are two kinds: this package's own protocol
 * over a {@linkcode Transport}, and the runtime's built-in socket.
 */
export interface Connection {
  /**
   * Where it stands; `"closing"` from the first Close, sent or received, until {@linkcode ConnectionHandler.onClose}.
   */
  readonly state: "open" | "closing" | "closed";
  /** How many bytes are queued. */
  readonly bufferedAmount: number;
  /** How many bytes have arrived; null if that can't be seen, and no Ping be sent. */
  readonly received: number | null;
  /** How many bytes were handed to the system. */
  readonly sent: number;
  /** Grows whenever a part of a message arrives or is handed to the system; control frames don't count. */
  readonly progress: number;
  /** The number of the write that is under way, null if none is. */
  readonly writing: number | null;
  /** True while it is not read from, because it was paused. */
  readonly paused: boolean;
  /** Whether it can be paused. */
  readonly pausable: boolean;
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
   * Sends a message that many connections send.
   *
   * @param message The message.
   * @returns False once the connection is closing.
   */
  sendPrepared(message: PreparedMessage): boolean;
  /**
   * Begins a message of fragments, RFC 6455 §5.4, after all that was sent before. Messages that are sent later wait for
   * its end; control frames do not.
   *
   * @param onTurn Called when the first fragment can be sent.
   * @returns False once the connection is closing.
   * @throws {TypeError} If the connection has no fragments.
   */
  startMessage(onTurn: () => void): boolean;
  /**
   * Sends a fragment of the message whose turn it is.
   *
   * @param opcode The message's type, TEXT or BINARY, the same for all of its fragments.
   * @param payload The bytes, at most 64 KiB; they are copied.
   * @param last Whether it is the last one.
   * @param onTaken Runs when the transport has taken the bytes.
   * @returns False once the connection takes no more.
   */
  sendFragment(opcode: Opcode, payload: Uint8Array, last: boolean, onTaken: () => void): boolean;
  /** Gives up the message whose turn it is before its first fragment, so that the others need not wait for it. */
  endMessage(): void;
  /**
   * Sends a Ping.
   *
   * @param payload At most 125 bytes.
   * @param onWritten Runs when it has been handed to the system.
   * @returns False once the connection is closing.
   */
  sendPing(payload: Uint8Array, onWritten?: () => void): boolean;
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
   * @returns False if it has begun before.
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
   * @param error Why, if there is a fault to report.
   */
  terminate(error?: WebSocketError): void;
  /** From the next message on, hands messages to {@linkcode ConnectionHandler.onPart} as they arrive, if it can. */
  receiveParts(): void;
  /** Holds back what is sent, so that many messages leave in one write; {@linkcode Connection.uncork} is to follow. */
  cork(): void;
  /** Writes what was held back. */
  uncork(): void;
  /** Stops delivering messages and reading. */
  pause(): void;
  /** Delivers what has arrived meanwhile, and reads on. */
  resume(): void;
}
