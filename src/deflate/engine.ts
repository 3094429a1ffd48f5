import { Codec } from "./_codec.ts";
import { compressWhole, Deflater, type DeflaterOptions } from "./_deflater.ts";
import { Inflater } from "./_inflater.ts";
import { InflationQueue } from "./_inflation_queue.ts";
import { SlotPool } from "./_slot_pool.ts";
import { TaskScheduler } from "./_task_scheduler.ts";

const MIB = 1024 * 1024;

/** How many compressors are kept ready for standalone messages. */
const KEPT = 4;

/** How many bytes are inflated in one turn, input and output together: less than a millisecond of work. */
export const STEP: number = 256 * 1024;

/** How much memory a {@linkcode DeflateEngine} may use, in bytes. */
export interface EngineLimits {
  /** All compressors together: 32 MiB by default. */
  readonly compressors?: number;
  /** All inflaters together, while they work: 5 MiB by default, a slot for each of 72 with the largest window. */
  readonly inflaters?: number;
  /** All messages that are being inflated over several turns: 64 MiB by default. */
  readonly inflating?: number;
}

/** The parts that are created on first use. */
interface Memory {
  readonly codec: Codec;
  readonly compressors: SlotPool;
  readonly inflaters: SlotPool;
}

/**
 * The parts that all compressed connections of a process share: the engine, its memory, and the scheduling of long
 * messages.
 *
 * The engine is this package's own, in WebAssembly: src/deflate/wasm/, built by `deno task build:wasm`. It was chosen
 * by measurement: docs/compression.md has the figures, bench/deflate_bench.ts repeats them. Deno's `node:zlib` has no
 * synchronous call that keeps a context, and ignores `dictionary` for raw data; its streams run on the main thread
 * anyway.
 */
export class DeflateEngine {
  /** Schedules turns of the event loop. */
  readonly scheduler: TaskScheduler = new TaskScheduler();
  /** Inflates messages that take several turns. */
  readonly inflations: InflationQueue;
  readonly #free = new Map<string, Deflater[]>();
  #memory: Memory | null = null;
  #compressors: number;
  readonly #inflaters: number;

  /** @param limits How much memory it may use. */
  constructor(limits: EngineLimits = {}) {
    const { compressors = 32 * MIB, inflaters = 5 * MIB, inflating = 64 * MIB } = limits;
    this.#compressors = compressors;
    this.#inflaters = inflaters;
    this.inflations = new InflationQueue(this.scheduler, STEP, inflating);
  }

  /** How much memory all compressors have together, in bytes. Memory once reserved stays reserved. */
  get compressors(): number {
    return this.#compressors;
  }

  set compressors(bytes: number) {
    this.#compressors = bytes;
    if (this.#memory !== null) this.#memory.compressors.budget = bytes;
  }

  /** How much memory is actually reserved, in bytes. */
  get memory(): number {
    return this.#memory?.codec.bytes.length ?? 0;
  }

  #load(): Memory {
    if (this.#memory !== null) return this.#memory;
    const codec = new Codec();
    const compressors = new SlotPool(codec, this.#compressors);
    return this.#memory = { codec, compressors, inflaters: new SlotPool(codec, this.#inflaters) };
  }

  /**
   * Creates a compressor.
   *
   * @param options The window, the level and the memory.
   * @returns A compressor with an empty context.
   */
  makeDeflater(options: DeflaterOptions): Deflater {
    const { codec, compressors } = this.#load();
    return new Deflater(codec, compressors, options);
  }

  /**
   * Creates an inflater.
   *
   * @param windowBits The size of the window as a power of two.
   * @param keeps Whether a message may refer to those before it.
   * @returns An inflater with nothing to refer to.
   */
  makeInflater(windowBits: number, keeps: boolean): Inflater {
    const { codec, inflaters } = this.#load();
    return new Inflater(codec, inflaters, windowBits, keeps);
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
   * Returns a compressor, between two messages.
   *
   * @param deflater The compressor from {@linkcode DeflateEngine.borrow}.
   * @param options The options it was lent for.
   */
  release(deflater: Deflater, options: DeflaterOptions): void {
    deflater.forget();
    const key = keyOf(options);
    const free = this.#free.get(key) ?? [];
    this.#free.set(key, free);
    if (free.length < KEPT) free.push(deflater);
    else deflater.close();
  }

  /**
   * Compresses a message that doesn't refer to earlier ones.
   *
   * @param message The message.
   * @param options The window, the level and the memory.
   * @returns The payload, without the four bytes that RFC 7692 §7.2.1 leaves out.
   */
  compress(message: Uint8Array, options: DeflaterOptions): Uint8Array<ArrayBuffer> {
    const deflater = this.borrow(options);
    const payload = compressWhole(deflater, message);
    this.release(deflater, options);
    return payload;
  }
}

/** The engine that all compressed connections of this process share; it takes no memory before the first message. */
export const sharedEngine: DeflateEngine = new DeflateEngine();

function keyOf({ windowBits, level, memLevel }: DeflaterOptions): string {
  return `${windowBits} ${level} ${memLevel}`;
}
