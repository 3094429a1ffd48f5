import type { Transport } from "../../transport/transport.ts";

/** A {@linkcode Transport} whose first bytes have already been read. */
export class PrefixedTransport implements Transport {
  /** The value of the transport below. */
  readonly retainsWrites: boolean;
  readonly #transport: Transport;
  #prefix: Uint8Array;

  /**
   * Creates a transport that owns the one below.
   *
   * @param transport The source of the bytes after the prefix.
   * @param prefix The bytes to read first.
   */
  constructor(transport: Transport, prefix: Uint8Array) {
    this.#transport = transport;
    this.#prefix = prefix;
    this.retainsWrites = transport.retainsWrites;
  }

  /**
   * Reads what has arrived.
   *
   * @param buffer Where the bytes go.
   * @returns How many bytes were read, null at the end of the stream.
   */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#prefix.length === 0) return this.#transport.read(buffer);
    const part = this.#prefix.subarray(0, buffer.length);
    buffer.set(part);
    this.#prefix = this.#prefix.subarray(part.length);
    return Promise.resolve(part.length);
  }

  /**
   * Writes all of the bytes.
   *
   * @param bytes The bytes.
   * @returns A promise that resolves when the transport below has accepted them.
   */
  write(bytes: Uint8Array): Promise<void> {
    return this.#transport.write(bytes);
  }

  /**
   * Ends the writing side.
   *
   * @returns A promise that resolves when the transport below has accepted the end.
   */
  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }

  /** Ends both sides. */
  close(): void {
    this.#prefix = new Uint8Array(0);
    this.#transport.close();
  }
}
