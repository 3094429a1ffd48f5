import type { Transport } from "../../transport/transport.ts";

/** Enough for the longest reply of a SOCKS proxy, 262 bytes. */
const BUFFER = 512;

/** Reads a given number of bytes at a time from a transport. */
export class ByteReader {
  readonly #transport: Transport;
  readonly #buffer: Uint8Array = new Uint8Array(BUFFER);
  /** The bytes that have arrived and were not read yet. */
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Creates a reader.
   *
   * @param transport The source of the bytes.
   */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The bytes after those that were read. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /**
   * Reads the next bytes.
   *
   * @param length The number of bytes.
   * @returns The bytes; null if the stream ends first.
   */
  async take(length: number): Promise<Uint8Array | null> {
    while (this.#rest.length < length) {
      const count = await this.#transport.read(this.#buffer);
      if (count === null) return null;
      const joined = new Uint8Array(this.#rest.length + count);
      joined.set(this.#rest);
      joined.set(this.#buffer.subarray(0, count), this.#rest.length);
      this.#rest = joined;
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
