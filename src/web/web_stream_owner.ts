import { CloseCode } from "../close_code.ts";
import type { Connection } from "../connection/connection.ts";
import type { MessageData } from "../connection/message_data.ts";
import type { DriverCore } from "../driver/driver_core.ts";
import { ErrorCode, WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { MessageConsumer } from "../streams/message_consumer.ts";
import type { StreamOwner, StreamSettings } from "../streams/stream_owner.ts";
import { toTextOrBytes } from "./message_payload.ts";
import { toWebError } from "./web_error.ts";

/**
 * The part of a driver that the streams of a {@linkcode WebSocketStream} need, by the standard's rules: they fail with
 * the web's error class, they convert what is written, and a connection that the peer closed while a message was being
 * sent was not closed cleanly.
 */
export class WebStreamOwner implements StreamOwner {
  /** The driver's options, except that closing the streams sends no code. */
  readonly settings: StreamSettings;
  readonly #core: DriverCore;
  /** Whether a message is being written. */
  #writing = false;
  #outcome: WebSocketError | null | undefined;

  /** @param core The driver's core. */
  constructor(core: DriverCore) {
    this.#core = core;
    this.settings = { ...core.settings, streamCloseCode: CloseCode.NO_STATUS_RECEIVED };
  }

  /** The connection, null before it is open. */
  get connection(): Connection | null {
    return this.#core.connection;
  }

  /** The state of the connection. */
  get readyState(): StreamOwner["readyState"] {
    return this.#core.readyState;
  }

  /** The error for an operation that is still pending when the connection ends. */
  get endError(): WebSocketError {
    return this.#outcome ?? this.#core.endError;
  }

  /** Rejects a wait when the connection ends. Call the returned function when the wait is over. */
  rejectAtEnd(reject: (reason: WebSocketError) => void): () => void {
    return this.#core.rejectAtEnd(reject);
  }

  /** The error that ended the connection: undefined while it lasts, null if it ended cleanly. */
  get outcome(): WebSocketError | null | undefined {
    return this.#outcome;
  }

  /**
   * The connection is over.
   *
   * @param info The code and reason of the peer's Close.
   */
  onClose(info: CloseInfo): void {
    const fault = this.#core.outcome ?? (this.#writing ? closedWhileWriting(info) : null);
    this.#outcome = fault && toWebError(fault);
  }

  passMessagesTo(consumer: MessageConsumer, name: string): void {
    this.#core.passMessagesTo(consumer, name);
  }

  send(message: MessageData, onTaken: () => void): boolean {
    const payload = toTextOrBytes(message, false);
    this.#writing = true;
    const taken = this.#core.send(payload, () => {
      this.#writing = false;
      onTaken();
    });
    // A message refused for its size is over. One refused because the peer has closed is never written.
    if (!taken && this.readyState === "open") this.#writing = false;
    return taken;
  }

  startMessage(onTurn: () => void): boolean {
    return this.#core.startMessage(onTurn);
  }

  close(code: number, reason: string): void {
    this.#core.close(code, reason);
  }
}

function closedWhileWriting({ code, reason }: CloseInfo): WebSocketError {
  return new WebSocketError("Cannot finish writing: the peer has closed the connection", {
    code: ErrorCode.CONNECTION_LOST,
    closeCode: code,
    reason,
  });
}
