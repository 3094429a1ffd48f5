import type { BlockWriter } from "./_block_writer.ts";
import { History } from "./_history.ts";
import { EFFORTS, MatchFinder } from "./_match_finder.ts";

/** What a {@linkcode Deflater} is made from. */
export interface DeflaterOptions {
  /** The size of the window as a power of two, 8 to 15. */
  readonly windowBits: number;
  /** How hard to look for repetitions, 0 to 9. */
  readonly level: number;
  /** How much memory the search may take, 1 to 9. */
  readonly memLevel: number;
}

/** Compresses messages piece by piece, RFC 1951; what it has compressed is the context of what comes. */
export class Deflater {
  readonly #writer: BlockWriter;
  readonly #window: number;
  readonly #finder: MatchFinder | null;
  readonly #history: History;
  /** The place of the history's first byte, for the finder. */
  #base = 0;
  /** The bytes of the history whose places the finder knows; the last three wait for what follows them. */
  #known = 0;
  #bits = 0;
  #bitCount = 0;

  /**
   * @param writer Writes the blocks; any number of compressors may share one.
   * @param options The window, the level and the memory.
   */
  constructor(writer: BlockWriter, options: DeflaterOptions) {
    this.#writer = writer;
    this.#window = 1 << options.windowBits;
    this.#history = new History(this.#window);
    const effort = EFFORTS[options.level];
    this.#finder = options.level === 0 ? null : new MatchFinder(options.windowBits, options.memLevel, effort);
  }

  /** The memory that is held, in bytes. */
  get memory(): number {
    return this.#history.bytes.length + (this.#finder?.memory ?? 0);
  }

  /** Forgets the context: what comes won't refer to what was. It takes no time, and frees no memory. */
  forget(): void {
    this.#base += this.#history.length;
    this.#known = 0;
    this.#history.clear();
  }

  /**
   * Compresses a piece of a message.
   *
   * @param piece At most `PIECE` bytes.
   * @param last Whether the message ends with it.
   * @returns The next bytes of the compressed message.
   */
  deflate(piece: Uint8Array, last: boolean): Uint8Array {
    const writer = this.#writer;
    writer.begin(this.#bits, this.#bitCount);
    if (piece.length > 0) this.#compress(piece);
    if (last) writer.flush();
    const output = writer.end();
    this.#bits = writer.bits;
    this.#bitCount = writer.bitCount;
    return output;
  }

  #compress(piece: Uint8Array): void {
    const history = this.#history;
    const { length } = piece;
    if (this.#finder === null) return this.#writer.store(piece, 0, length);
    if (length <= history.room) {
      this.#move(history.append(piece));
      this.#block(this.#finder, history.bytes, history.length - length, history.length);
      return;
    }
    const { input } = this.#writer.work;
    const kept = Math.min(history.length, this.#window);
    const dropped = history.length - kept;
    input.set(history.bytes.subarray(dropped, history.length));
    input.set(piece, kept);
    this.#move(dropped);
    this.#block(this.#finder, input, kept, kept + length);
    this.#move(history.append(piece) - dropped);
  }

  #move(count: number): void {
    this.#base += count;
    this.#known -= count;
  }

  #block(finder: MatchFinder, bytes: Uint8Array, start: number, end: number): void {
    finder.insert(bytes, this.#known, Math.min(start, end - 3), this.#base);
    const count = finder.parse(bytes, start, end, this.#base, this.#writer.work);
    this.#known = Math.max(this.#known, end - 3);
    this.#writer.block(count, bytes, start, end);
  }
}
