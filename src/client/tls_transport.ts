import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
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

/** A read that waits for bytes. */
interface PendingRead {
  readonly buffer: Uint8Array;
  resolve(length: number | null): void;
  reject(reason: unknown): void;
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
  /** What has been decrypted and not read yet: no more than one read of the transport below has brought. */
  #chunks: Uint8Array[] = [];
  #pendingRead: PendingRead | null = null;
  #rejectPendingWrite: ((reason: unknown) => void) | null = null;
  #ending: Promise<void> | null = null;
  #ended = false;
  #error: Error | null = null;

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
    this.#socket.allowHalfOpen = true;
    this.#listen();
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
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#chunks.length > 0) return Promise.resolve(this.#take(buffer));
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#pendingRead = { buffer, resolve, reject };
      this.#feed.demand();
    });
  }

  /**
   * Writes all of the bytes.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the transport below has taken them.
   */
  write(bytes: Uint8Array): Promise<void> {
    // Asking the socket itself would destroy it: a write after its end is an "error" event.
    if (!this.#socket.writable) return Promise.reject(this.#notWritable());
    return this.#untilClosed((done) => this.#socket.write(bytes, done));
  }

  /**
   * Ends the writing side: a close_notify, and the end of the transport below.
   *
   * @returns A promise that resolves when the transport below has taken the end.
   */
  closeWrite(): Promise<void> {
    if (this.#ending === null && !this.#socket.writable) return Promise.reject(this.#notWritable());
    return this.#ending ??= this.#untilClosed((done) => this.#socket.end(done));
  }

  /** Closes both sides at once. */
  close(): void {
    this.#chunks = [];
    this.#socket.destroy();
    this.#feed.destroy();
    this.#closed();
  }

  #listen(): void {
    this.#socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    this.#socket.on("end", () => this.#finish());
    this.#socket.on("error", (error: Error) => this.#fail(error));
    this.#socket.on("close", () => this.#closed());
    // The TLSSocket itself takes no notice if what it writes is lost (Deno 2.9.6).
    this.#feed.once("close", () => this.#socket.destroy(this.#feed.errored ?? undefined));
  }

  #receive(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    const pending = this.#pendingRead;
    if (pending === null) return;
    this.#pendingRead = null;
    this.#feed.pauseReading();
    pending.resolve(this.#take(pending.buffer));
  }

  /** Takes as many chunks as there is room for: one is a TLS record, of 16 KiB at most. */
  #take(buffer: Uint8Array): number {
    let length = 0;
    while (this.#chunks.length > 0 && length < buffer.length) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(0, buffer.length - length);
      buffer.set(part, length);
      length += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return length;
  }

  #finish(): void {
    this.#ended = true;
    this.#pendingRead?.resolve(null);
    this.#pendingRead = null;
  }

  #closed(): void {
    this.#finish();
    this.#rejectPendingWrite?.(this.#notWritable());
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#pendingRead?.reject(error);
    this.#pendingRead = null;
  }

  /** A socket's operation as a promise; it need not call back if the socket is destroyed meanwhile. */
  #untilClosed(operation: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rejectPendingWrite = reject;
      operation((error) => error ? reject(error) : resolve());
    });
  }

  #notWritable(): Error {
    return this.#error ?? new Error("Cannot write: the writing side of the TLS connection has ended");
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

  /** TLS makes several records of a long write; the system gets them at once. */
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
