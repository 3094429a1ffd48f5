import type { Transport } from "./transport.ts";

/**
 * A {@linkcode Transport} over a `Deno.Conn`: TCP, TLS or a Unix socket.
 *
 * Small writes leave at once (`TCP_NODELAY`) if the connection has `setNoDelay`. A `Deno.TlsConn` has none: before
 * `Deno.startTls`, call `setNoDelay(true)` on the TCP connection.
 *
 * A `read` that is pending when {@linkcode ConnTransport.close} is called rejects with `Deno.errors.Interrupted`, a
 * later one with `Deno.errors.BadResource`. A `read` rejects with `Deno.errors.ConnectionReset` if the peer resets the
 * connection, and with `Deno.errors.UnexpectedEof` if the peer ends TLS without a close_notify.
 *
 * @example Send a line over TCP
 * ```ts
 * import { ConnTransport } from "@wsd/driver/client";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const client = new ConnTransport(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
 * const server = new ConnTransport(await listener.accept());
 *
 * await client.write(new TextEncoder().encode("Hi\n"));
 * const buffer = new Uint8Array(1024);
 * console.log(await server.read(buffer)); // 3
 *
 * client.close();
 * server.close();
 * ```
 * @category Transports
 */
export class ConnTransport implements Transport {
  /** False: once a write has finished, the system has its own copy of the bytes. */
  readonly retainsWrites: boolean = false;
  #conn: Deno.Conn;
  #closed = false;

  /**
   * Creates a transport that owns a connection: from now on, nothing else may read, write or close it.
   *
   * @param conn An open connection.
   */
  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    disableNagle(conn);
  }

  /**
   * Reads what has arrived.
   *
   * @param buffer Receives the bytes; at least one byte long.
   * @returns How many bytes were read, null at the end of the stream.
   */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  /**
   * Writes all of the bytes, in as many steps as the system needs.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the system has accepted the last byte.
   */
  async write(bytes: Uint8Array): Promise<void> {
    let written = await this.#conn.write(bytes);
    while (written < bytes.length) written += await this.#conn.write(bytes.subarray(written));
  }

  /**
   * Ends the writing side: a TCP FIN, after a close_notify under TLS.
   *
   * @returns A promise that resolves when the system has accepted the end of the stream.
   */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Closes the connection. Never throws; calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // It was already closed elsewhere.
    }
  }
}

/** Turns off Nagle's algorithm, which Deno leaves on: it makes a second small write wait for the peer's delayed ACK. */
function disableNagle(conn: Deno.Conn): void {
  if (!("setNoDelay" in conn) || typeof conn.setNoDelay !== "function") return;
  try {
    conn.setNoDelay(true);
  } catch {
    // The peer has left, and some systems then refuse the option. The first read reports it.
  }
}
