import type { Transport } from "../../transport/transport.ts";

/** The longest answer of a SOCKS proxy, in bytes, is 262. */
const BUFFER = 512;

/** Reads a given number of bytes at a time from a transport. */
export class ByteReader {
  readonly #transport: Transport;
  readonly #buffer: Uint8Array = new Uint8Array(BUFFER);
  /** What has come and was not taken yet. */
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Makes a reader.
   *
   * @param transport Where the bytes come from.
   */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What came behind the bytes that were taken. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /**
   * Takes the next bytes.
   *
   * @param length How many.
   * @returns Them; null if the stream ends before.
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
