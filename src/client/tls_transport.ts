import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { SocketTransport } from "../transport/socket_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { closeUnlessDone } from "./close_unless_done.ts";

/** The TLS settings. */
export interface TlsOptions {
  /** The name or address that the server's certificate must be for. */
  readonly hostname: string;
  /** Certificates to trust instead of the system's, in PEM; none for the system's. */
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
 * A {@linkcode Transport} that speaks TLS over any other one, using `node:tls`. `Deno.startTls` accepts only a TCP
 * connection and no client certificate, and keeps the connection if its handshake is abandoned.
 */
export class TlsTransport extends SocketTransport {
  readonly #feed: Feed;
  readonly #socket: TLSSocket;

  /**
   * Starts TLS as a client. {@linkcode TlsTransport.handshake} waits until it is established.
   *
   * @param transport The transport below, which this one now owns.
   * @param options The TLS settings.
   */
  constructor(transport: Transport, options: TlsOptions) {
    const feed = new Feed(transport);
    const socket = connect(connectOptions(feed, options));
    super(socket, transport.retainsWrites, (flowing) => feed.setFlowing(flowing));
    // One read below for each read here: what comes meanwhile gathers there, and is read at once.
    socket.on("data", () => feed.setFlowing(false));
    this.#feed = feed;
    this.#socket = socket;
    // The TLSSocket itself doesn't notice if its writes are lost (Deno 2.9.6).
    feed.once("close", () => socket.destroy(feed.errored ?? undefined));
  }

  /**
   * Waits for the handshake.
   *
   * @returns A promise that resolves once the server's certificate has been checked, and rejects if TLS fails.
   */
  async handshake(): Promise<void> {
    this.#feed.setFlowing(true);
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("secureConnect", resolve);
      this.#socket.once("error", reject);
      this.#socket.once("close", () => reject(new Error("the connection ended during the TLS handshake")));
    });
    this.#feed.setFlowing(false);
  }

  /** Closes both sides at once. */
  override close(): void {
    super.close();
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
 * Starts TLS as a client over any transport, and waits for the handshake.
 *
 * @param transport The transport below, which is closed on failure.
 * @param options The TLS settings. `caCerts` are trusted instead of the system's.
 * @param signal Stops it.
 * @returns The transport with TLS.
 * @throws The signal's reason if it aborts first, otherwise the error of `node:tls`.
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
 * The stream below a TLSSocket. A TLSSocket keeps reading and buffering while it is paused: this one reads from the
 * transport only while somebody wants bytes, so that a slow reader slows its peer down.
 */
class Feed extends Duplex {
  readonly #transport: Transport;
  readonly #buffer = new Uint8Array(CHUNK);
  #wanted = false;
  #flowing = false;
  #reading = false;

  constructor(transport: Transport) {
    super({ allowHalfOpen: true });
    this.#transport = transport;
  }

  setFlowing(flowing: boolean): void {
    this.#flowing = flowing;
    this.#readOnce();
  }

  override _read(): void {
    this.#wanted = true;
    this.#readOnce();
  }

  #readOnce(): void {
    if (!this.#flowing || !this.#wanted || this.#reading) return;
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

  /** TLS splits a long write into several records; the system gets them at once. */
  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "", done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#transport.closeWrite().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#transport.close();
    done(error);
  }
}
