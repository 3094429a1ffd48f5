import type { MessageExtension } from "./extension.ts";
import { FIN, RSV1 } from "./frame_header.ts";
import type { InternalHandler } from "./internal_handler.ts";
import { Opcode } from "./opcode.ts";
import type { PreparedMessage } from "./prepared_message.ts";
import { bufferChanged, extensionFailed } from "./protocol_errors.ts";
import { Queue } from "./queue.ts";
import type { Sender } from "./sender.ts";

/**
 * Keeps messages in order while the extension processes one asynchronously, or while one is being sent in fragments. If
 * the extension answers at once, nothing ever waits here.
 */
export class OutgoingQueue {
  readonly #sender: Sender;
  readonly #extension: MessageExtension | null;
  readonly #handler: InternalHandler;
  /** Whether a message can be sent at once, or must wait for one in progress, or nothing is sent any more. */
  #state: "ready" | "busy" | "closed" = "ready";
  /** Whether a message is being sent in fragments, and if so, whether the next fragment is its first. */
  #fragments: "none" | "first" | "next" = "none";
  readonly #steps: Queue<() => void> = new Queue();
  #bytes = 0;

  /**
   * @param sender Composes the frames.
   * @param extension The extension that processes messages, null for none.
   * @param handler Receives events that happen later.
   */
  constructor(sender: Sender, extension: MessageExtension | null, handler: InternalHandler) {
    this.#sender = sender;
    this.#extension = extension;
    this.#handler = handler;
  }

  /** The bytes of messages that wait, or are with the extension. */
  get queued(): number {
    return this.#bytes;
  }

  /**
   * Sends a message in one frame, after everything that was sent before.
   *
   * @param opcode TEXT or BINARY.
   * @param payload The message.
   * @param compress False bypasses the extension.
   */
  message(opcode: Opcode, payload: Uint8Array, compress: boolean): void {
    if (this.#state !== "busy") return this.#send(opcode, payload, compress);
    const copy = new Uint8Array(payload);
    this.#bytes += copy.length;
    this.#steps.push(() => {
      this.#bytes -= copy.length;
      this.#send(opcode, copy, compress);
    });
  }

  /**
   * Sends a prepared message, after everything that was sent before.
   *
   * @param message The message.
   */
  prepared(message: PreparedMessage): void {
    if (this.#state !== "busy") return this.#sendPrepared(message);
    const { length } = message.payload;
    this.#bytes += length;
    this.#steps.push(() => {
      this.#bytes -= length;
      this.#sendPrepared(message);
    });
  }

  /**
   * Runs a step when all messages before it are with the sender: at once if none waits.
   *
   * @param step What to do.
   */
  after(step: () => void): void {
    if (this.#state === "busy") this.#steps.push(step);
    else step();
  }

  /**
   * Begins a fragmented message, when all messages before it are with the sender; everything after it waits.
   *
   * @param onTurn Called when {@linkcode OutgoingQueue.fragment} can be called.
   */
  startMessage(onTurn: () => void): void {
    this.after(() => {
      this.#state = "busy";
      this.#fragments = "first";
      onTurn();
    });
  }

  /**
   * Sends a fragment of the current message.
   *
   * @param opcode The message's type, TEXT or BINARY, the same for all of its fragments.
   * @param payload The bytes.
   * @param last Whether the message ends with it.
   * @returns False if no message was begun, or it was cut off.
   */
  fragment(opcode: Opcode, payload: Uint8Array, last: boolean): boolean {
    if (this.#fragments === "none") return false;
    this.#sender.frame((last ? FIN : 0) | (this.#fragments === "first" ? opcode : Opcode.CONTINUATION), payload);
    this.#fragments = "next";
    return true;
  }

  /**
   * Ends a fragmented message, or abandons it before the first fragment: sends what has waited for its end.
   *
   * @returns False if there was none to end.
   */
  endMessage(): boolean {
    if (this.#fragments === "none") return false;
    this.#fragments = "none";
    this.#state = "ready";
    this.#drain();
    return true;
  }

  /** Whether a fragmented message is in progress. */
  get fragmenting(): boolean {
    return this.#fragments !== "none";
  }

  /** Whether nothing waits. */
  get idle(): boolean {
    return this.#state !== "busy" && this.#steps.length === 0;
  }

  #drain(): void {
    while (this.#state === "ready" && this.#steps.length > 0) this.#steps.shift()!();
  }

  /** Drops what waits and what is with the extension, and frees the extension. Nothing waits here afterward. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#fragments = "none";
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

  #sendPrepared(message: PreparedMessage): void {
    const extension = this.#extension;
    const { compress, payload } = message;
    if (extension === null || compress === false || !extension.wants(payload.length)) {
      return this.#sender.prepared(message.plain);
    }
    if (compress === "each" || extension.encodeShared === undefined) {
      return this.#send(message.type === "text" ? Opcode.TEXT : Opcode.BINARY, payload, true);
    }
    try {
      this.#sender.prepared(extension.encodeShared(message));
    } catch (cause) {
      this.#onFailure(extension, cause);
    }
  }

  #encode(extension: MessageExtension, opcode: Opcode, payload: Uint8Array): void {
    const { length } = payload;
    if (!extension.wants(length)) return this.#sender.frame(FIN | opcode, payload);
    const encoded = extension.encode(payload);
    if (encoded instanceof Uint8Array) return this.#sender.frame(FIN | RSV1 | opcode, encoded);
    this.#state = "busy";
    this.#bytes += length;
    encoded.then((bytes) => {
      if (payload.length !== length) throw new RangeError("The message's buffer has changed its length");
      this.#onEncoded(opcode, length, bytes);
    }).catch((cause) => this.#onFailure(extension, cause, payload.length === length ? null : [length, payload.length]));
  }

  #onEncoded(opcode: Opcode, length: number, bytes: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#state = "ready";
    this.#bytes -= length;
    this.#sender.frame(FIN | RSV1 | opcode, bytes);
    this.#drain();
    this.#handler.onOutput();
  }

  /** The extension failed, or the caller's buffer has changed its length meanwhile. */
  #onFailure({ name }: MessageExtension, cause: unknown, changed: [from: number, to: number] | null = null): void {
    if (this.#state === "closed") return;
    this.close();
    this.#handler.onFailure(changed === null ? extensionFailed(name, cause) : bufferChanged(...changed));
  }
}
