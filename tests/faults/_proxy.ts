/**
 * A TCP proxy between a client and a server that delays, splits, stalls, cuts and resets on command.
 *
 * @module
 */

/** What a {@linkcode FaultyProxy} does to a connection. */
export interface Fault {
  /** The longest piece that is passed on at once, in bytes. */
  readonly pieces?: number;
  /** Whether each piece waits for a turn of the event loop. */
  readonly delays?: boolean;
  /** After how many bytes from the server the connection is cut. */
  readonly cutAfter?: number;
  /** After how many bytes from the server nothing more is passed on, in either direction, though nothing ends. */
  readonly stallAfter?: number;
  /** After how many bytes from the client no more is read: what a socket has not read turns its end into a reset. */
  readonly deafAfter?: number;
  /** Whether a cut only ends the direction from the server. */
  readonly half?: boolean;
}

/** The proxy. Its disposal ends all that it has opened. */
export class FaultyProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #fault: () => Fault;
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #running: Promise<void>[] = [];
  readonly #accepting: Promise<void>;
  readonly #closed = Promise.withResolvers<void>();

  /**
   * @param target The server's port on this machine.
   * @param fault Tells what is to happen to the next connection.
   */
  constructor(target: number, fault: () => Fault) {
    this.#target = target;
    this.#fault = fault;
    this.#accepting = this.#accept();
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) this.#running.push(this.#serve(client));
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    this.#conns.add(client);
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
    this.#conns.add(server);
    const fault = this.#fault();
    const { cutAfter = Infinity, stallAfter = Infinity, deafAfter = Infinity } = fault;
    let ended = 0;
    const end = () => {
      if (++ended < 2) return;
      this.#close(client);
      this.#close(server);
    };
    await Promise.all([
      this.#pass(client, server, { ...fault, stallAfter: deafAfter }, deafAfter).then(end),
      this.#pass(server, client, fault, Math.min(cutAfter, stallAfter)).then(end),
    ]);
  }

  /** Passes bytes on, up to the fault. */
  async #pass(from: Deno.TcpConn, to: Deno.TcpConn, fault: Fault, most: number): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    let left = most;
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) return await to.closeWrite();
        const bytes = buffer.subarray(0, Math.min(count, left));
        await this.#write(to, bytes, fault);
        left -= bytes.length;
        if (left === 0) return await this.#break(from, to, fault);
      }
    } catch {
      // One side has gone: the other one learns of it.
      this.#close(from);
      this.#close(to);
    }
  }

  async #write(to: Deno.TcpConn, bytes: Uint8Array, { pieces = Infinity, delays = false }: Fault): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + Math.min(pieces, bytes.length));
      for (let written = 0; written < piece.length;) written += await to.write(piece.subarray(written));
      at += piece.length;
      if (delays) await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async #break(from: Deno.TcpConn, to: Deno.TcpConn, fault: Fault): Promise<void> {
    if (fault.stallAfter !== undefined && fault.stallAfter < Infinity) return await this.#closed.promise;
    if (fault.half) return await to.closeWrite();
    this.#close(from);
    this.#close(to);
  }

  #close(conn: Deno.TcpConn): void {
    if (!this.#conns.delete(conn)) return;
    try {
      conn.close();
    } catch {
      // It was closed already.
    }
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#closed.resolve();
    for (const conn of this.#conns) this.#close(conn);
    await Promise.allSettled([this.#accepting, ...this.#running]);
  }
}
