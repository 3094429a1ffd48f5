import type { MessageExtension } from "./extension.ts";
import { FIN, RSV1 } from "./frame_header.ts";
import type { Opcode } from "./opcode.ts";
import type { Sender } from "./sender.ts";

/**
 * Keeps messages in order on their way through an extension that may answer later. Where the extension is quick, or
 * there is none, nothing ever waits here.
 */
export class Outbox {
  readonly #sender: Sender;
  readonly #extension: MessageExtension | null;
  readonly #onOutput: () => void;
  #busy = false;
  #steps: (() => void)[] = [];
  #bytes = 0;

  /**
   * @param sender What composes the frames.
   * @param extension What messages go through.
   * @param onOutput Called when something was sent later than it was asked for.
   */
  constructor(sender: Sender, extension: MessageExtension | null, onOutput: () => void) {
    this.#sender = sender;
    this.#extension = extension;
    this.#onOutput = onOutput;
  }

  /** The bytes of the messages that wait. */
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
    const copy = payload.slice();
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

  /** Drops what waits. */
  close(): void {
    this.#steps = [];
    this.#bytes = 0;
  }

  #send(opcode: Opcode, payload: Uint8Array, compress: boolean): void {
    const extension = this.#extension;
    if (extension === null || !compress || !extension.wants(payload.length)) {
      return this.#sender.frame(FIN | opcode, payload);
    }
    const encoded = extension.encode(payload);
    if (encoded instanceof Uint8Array) return this.#sender.frame(FIN | RSV1 | opcode, encoded);
    this.#busy = true;
    this.#bytes += payload.length;
    encoded.then((bytes) => {
      this.#busy = false;
      this.#bytes -= payload.length;
      this.#sender.frame(FIN | RSV1 | opcode, bytes);
      while (!this.#busy && this.#steps.length > 0) this.#steps.shift()!();
      this.#onOutput();
    });
  }
}
