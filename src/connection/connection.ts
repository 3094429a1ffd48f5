import type { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { Opcode } from "../protocol/opcode.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";
import type { MessageHandler } from "../protocol/protocol_handler.ts";

/** Receives the events of a {@linkcode Connection}. None of these methods may throw. */
export interface ConnectionHandler extends MessageHandler {
  /** Less than the high-water mark is queued again, after at least that much was. */
  onDrain(): void;
  /**
   * The peer or the network failed; the connection ends.
   *
   * @param error The error.
   */
  onError(error: WebSocketError): void;
  /**
   * The connection is over. Called once, last.
   *
   * @param info The code and reason of the peer's Close, 1005 if it had no code, or 1006 if no Close arrived.
   */
  onClose(info: CloseInfo): void;
}

/**
 * A connection that carries messages, after its opening handshake. There are two kinds: this package's own protocol
 * over a {@linkcode Transport}, and the runtime's built-in socket.
 */
export interface Connection {
  /**
   * The state; `"closing"` from the first Close, sent or received, until {@linkcode ConnectionHandler.onClose}.
   */
  readonly state: "open" | "closing" | "closed";
  /** How many bytes are queued. */
  readonly bufferedAmount: number;
  /** How many bytes have arrived; null if that is unknown, and no Ping can be sent. */
  readonly received: number | null;
  /** How many bytes were handed to the system. */
  readonly sent: number;
  /** Grows whenever a part of a message arrives or is handed to the system; control frames don't count. */
  readonly progress: number;
  /** The number of the pending write, null if there is none. */
  readonly writing: number | null;
  /** True while it is paused, and so not read. */
  readonly paused: boolean;
  /** Whether it can be paused. */
  readonly pausable: boolean;
  /**
   * Sends a text message.
   *
   * @param message The text.
   * @param compress False sends it uncompressed.
   * @returns False once the connection is closing.
   */
  sendText(message: string, compress: boolean): boolean;
  /**
   * Sends a binary message.
   *
   * @param message The bytes.
   * @param compress False sends it uncompressed.
   * @returns False once the connection is closing.
   */
  sendBinary(message: Uint8Array, compress: boolean): boolean;
  /**
   * Sends a prepared message.
   *
   * @param message The message.
   * @returns False once the connection is closing.
   */
  sendPrepared(message: PreparedMessage): boolean;
  /**
   * Begins a fragmented message, RFC 6455 §5.4, after everything that was sent before. Messages that are sent later
   * wait for its end; control frames do not.
   *
   * @param onTurn Called when the first fragment can be sent.
   * @returns False once the connection is closing.
   * @throws {TypeError} If the connection has no fragments.
   */
  startMessage(onTurn: () => void): boolean;
  /**
   * Sends a fragment of the current message.
   *
   * @param opcode The message's type, TEXT or BINARY, the same for all of its fragments.
   * @param payload The bytes, at most 64 KiB; they are copied.
   * @param last Whether it is the last one.
   * @param onTaken Called when the transport has accepted the bytes.
   * @returns False once the connection accepts no more.
   */
  sendFragment(opcode: Opcode, payload: Uint8Array, last: boolean, onTaken: () => void): boolean;
  /** Abandons the current message before its first fragment, so that the others need not wait for it. */
  abandonMessage(): void;
  /**
   * Sends a Ping.
   *
   * @param payload At most 125 bytes.
   * @param onWritten Called when it has been handed to the system.
   * @returns False once the connection is closing.
   */
  sendPing(payload: Uint8Array, onWritten?: () => void): boolean;
  /**
   * Sends an unsolicited Pong.
   *
   * @param payload At most 125 bytes.
   * @returns False once the connection is closing.
   */
  sendPong(payload: Uint8Array): boolean;
  /**
   * Runs a callback when everything sent so far has been handed to the system.
   *
   * @param callback The function to run.
   */
  whenWritten(callback: () => void): void;
  /**
   * Begins the closing handshake.
   *
   * @param code The code to send, 1005 for none.
   * @param reason The reason to send.
   * @returns False if it had already begun.
   */
  close(code: number, reason: string): boolean;
  /**
   * Fails the connection with the error's close code.
   *
   * @param error The error; it is reported to {@linkcode ConnectionHandler.onError}.
   */
  fail(error: WebSocketError): void;
  /**
   * Ends the connection at once, with no closing handshake.
   *
   * @param error The error, if there is one to report.
   */
  terminate(error?: WebSocketError): void;
  /** From the next message on, passes messages to {@linkcode ConnectionHandler.onPart} as they arrive, if it can. */
  receiveParts(): void;
  /** Holds back what is sent, so that many messages leave in one write, until {@linkcode Connection.uncork}. */
  cork(): void;
  /** Writes what was held back. */
  uncork(): void;
  /** Stops delivering messages and reading. */
  pause(): void;
  /** Delivers what has arrived meanwhile, and resumes reading. */
  resume(): void;
}
