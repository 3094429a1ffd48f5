/**
 * What the tests of compression share.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync } from "node:zlib";
import type { MessageExtension, Role } from "../../protocol.ts";
import { type DeflateEngine, sharedEngine } from "../../src/deflate/engine.ts";
import type { DeflateAgreement } from "../../src/deflate/negotiation.ts";
import { checkDeflateOptions, type PerMessageDeflateOptions } from "../../src/deflate/options.ts";
import { PerMessageDeflate } from "../../src/deflate/per_message_deflate.ts";
import type { Random } from "../support/random.ts";

const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);

/** What is agreed on where nobody asks for anything. */
export const DEFAULT: DeflateAgreement = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** Makes the extension for one side. */
export function makeDeflate(
  role: Role,
  agreement: Partial<DeflateAgreement> = {},
  options: PerMessageDeflateOptions = {},
  engine: DeflateEngine = sharedEngine,
): PerMessageDeflate {
  const settings = checkDeflateOptions({ threshold: 0, ...options })!;
  return new PerMessageDeflate({
    role,
    agreement: { ...DEFAULT, ...agreement },
    settings,
    engine,
  });
}

/** Puts a message on the wire by zlib, with a context of its own. */
export function zlibEncode(message: Uint8Array, level = 6): Uint8Array {
  return deflateRawSync(message, { level, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL.length);
}

/** A peer with zlib, which keeps its context. */
export class ZlibPeer implements Disposable {
  readonly #deflate;
  readonly #inflate;
  readonly #chunks: Uint8Array[] = [];
  #error: unknown = null;

  constructor(deflateBits: number, inflateBits: number, level = 6) {
    this.#deflate = createDeflateRaw({ windowBits: deflateBits, level });
    this.#inflate = createInflateRaw({ windowBits: inflateBits });
    for (const stream of [this.#deflate, this.#inflate]) {
      stream.on("data", (chunk: Uint8Array) => void this.#chunks.push(chunk));
      stream.on("error", (error: unknown) => this.#error = error);
    }
  }

  /** Compresses a message. */
  async encode(message: Uint8Array): Promise<Uint8Array> {
    if (message.length === 0) return Uint8Array.of(0);
    this.#deflate.write(message);
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    return this.#take().subarray(0, -TAIL.length);
  }

  /** Inflates a message. */
  async decode(payload: Uint8Array): Promise<Uint8Array> {
    this.#inflate.write(Buffer.concat([payload, TAIL]));
    await new Promise<void>((resolve) => this.#inflate.flush(resolve));
    if (this.#error !== null) throw this.#error;
    return this.#take();
  }

  #take(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks.splice(0)));
  }

  [Symbol.dispose](): void {
    this.#deflate.close();
    this.#inflate.close();
  }
}

/** Makes a message of one of several kinds: text, noise, repetition, few different bytes. */
export function randomMessage(random: Random, length: number): Uint8Array<ArrayBuffer> {
  const kind = random.next(4);
  if (kind === 0) return new Uint8Array(length).fill(random.next(256));
  if (kind === 1) return random.bytes(length);
  if (kind === 2) return Uint8Array.from({ length }, () => 97 + random.next(4));
  const words = Array.from({ length: 20 }, () => random.next(1e6).toString(36));
  let text = "";
  while (text.length < length) text += `{"${random.pick(words)}":"${random.pick(words)}","n":${random.next(1000)}},`;
  return new TextEncoder().encode(text.slice(0, length));
}

/** Waits for the extension's answer. */
export async function decode(
  extension: MessageExtension,
  payload: Uint8Array,
  maxLength = 2 ** 26,
): Promise<Uint8Array> {
  return await extension.decode(payload, maxLength);
}
