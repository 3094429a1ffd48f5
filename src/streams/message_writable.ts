import { ConnectionError, ErrorCode } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { MessageData } from "../connection/message_data.ts";
import { closeInfoOf } from "./message_consumer.ts";

/** What a {@linkcode MessageWritable} needs of the connection that it belongs to. */
export interface MessageWriter {
  /**
   * Sends a message.
   *
   * @param message The message.
   * @param onTaken Runs when its bytes were taken.
   * @returns False where it was not taken, and will not be.
   */
  send(message: MessageData, onTaken: () => void): boolean;
  /**
   * Closes the connection, behind what was sent.
   *
   * @param info The code and the reason.
   */
  close(info: CloseInfo): void;
}

/**
 * The messages to send as a `WritableStream`: `ws.writable`.
 *
 * A `write` resolves when the bytes were taken, so that nothing waits but the message that is being written.
 */
export class MessageWritable {
  /** The stream. */
  readonly writable: WritableStream<MessageData>;
  readonly #owner: MessageWriter;
  readonly #ended = Promise.withResolvers<void>();
  #controller!: WritableStreamDefaultController;
  #reject: ((error: unknown) => void) | null = null;

  /**
   * @param owner The connection.
   * @param closeCode The code to close with where the writable is closed; 1005 for none.
   */
  constructor(owner: MessageWriter, closeCode: number) {
    this.#owner = owner;
    this.#ended.promise.catch(() => {});
    this.writable = new WritableStream<MessageData>({
      start: (controller) => this.#start(controller),
      write: (message) => this.#write(message),
      close: () => this.#close({ code: closeCode, reason: "" }),
      abort: () => {},
    });
  }

  /** The sink's own `abort` would have to wait for a write that may never end; the signal comes at once. */
  #start(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
    const { signal } = controller;
    signal.addEventListener("abort", () => this.#owner.close(closeInfoOf(signal.reason)), { once: true });
  }

  #write(message: MessageData): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (!this.#owner.send(message, resolve)) reject(refused());
    });
  }

  #close(info: CloseInfo): Promise<void> {
    this.#owner.close(info);
    return this.#ended.promise;
  }

  /**
   * The connection is over.
   *
   * @param fault Why, where it did not end cleanly.
   */
  onEnd(fault: unknown): void {
    const error = fault ?? new DOMException("Cannot write as the connection is closed", "InvalidStateError");
    this.#reject?.(error);
    this.#controller.error(error);
    if (fault === null) this.#ended.resolve();
    else this.#ended.reject(fault);
  }
}

function refused(): ConnectionError {
  return new ConnectionError(
    "Cannot write as the connection takes no more messages: it is closing, or above its backpressureLimit",
    ErrorCode.CONNECTION_LOST,
  );
}
