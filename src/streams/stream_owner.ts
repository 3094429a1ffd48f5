import type { Connection } from "../connection/connection.ts";
import type { MessageData } from "../connection/message_data.ts";
import type { WebSocketError } from "../errors.ts";
import type { MessageConsumer } from "./message_consumer.ts";

/** The options of a driver's streams. */
export interface StreamSettings {
  /** How many unread bytes may be queued. */
  readonly highWaterMark: number;
  /** How many unread bytes end a connection that can't be paused. */
  readonly backpressureLimit: number;
  /** The close code for a stream that is closed or canceled without a reason; 1005 for none. */
  readonly streamCloseCode: number;
}

/** The part of a driver that its streams need. */
export interface StreamOwner {
  /** The size of queues, and how to close. */
  readonly settings: StreamSettings;
  /** The connection, null before it is open. */
  readonly connection: Connection | null;
  /** The state of the connection. */
  readonly readyState: "connecting" | "open" | "closing" | "closed";
  /** The error that ended the connection: undefined while it lasts, null if it ended cleanly. */
  readonly outcome: WebSocketError | null | undefined;
  /** The same for a pending operation: an error even if the connection ended cleanly. */
  readonly endError: WebSocketError;
  /**
   * Rejects a wait when the connection ends.
   *
   * @param reject Receives {@linkcode StreamOwner.endError}: at once if the connection is over.
   * @returns A function to call when the wait is over.
   */
  rejectAtEnd(reject: (reason: WebSocketError) => void): () => void;
  /**
   * Passes all messages from now on to a stream.
   *
   * @param consumer The stream.
   * @param name Its public name.
   * @throws {TypeError} If something else consumes the messages.
   */
  passMessagesTo(consumer: MessageConsumer, name: string): void;
  /**
   * Sends a message.
   *
   * @param message The message.
   * @param onTaken Called when the system has accepted its bytes.
   * @returns False if it was not accepted, and never will be.
   */
  send(message: MessageData, onTaken: () => void): boolean;
  /**
   * Begins a fragmented message, after everything that was sent before.
   *
   * @param onTurn Called when it is its turn.
   * @returns False if the connection accepts no message.
   */
  startMessage(onTurn: () => void): boolean;
  /**
   * Closes the connection, after everything that was sent.
   *
   * @param code The code, 1005 for none.
   * @param reason The reason.
   */
  close(code: number, reason: string): void;
}
