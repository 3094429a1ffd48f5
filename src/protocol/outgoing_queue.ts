import type { WebSocketError } from "../errors.ts";
import type { MessageExtension } from "./extension.ts";
import { FIN, RSV1 } from "./frame_header.ts";
import type { Opcode } from "./opcode.ts";
import { Queue } from "./queue.ts";
import type { Sender } from "./sender.ts";
import { extensionFailed } from "./protocol_errors.ts";

/** Who learns what happened in an {@linkcode OutgoingQueue} later than it was asked for. */
export interface OutboxObserver {
  /** Something was sent. */
  onOutput(): void;
  /**
   * The extension failed on a message, which is lost.
   *
   * @param error Why.
   */
  onFailure(error: WebSocketError): void;
}

/**
 * Keeps messages in order on their way through an extension that may answer later. Where the extension is quick, or
 * there is none, nothing ever waits here.
 */
export class OutgoingQueue {
  readonly #sender: Sender;
  readonly #extension: MessageExtension | null;
  readonly #observer: OutboxObserver;
  #busy = false;
  #closed = false;
  readonly #steps: Queue<() => void> = new Queue();
  #bytes = 0;

  /**
   * @param sender What composes the frames.
   * @param extension What messages go through, null for nothing.
   * @param observer Who learns what happened later.
   */
  constructor(sender: Sender, extension: MessageExtension | null, observer: OutboxObserver) {
    this.#sender = sender;
    this.#extension = extension;
    this.#observer = observer;
  }

  /** The bytes of the messages that wait, or are with the extension. */
  get queued(): number {
    return this.#bytes;
  }

  /**
   * Sends a message of one frame, after all that was sent before.
   *
   * @param opcode TEXT or BINARY.
   * @param payload The message.
   * @param compress False keeps it from the extension.
   */
  message(opcode: Opcode, payload: Uint8Array, compress: boolean): void {
    if (!this.#busy) return this.#send(opcode, payload, compress);
    const copy = new Uint8Array(payload);
    this.#bytes += copy.length;
    this.#steps.push(() => {
      this.#bytes -= copy.length;
      this.#send(opcode, copy, compress);
    });
  }

  /**
   * Does something when all messages before it are with the sender: at once, where none waits.
   *
   * @param step What to do.
   */
  after(step: () => void): void {
    if (this.#busy) this.#steps.push(step);
    else step();
  }

  /**
   * Lets everything wait from here on, when all messages before are with the sender.
   *
   * @param onTurn Called when that is so.
   */
  hold(onTurn: () => void): void {
    this.after(() => {
      this.#busy = true;
      onTurn();
    });
  }

  /** Goes on after {@linkcode OutgoingQueue.hold}. */
  release(): void {
    this.#busy = false;
    this.#drain();
  }

  /** Whether nothing waits. */
  get idle(): boolean {
    return !this.#busy && this.#steps.length === 0;
  }

  #drain(): void {
    while (!this.#busy && this.#steps.length > 0) this.#steps.shift()!();
  }

  /** Drops what waits and what is with the extension, and frees the extension. Nothing waits here afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#busy = false;
    this.#steps.clear();
    this.#bytes = 0;
    this.#extension?.close();
  }

  #send(opcode: Opcode, payload: Uint8Array, compress: boolean): void {
    const extension = this.#extension;
    if (extension === null || !compress) return this.#sender.frame(FIN | opcode, payload);
    try {
      this.#encode(extension, opcode, payload);
    } catch (cause) {
      this.#onFailure(extension, cause);
    }
  }

  #encode(extension: MessageExtension, opcode: Opcode, payload: Uint8Array): void {
    const { length } = payload;
    if (!extension.wants(length)) return this.#sender.frame(FIN | opcode, payload);
    const encoded = extension.encode(payload);
    if (encoded instanceof Uint8Array) return this.#sender.frame(FIN | RSV1 | opcode, encoded);
    this.#busy = true;
    this.#bytes += length;
    encoded.then((bytes) => this.#onEncoded(opcode, length, bytes), (error) => this.#onFailure(extension, error));
  }

  #onEncoded(opcode: Opcode, length: number, bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#busy = false;
    this.#bytes -= length;
    this.#sender.frame(FIN | RSV1 | opcode, bytes);
    this.#drain();
    this.#observer.onOutput();
  }

  #onFailure({ name }: MessageExtension, cause: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#observer.onFailure(extensionFailed(name, cause));
  }
}
