import { BlockPool } from "./block_pool.ts";
import { Slab } from "./slab.ts";

/** The protocol's memory, randomness and text decoding, which depend on the runtime. Any number of connections may share one platform, including its memory. */
export interface Platform {
  /** The memory that frames are read into and composed in. */
  readonly pool: BlockPool;
  /** The memory of the binary messages that users receive. */
  readonly slab: Slab;
  /**
   * Decodes bytes that are all below 0x80.
   *
   * @param bytes The memory with the bytes.
   * @param start Their start.
   * @param end Their end.
   * @returns The text.
   */
  decodeAscii(bytes: Uint8Array, start: number, end: number): string;
  /**
   * Returns a masking key of 32 bits that nobody can predict (RFC 6455 §5.3).
   *
   * @returns Any 32-bit integer.
   */
  maskingKey(): number;
}

/** How many masking keys to draw from the system at once. */
const KEYS = 1024;

/** The functions of a platform that a program may replace. */
export type PlatformFunctions = Partial<Pick<Platform, "decodeAscii" | "maskingKey">>;

/** A platform that needs only what every JavaScript runtime has. */
export class StandardPlatform implements Platform {
  /** The memory that frames are read into and composed in. */
  readonly pool: BlockPool = new BlockPool();
  /** The memory of the binary messages that users receive. */
  readonly slab: Slab = new Slab();
  readonly #functions: PlatformFunctions;
  #decoder: TextDecoder | null = null;
  #keys: Int32Array<ArrayBuffer> | null = null;
  #next = KEYS;

  /** @param functions Functions to use instead of the standard ones. */
  constructor(functions: PlatformFunctions = {}) {
    this.#functions = functions;
  }

  /**
   * Decodes bytes that are all below 0x80.
   *
   * @param bytes The memory with the bytes.
   * @param start Their start.
   * @param end Their end.
   * @returns The text.
   */
  decodeAscii(bytes: Uint8Array, start: number, end: number): string {
    if (this.#functions.decodeAscii !== undefined) return this.#functions.decodeAscii(bytes, start, end);
    this.#decoder ??= new TextDecoder();
    return this.#decoder.decode(bytes.subarray(start, end));
  }

  /**
   * Returns a masking key from the system's cryptographic randomness, drawn a thousand at a time.
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
