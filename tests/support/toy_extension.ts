/**
 * An extension for tests, so simple that its output can be written by hand: a `*` and then every byte inverted.
 *
 * @module
 */
import { ErrorCode, type MessageExtension, ProtocolError } from "../../protocol.ts";

const MARK = 0x2a;

/** How a {@linkcode ToyExtension} answers: at once, or as a promise. */
export type Pace = "synchronous" | "asynchronous";

/** Both ways in which an extension may answer. */
export const PACES: readonly Pace[] = ["synchronous", "asynchronous"];

/** The extension. */
export class ToyExtension implements MessageExtension {
  readonly name = "x-toy";
  /** Whether it was closed. */
  closed = false;
  /** Whether messages to send are worth transforming. */
  wanted = true;
  /** While true, asynchronous answers wait for {@linkcode ToyExtension.settle}. */
  held = false;
  /** How often it was called while an answer was still due. */
  overlaps = 0;
  readonly #pace: Pace;
  readonly #due: { decode: (() => void)[]; encode: (() => void)[] } = { decode: [], encode: [] };

  /** @param pace How it answers. */
  constructor(pace: Pace) {
    this.#pace = pace;
  }

  wants(length: number): boolean {
    return this.wanted && length > 0;
  }

  decode(payload: Uint8Array, maxLength: number): Uint8Array | Promise<Uint8Array> {
    const message = invert(payload.slice(1));
    return this.#answer("decode", () => {
      if (payload[0] !== MARK) throw new ProtocolError("No mark", ErrorCode.INVALID_COMPRESSED_DATA, 1007);
      if (message.length > maxLength) throw new ProtocolError("Too long", ErrorCode.MESSAGE_TOO_LONG, 1009);
      return message;
    });
  }

  encode(payload: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const encoded = toyEncode(payload);
    return this.#answer("encode", () => encoded);
  }

  #answer(direction: "decode" | "encode", make: () => Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (this.#pace === "synchronous") return make();
    const due = this.#due[direction];
    if (due.length > 0) this.overlaps++;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    due.push(() => {
      try {
        resolve(make());
      } catch (error) {
        reject(error);
      }
    });
    if (!this.held) queueMicrotask(() => due.shift()?.());
    return promise;
  }

  /** Resolves all answers that are due, and those that become due by that. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 10; quiet++) {
      const answers = [...this.#due.decode.splice(0), ...this.#due.encode.splice(0)];
      if (answers.length > 0) quiet = 0;
      for (const answer of answers) answer();
      await Promise.resolve();
    }
  }

  close(): void {
    this.closed = true;
  }
}

/**
 * Encodes a message as the extension does.
 *
 * @param payload The message.
 * @returns The bytes on the wire.
 */
export function toyEncode(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(MARK, ...invert(payload));
}

function invert(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes, (byte) => ~byte);
}
