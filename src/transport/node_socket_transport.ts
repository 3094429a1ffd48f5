import type { Duplex } from "node:stream";
import { SocketTransport } from "./socket_transport.ts";
import type { Transport } from "./transport.ts";

/** The properties that sockets of `node:net` and `node:tls` add to a Duplex. */
interface NodeSocket extends Duplex {
  setNoDelay?(noDelay: boolean): unknown;
  setTimeout?(milliseconds: number): unknown;
  /** The system's socket. Specific to Deno: the TCP handle below a TLSSocket. */
  _handle?: { _nativeTcpHandle?: { readStop?(): unknown; readStart?(): unknown } | null } | null;
}

/**
 * A {@linkcode Transport} over the socket of the `"upgrade"` event of `node:http` or `node:https`.
 *
 * The socket is paused unless a read is pending, so backpressure reaches the peer. A write resolves when the socket has
 * called back. The transport listens for `"error"` for as long as the socket lives, so none is ever thrown.
 *
 * A `read` that is pending when {@linkcode NodeSocketTransport.close} is called resolves to null, and so does every
 * later one; a pending write rejects. If the connection fails (`ECONNRESET`, `EPIPE`), both reject with the socket's
 * error.
 *
 * @example Take over the socket of an upgrade
 * ```ts
 * import { createServer } from "node:http";
 * import { NodeSocketTransport } from "@wsd/driver/client";
 *
 * const server = createServer();
 * server.on("upgrade", async (_request, socket, head) => {
 *   const transport = new NodeSocketTransport(socket, head);
 *   await transport.write(new TextEncoder().encode("HTTP/1.1 501 Not Implemented\r\n\r\n"));
 *   await transport.closeWrite();
 *   transport.close();
 * });
 * ```
 * @category Transports
 */
export class NodeSocketTransport implements Transport {
  /**
   * False for a system socket, which has its own copy of the bytes once a write has finished. Any other Duplex
   * may pass them on: a PassThrough, `duplexPair()`, the socket of a test.
   */
  readonly retainsWrites: boolean;
  readonly #transport: SocketTransport;

  /**
   * Creates a transport that owns a socket: from now on, nothing else may read, write or destroy it.
   *
   * @param socket The socket from the event.
   * @param head The bytes from the event that followed the request; they are read first.
   */
  constructor(socket: Duplex, head?: Uint8Array) {
    const own: NodeSocket = socket;
    own.setTimeout?.(0);
    own.setNoDelay?.(true);
    pause(own);
    this.retainsWrites = !own._handle;
    this.#transport = new SocketTransport(own, this.retainsWrites, (flows) => flows ? resume(own) : pause(own), head);
  }

  /**
   * Reads what has arrived.
   *
   * @param buffer Receives the bytes; at least one byte long.
   * @returns How many bytes were read, null at the end of the stream.
   */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#transport.read(buffer);
  }

  /**
   * Writes all of the bytes.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the system has accepted the last byte.
   */
  write(bytes: Uint8Array): Promise<void> {
    return this.#transport.write(bytes);
  }

  /**
   * Ends the writing side: a TCP FIN, after a close_notify under TLS. Calling it again does nothing.
   *
   * @returns A promise that resolves when the system has accepted the end of the stream.
   */
  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }

  /** Destroys the socket. Never throws; calling it again does nothing. */
  close(): void {
    this.#transport.close();
  }
}

function pause(socket: NodeSocket): void {
  socket.pause();
  // A paused TLSSocket of Deno keeps reading from TCP, and buffers the peer's bytes without limit.
  socket._handle?._nativeTcpHandle?.readStop?.();
}

function resume(socket: NodeSocket): void {
  if (!socket.isPaused()) return;
  socket._handle?._nativeTcpHandle?.readStart?.();
  socket.resume();
}
