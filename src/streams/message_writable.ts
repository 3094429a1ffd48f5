import { CloseCode } from "../close_code.ts";
import { ErrorCode, WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { MessageData } from "../connection/message_data.ts";
import { closeInfoOf } from "./message_consumer.ts";
import type { StreamOwner } from "./stream_owner.ts";

/**
 * The messages to send as a `WritableStream`: `ws.writable`.
 *
 * A `write` resolves when the system has accepted the bytes, so that only the message being written is queued.
 */
export class MessageWritable {
  /** The stream. */
  readonly writable: WritableStream<MessageData>;
  readonly #owner: StreamOwner;
  readonly #ended = Promise.withResolvers<void>();
  #controller!: WritableStreamDefaultController;
  #reject: ((error: unknown) => void) | null = null;

  /** @param owner The driver. */
  constructor(owner: StreamOwner) {
    this.#owner = owner;
    this.#ended.promise.catch(() => {});
    this.writable = new WritableStream<MessageData>({
      start: (controller) => this.#start(controller),
      write: (message) => this.#write(message),
      close: () => this.#close({ code: owner.settings.streamCloseCode, reason: "" }),
      abort: () => {},
    });
  }

  /** The sink's own `abort` would wait for a write that may never end; the signal aborts at once. */
  #start(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
    const { signal } = controller;
    signal.addEventListener("abort", () => this.#sendClose(closeInfoOf(signal.reason)), { once: true });
  }

  /** While the connection is closing, a write waits for its end, which determines the error. */
  #write(message: MessageData): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (!this.#owner.send(message, resolve) && this.#owner.readyState === "open") reject(backpressure());
    });
  }

  #close(info: CloseInfo): Promise<void> {
    this.#sendClose(info);
    return this.#ended.promise;
  }

  #sendClose({ code, reason }: CloseInfo): void {
    this.#owner.close(code, reason);
  }

  /**
   * The connection is over.
   *
   * @param fault The error, null if it ended cleanly.
   */
  onEnd(fault: unknown): void {
    const error = fault ?? closed();
    this.#reject?.(error);
    this.#controller.error(error);
    if (fault === null) this.#ended.resolve();
    else this.#ended.reject(fault);
  }
}

function backpressure(): WebSocketError {
  return new WebSocketError(
    'Cannot write: more than backpressureLimit waits already. Write to writable alone, or wait for "drain" with send()',
    { code: ErrorCode.BACKPRESSURE_LIMIT, closeCode: CloseCode.TRY_AGAIN_LATER },
  );
}

function closed(): DOMException {
  return new DOMException("Cannot write: the connection is closed", "InvalidStateError");
}
