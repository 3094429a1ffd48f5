import type { Connection } from "../connection/connection.ts";
import type { MessageData } from "../connection/message_data.ts";
import type { WebSocketError } from "../errors.ts";
import type { MessageConsumer } from "./message_consumer.ts";

/** How the streams of a driver are set up. */
export interface StreamSettings {
  /** How many bytes may wait in a queue, unread. */
  readonly highWaterMark: number;
  /** How many unread bytes end a connection that can't be paused. */
  readonly backpressureLimit: number;
  /** The close code for a stream that is closed or canceled without a reason; 1005 for none. */
  readonly streamCloseCode: number;
}

/** What the streams need of the driver that they belong to. */
export interface StreamOwner {
  /** The size of queues, and how to close. */
  readonly settings: StreamSettings;
  /** The connection, null before it is open. */
  readonly connection: Connection | null;
  /** The state of the connection. */
  readonly readyState: "connecting" | "open" | "closing" | "closed";
  /** The error that ended the connection: undefined while it lasts, null if it ended cleanly. */
  readonly outcome: WebSocketError | null | undefined;
  /** The same for something that still waits: an error also if the connection has ended cleanly. */
  readonly ending: WebSocketError;
  /**
   * Ends a wait when the connection is over.
   *
   * @param reject Gets {@linkcode StreamOwner.ending}: at once if the connection is over.
   * @returns Call it when the wait is over.
   */
  whenLost(reject: (reason: WebSocketError) => void): () => void;
  /**
   * Gives all messages from now on to a stream.
   *
   * @param consumer The stream.
   * @param name What users call it.
   * @throws {TypeError} If something else takes the messages.
   */
  take(consumer: MessageConsumer, name: string): void;
  /**
   * Sends a message.
   *
   * @param message The message.
   * @param onTaken Runs when its bytes were taken.
   * @returns False if it was not taken, and will not be.
   */
  send(message: MessageData, onTaken: () => void): boolean;
  /**
   * Begins a message of fragments, behind all that was sent before.
   *
   * @param onTurn Called when it is its turn.
   * @returns False if the connection takes no message.
   */
  startMessage(onTurn: () => void): boolean;
  /**
   * Closes the connection, behind what was sent.
   *
   * @param code The code, 1005 for none.
   * @param reason The reason.
   */
  close(code: number, reason: string): void;
}
