import { BlockPool } from "./block_pool.ts";
import { Slab } from "./slab.ts";

/** What the protocol needs from outside. Any number of connections may share one platform, and with it its memory. */
export interface Platform {
  /** Lends the memory that frames are read into and composed in. */
  readonly pool: BlockPool;
  /** Gives the memory of the binary messages that users receive. */
  readonly slab: Slab;
  /**
   * Makes a string of bytes that are all below 0x80.
   *
   * @param bytes Where they are.
   * @param start Where they begin.
   * @param end Where they end.
   * @returns The text.
   */
  decodeAscii(bytes: Uint8Array, start: number, end: number): string;
  /**
   * Gives a masking key of 32 bits that nobody can predict (RFC 6455 §5.3).
   *
   * @returns Any 32-bit integer.
   */
  maskingKey(): number;
}

/** How many masking keys are drawn from the system at once. */
const KEYS = 1024;

/** The functions of a platform that a program may replace. */
export type PlatformFunctions = Partial<Pick<Platform, "decodeAscii" | "maskingKey">>;

/** A platform made from what every JavaScript runtime has. */
export class StandardPlatform implements Platform {
  /** Lends the memory that frames are read into and composed in. */
  readonly pool: BlockPool = new BlockPool();
  /** Gives the memory of the binary messages that users receive. */
  readonly slab: Slab = new Slab();
  readonly #functions: PlatformFunctions;
  #decoder: TextDecoder | null = null;
  #keys: Int32Array<ArrayBuffer> | null = null;
  #next = KEYS;

  /** @param functions What to use in place of the standard means. */
  constructor(functions: PlatformFunctions = {}) {
    this.#functions = functions;
  }

  /**
   * Makes a string of bytes that are all below 0x80.
   *
   * @param bytes Where they are.
   * @param start Where they begin.
   * @param end Where they end.
   * @returns The text.
   */
  decodeAscii(bytes: Uint8Array, start: number, end: number): string {
    if (this.#functions.decodeAscii !== undefined) return this.#functions.decodeAscii(bytes, start, end);
    this.#decoder ??= new TextDecoder();
    return this.#decoder.decode(bytes.subarray(start, end));
  }

  /**
   * Gives a masking key from the system's strong source of randomness, drawn a thousand at a time.
   *
   * @returns A random 32-bit integer.
   */
  maskingKey(): number {
    if (this.#functions.maskingKey !== undefined) return this.#functions.maskingKey();
    this.#keys ??= new Int32Array(KEYS);
    if (this.#next === KEYS) {
      crypto.getRandomValues(this.#keys);
      this.#next = 0;
    }
    return this.#keys[this.#next++];
  }
}
