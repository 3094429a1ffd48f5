import { BlockPool } from "./block_pool.ts";
import { Slab } from "./slab.ts";

/**
 * What the pure protocol takes from outside: memory, randomness, and a faster way than the standard's to read ASCII.
 * One platform may serve any number of connections.
 *
 * @example Read ASCII with Buffer
 * ```ts
 * import { type Platform, StandardPlatform } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 * import { Buffer } from "node:buffer";
 *
 * class BufferPlatform extends StandardPlatform {
 *   override decodeAscii(bytes: Uint8Array, start: number, end: number): string {
 *     return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", start, end);
 *   }
 * }
 *
 * const platform: Platform = new BufferPlatform();
 * assertEquals(platform.decodeAscii(new TextEncoder().encode("Hello"), 1, 3), "el");
 * ```
 */
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

/**
 * A platform of the standard's own means: what the protocol uses where nothing else is handed in.
 *
 * @example Let connections share their memory
 * ```ts
 * import { Protocol, type ProtocolHandler, StandardPlatform } from "@wsd/driver/protocol";
 *
 * const platform = new StandardPlatform();
 *
 * export function accept(handler: ProtocolHandler): Protocol {
 *   return new Protocol("server", handler, { platform });
 * }
 * ```
 */
export class StandardPlatform implements Platform {
  /** Lends the memory that frames are read into and composed in. */
  readonly pool: BlockPool = new BlockPool();
  /** Gives the memory of the binary messages that users receive. */
  readonly slab: Slab = new Slab();
  readonly #decoder = new TextDecoder();
  #keys: Int32Array<ArrayBuffer> | null = null;
  #next = KEYS;

  /**
   * Makes a string of bytes that are all below 0x80.
   *
   * @param bytes Where they are.
   * @param start Where they begin.
   * @param end Where they end.
   * @returns The text.
   */
  decodeAscii(bytes: Uint8Array, start: number, end: number): string {
    return this.#decoder.decode(bytes.subarray(start, end));
  }

  /**
   * Gives a masking key from the system's strong source of randomness, drawn a thousand at a time.
   *
   * @returns A random 32-bit integer.
   */
  maskingKey(): number {
    this.#keys ??= new Int32Array(KEYS);
    if (this.#next === KEYS) {
      crypto.getRandomValues(this.#keys);
      this.#next = 0;
    }
    return this.#keys[this.#next++];
  }
}
