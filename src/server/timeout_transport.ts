import type { Transport } from "../transport/transport.ts";

/**
 * A transport whose peer may make no read and no write wait longer than a certain time: then it is closed, which ends
 * whatever is pending.
 */
export class TimeoutTransport implements Transport {
  /** As of the transport below. */
  readonly retainsWrites: boolean;
  readonly #transport: Transport;
  readonly #patience: number;
  #failed = false;

  /**
   * @param transport The transport below.
   * @param patience How long an operation may take, in milliseconds.
   */
  constructor(transport: Transport, patience: number) {
    this.retainsWrites = transport.retainsWrites;
    this.#transport = transport;
    this.#patience = patience;
  }

  /** Whether an operation has failed: then the peer or the network is at fault. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Reads what has arrived. */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#limit(this.#transport.read(buffer));
  }

  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#limit(this.#transport.write(bytes));
  }

  /** Ends the writing side. */
  closeWrite(): Promise<void> {
    return this.#limit(this.#transport.closeWrite());
  }

  /** Ends both sides. */
  close(): void {
    this.#transport.close();
  }

  async #limit<T>(operation: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.close(), this.#patience);
    try {
      return await operation;
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
