import { BlockWriter } from "./_block_writer.ts";
import { concat } from "./_concat.ts";
import { Deflater, type DeflaterOptions } from "./_deflater.ts";
import { InflateWorkspaces } from "./_inflate_workspace.ts";
import { Turns } from "./_turns.ts";
import { PIECE, Workspace } from "./_workspace.ts";

/** How many compressors lie ready for messages that stand for themselves. */
const KEPT = 4;

/**
 * What all compressed connections of a process share: the memory that compressing and inflating take for a moment, and
 * the compressors of those that keep no context.
 *
 * Compressing and inflating are this package's own TypeScript, chosen by measurement: docs/compression.md has the
 * figures, bench/deflate_bench.ts repeats them. Deno's `node:zlib` has no synchronous call that keeps a context, and
 * ignores `dictionary` for raw data; its streams work on the main thread all the same, so that 4 MiB stop the event loop
 * for 300 ms and more. `npm:pako` keeps a context synchronously, but takes seven times as long for 200 bytes and twice as
 * long for 4 KiB, with more memory than zlib.
 */
export class DeflateEngine {
  /** Shares out the event loop. */
  readonly turns: Turns = new Turns();
  readonly #free = new Map<string, Deflater[]>();
  #writer: BlockWriter | null = null;
  #workspaces: InflateWorkspaces | null = null;

  /** Lends the memory to inflate with. */
  get workspaces(): InflateWorkspaces {
    return this.#workspaces ??= new InflateWorkspaces();
  }

  /**
   * Makes a compressor.
   *
   * @param options The window, the level and the memory.
   * @returns A compressor with an empty context.
   */
  makeDeflater(options: DeflaterOptions): Deflater {
    this.#writer ??= new BlockWriter(new Workspace());
    return new Deflater(this.#writer, options);
  }

  /**
   * Lends a compressor for one message.
   *
   * @param options The window, the level and the memory.
   * @returns A compressor with an empty context.
   */
  borrow(options: DeflaterOptions): Deflater {
    return this.#free.get(keyOf(options))?.pop() ?? this.makeDeflater(options);
  }

  /**
   * Compresses a message that refers to nothing before it.
   *
   * @param message The message.
   * @param options The window, the level and the memory.
   * @returns The payload, without the four bytes that RFC 7692 §7.2.1 leaves out.
   */
  compress(message: Uint8Array, options: DeflaterOptions): Uint8Array {
    const deflater = this.borrow(options);
    const payload = compressWhole(deflater, message);
    this.release(deflater, options);
    return payload;
  }

  /**
   * Takes a compressor back, between two messages.
   *
   * @param deflater What {@linkcode DeflateEngine.borrow} lent.
   * @param options What it was lent for.
   */
  release(deflater: Deflater, options: DeflaterOptions): void {
    deflater.forget();
    const key = keyOf(options);
    const free = this.#free.get(key) ?? [];
    this.#free.set(key, free);
    if (free.length < KEPT) free.push(deflater);
  }
}

/** What all compressed connections of this process share; it takes no memory before the first message. */
export const sharedEngine: DeflateEngine = new DeflateEngine();

/**
 * Compresses a message at once.
 *
 * @param deflater The compressor, with the context that the message may refer to.
 * @param message The message.
 * @returns The payload.
 */
export function compressWhole(deflater: Deflater, message: Uint8Array): Uint8Array {
  if (message.length <= PIECE) return deflater.deflate(message, true);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += PIECE) {
    pieces.push(deflater.deflate(message.subarray(at, at + PIECE), at + PIECE >= message.length));
  }
  return concat(pieces);
}

function keyOf({ windowBits, level, memLevel }: DeflaterOptions): string {
  return `${windowBits} ${level} ${memLevel}`;
}
