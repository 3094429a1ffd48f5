import { isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { NodeSocketTransport } from "../transport/node_socket_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { closeUnlessDone } from "./close_unless_done.ts";

/** How TLS is to be spoken. */
export interface TlsOptions {
  /** The name or address that the server's certificate must be for. */
  readonly hostname: string;
  /** Certificates to trust in place of the system's, in PEM; none for the system's. */
  readonly caCerts?: readonly string[];
  /** The client's own certificate chain, in PEM. */
  readonly cert?: string;
  /** The private key of `cert`, in PEM. */
  readonly key?: string;
  /** Whether the certificate may be for another name. */
  readonly unsafelyDisableHostnameVerification?: boolean;
}

/** How many bytes are read at a time: a TLS record is a little longer than 16 KiB. */
const CHUNK = 64 * 1024;

/**
 * A {@linkcode Transport} that speaks TLS over any other one, by `node:tls`. `Deno.startTls` takes nothing but a TCP
 * connection and no certificate of the client's, and holds the connection if its handshake is given up.
 */
export class TlsTransport implements Transport {
  /** As that of the transport below. */
  readonly retainsWrites: boolean;
  readonly #feed: Feed;
  readonly #socket: TLSSocket;
  readonly #inner: NodeSocketTransport;

  /**
   * Begins TLS as a client. {@linkcode TlsTransport.handshake} tells when it is there.
   *
   * @param transport The transport below, which this one owns from here on.
   * @param options How TLS is to be spoken.
   */
  constructor(transport: Transport, options: TlsOptions) {
    this.retainsWrites = transport.retainsWrites;
    this.#feed = new Feed(transport);
    this.#socket = connect(connectOptions(this.#feed, options));
    this.#inner = new NodeSocketTransport(this.#socket);
    // The TLSSocket itself takes no notice if what it writes is lost (Deno 2.9.6).
    this.#feed.once("close", () => this.#socket.destroy(this.#feed.errored ?? undefined));
  }

  /**
   * Waits for the handshake.
   *
   * @returns A promise that resolves once the server's certificate has been checked, and rejects if TLS fails.
   */
  async handshake(): Promise<void> {
    this.#feed.demand();
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("secureConnect", resolve);
      this.#socket.once("error", reject);
      this.#socket.once("close", () => reject(new Error("the connection ended during the TLS handshake")));
    });
    this.#feed.pauseReading();
  }

  /**
   * Reads what has arrived.
   *
   * @param buffer Where the bytes go.
   * @returns How many bytes were read, null at the end of the stream.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    this.#feed.demand();
    try {
      return await this.#inner.read(buffer);
    } finally {
      this.#feed.pauseReading();
    }
  }

  /**
   * Writes all of the bytes.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the transport below has taken them.
   */
  write(bytes: Uint8Array): Promise<void> {
    return this.#inner.write(bytes);
  }

  /**
   * Ends the writing side: a close_notify, and the end of the transport below.
   *
   * @returns A promise that resolves when the transport below has taken the end.
   */
  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  /** Closes both sides at once. */
  close(): void {
    this.#inner.close();
    this.#feed.destroy();
  }
}

function connectOptions(socket: Duplex, { hostname, caCerts = [], cert, key, ...options }: TlsOptions) {
  return {
    socket,
    host: hostname,
    // RFC 6066 §3: "Literal IPv4 and IPv6 addresses are not permitted" as a server's name.
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    ...(caCerts.length > 0 ? { ca: [...caCerts] } : {}),
    ...(cert === undefined ? {} : { cert, key }),
    ...(options.unsafelyDisableHostnameVerification ? { checkServerIdentity: () => undefined } : {}),
    ALPNProtocols: ["http/1.1"],
  };
}

/**
 * Begins TLS as a client over any transport, and waits for the handshake.
 *
 * @param transport The transport below, which is closed if it fails.
 * @param options How TLS is to be spoken. `caCerts` are trusted in place of the system's.
 * @param signal Stops it.
 * @returns The transport with TLS.
 * @throws The signal's reason if it came first, else what `node:tls` fails with.
 */
export async function startTlsOver(
  transport: Transport,
  options: TlsOptions,
  signal: AbortSignal,
): Promise<TlsTransport> {
  const secured = new TlsTransport(transport, options);
  await closeUnlessDone(() => secured.handshake(), () => secured.close(), signal);
  return secured;
}

/**
 * What a TLSSocket speaks over. A TLSSocket reads on while it is paused, and keeps what came: this one reads from the
 * transport only while somebody wants bytes, so that a slow reader slows its peer down.
 */
class Feed extends Duplex {
  readonly #transport: Transport;
  readonly #buffer = new Uint8Array(CHUNK);
  #wanted = false;
  #paused = true;
  #reading = false;

  constructor(transport: Transport) {
    super({ allowHalfOpen: true });
    this.#transport = transport;
  }

  demand(): void {
    this.#paused = false;
    this.#readOnce();
  }

  pauseReading(): void {
    this.#paused = true;
  }

  override _read(): void {
    this.#wanted = true;
    this.#readOnce();
  }

  #readOnce(): void {
    if (this.#paused || !this.#wanted || this.#reading) return;
    this.#wanted = false;
    this.#reading = true;
    this.#transport.read(this.#buffer).then((count) => this.#take(count), (error) => this.destroy(error));
  }

  #take(count: number | null): void {
    this.#reading = false;
    this.push(count === null ? null : this.#buffer.slice(0, count));
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#transport.write(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#transport.closeWrite().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#transport.close();
    done(error);
  }
}
