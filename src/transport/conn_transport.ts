import type { Transport } from "./transport.ts";

/**
 * A {@linkcode Transport} over a `Deno.Conn`: TCP, TLS or a Unix socket.
 *
 * Small writes leave at once (`TCP_NODELAY`) where the connection has `setNoDelay`; a `Deno.TlsConn` has none, so
 * that who dials TLS with `Deno.startTls` calls `setNoDelay(true)` on the TCP connection before.
 *
 * A `read` that is pending while {@linkcode ConnTransport.close} is called rejects with `Deno.errors.Interrupted`, one
 * that is called after it with `Deno.errors.BadResource`. A peer that resets the connection rejects it with
 * `Deno.errors.ConnectionReset`, one that ends TLS without a close_notify with `Deno.errors.UnexpectedEof`.
 *
 * @example Send a line over TCP
 * ```ts
 * import { ConnTransport } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const client = new ConnTransport(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
 * const server = new ConnTransport(await listener.accept());
 *
 * await client.write(new TextEncoder().encode("Hi\n"));
 * const buffer = new Uint8Array(1024);
 * assertEquals(await server.read(buffer), 3);
 *
 * client.close();
 * server.close();
 * ```
 */
export class ConnTransport implements Transport {
  /** False: the bytes of a finished write are in the hands of the system. */
  readonly retainsWrites: boolean = false;
  #conn: Deno.Conn;
  #closed = false;

  /**
   * Makes a transport that owns a connection: nobody else may read, write or close it from here on.
   *
   * @param conn The open connection.
   */
  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    disableNagle(conn);
  }

  /**
   * Reads what has arrived.
   *
   * @param buffer Where the bytes go, at least one byte long.
   * @returns How many bytes were read, null at the end of the stream.
   */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  /**
   * Writes all of the bytes, in as many steps as the system takes.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the system has taken the last byte.
   */
  async write(bytes: Uint8Array): Promise<void> {
    let written = await this.#conn.write(bytes);
    while (written < bytes.length) written += await this.#conn.write(bytes.subarray(written));
  }

  /**
   * Ends the writing side: a TCP FIN, behind a close_notify under TLS.
   *
   * @returns A promise that resolves when the end was handed to the system.
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
      // Somebody else closed it: it is as closed as it should be.
    }
  }
}

/** Turns Nagle's algorithm off, which Deno leaves on: with it, a second small write waits for the peer's delayed ACK. */
function disableNagle(conn: Deno.Conn): void {
  if (!("setNoDelay" in conn) || typeof conn.setNoDelay !== "function") return;
  try {
    conn.setNoDelay(true);
  } catch {
    // The peer has gone already (some systems then refuse the option): the first read tells.
  }
}
