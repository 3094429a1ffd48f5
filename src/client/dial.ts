import { ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import { ConnTransport } from "../transport/conn_transport.ts";
import type { Transport } from "../transport/transport.ts";
import type { Target } from "./target.ts";

/**
 * How a client reaches its server.
 *
 * @example Trust an authority of one's own
 * ```ts
 * import { type Client, type DialOptions, makeClient } from "@wsd/driver";
 *
 * export async function connect(url: string): Promise<Client> {
 *   const options: DialOptions = { caCerts: [await Deno.readTextFile("ca.pem")] };
 *   const ws = makeClient(url, options);
 *   await ws.startConnection();
 *   return ws;
 * }
 * ```
 */
export interface DialOptions {
  /**
   * Certificates to trust besides the system's, in PEM.
   *
   * @default {[]}
   */
  caCerts?: string[];
  /** The client's own certificate chain, in PEM, for servers that ask for one; goes with `key`. */
  cert?: string;
  /** The private key of `cert`, in PEM. */
  key?: string;
  /**
   * Leaves out the check that the server's certificate is for the name that was dialled. The chain is still verified.
   *
   * @default {false}
   */
  unsafelyDisableHostnameVerification?: boolean;
  /** A Unix socket to connect to, in place of the URL's host and port. It needs `--allow-read` and `--allow-write`. */
  socketPath?: string;
}

/**
 * Connects to a server, with TLS where the URL says so. Only `http/1.1` is offered by ALPN: a server that speaks
 * HTTP/2 on this port must not take the connection for that.
 *
 * @param target Where to.
 * @param options Certificates.
 * @param signal Stops it.
 * @returns The connection.
 * @throws {HandshakeError} Where the server can't be reached, or TLS can't be agreed on.
 */
export async function dial(target: Target, options: DialOptions, signal: AbortSignal): Promise<Transport> {
  const conn = await connect(target, options, signal);
  // Deno.connect may have connected when the signal comes, and then takes no notice of it.
  if (signal.aborted) close(conn);
  signal.throwIfAborted();
  if (!target.secure) return new ConnTransport(conn);
  try {
    const secured = isTls(conn) ? conn : await startTls(conn, target, options);
    await handshake(secured, signal);
    return new ConnTransport(secured);
  } catch (cause) {
    close(conn);
    signal.throwIfAborted();
    throw new HandshakeError(
      `Cannot connect to ${target.url.href} as TLS failed: ${messageOf(cause)}${adviceFor(cause)}`,
      { code: ErrorCode.TLS_FAILED, cause },
    );
  }
}

/** Does the TLS handshake; the signal ends it by closing the connection, so that nothing is left behind. */
async function handshake(conn: Deno.TlsConn, signal: AbortSignal): Promise<void> {
  const giveUp = () => close(conn);
  signal.addEventListener("abort", giveUp);
  try {
    signal.throwIfAborted();
    await conn.handshake();
    signal.throwIfAborted();
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function connect(target: Target, options: DialOptions, signal: AbortSignal): Promise<Deno.Conn> {
  const { hostname, port } = target;
  const { socketPath, cert } = options;
  try {
    if (socketPath !== undefined) return await Deno.connect({ transport: "unix", path: socketPath });
    if (target.secure && cert !== undefined) return await unlessAborted(connectTls(target, options), signal);
    return await Deno.connect({ hostname, port, signal });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable || cause instanceof TypeError) throw cause;
    const where = socketPath ?? `${hostname}, port ${port}`;
    throw new HandshakeError(
      `Cannot connect to ${target.url.href} as ${where} can't be reached: ${messageOf(cause)}`,
      { code: ErrorCode.CONNECT_FAILED, cause },
    );
  }
}

/** Only this way takes a client's certificate. */
function connectTls({ hostname, port }: Target, options: DialOptions): Promise<Deno.TlsConn> {
  const { cert, key } = options;
  return Deno.connectTls({ hostname, port, ...tlsOptions(options), cert: cert!, key: key! });
}

/** This way Nagle's algorithm can be turned off, which a `Deno.TlsConn` can't: it delays the second of two writes. */
function startTls(conn: Deno.Conn, { hostname }: Target, options: DialOptions): Promise<Deno.TlsConn> {
  (conn as Deno.TcpConn).setNoDelay(true);
  return Deno.startTls(conn as Deno.TcpConn, { hostname, ...tlsOptions(options) });
}

function tlsOptions({ caCerts = [], unsafelyDisableHostnameVerification = false }: DialOptions) {
  return { caCerts, alpnProtocols: ["http/1.1"], unsafelyDisableHostnameVerification };
}

function isTls(conn: Deno.Conn): conn is Deno.TlsConn {
  return "handshake" in conn;
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Deno.startTls has taken it over.
  }
}

/** Waits no longer than the signal allows for what takes no signal itself; a connection that comes later is closed. */
function unlessAborted(conn: Promise<Deno.TlsConn>, signal: AbortSignal): Promise<Deno.TlsConn> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      conn.then(close, () => {});
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    conn.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** What to do where the reason alone doesn't tell. */
function adviceFor(cause: unknown): string {
  if (!messageOf(cause).includes("UnknownIssuer")) return "";
  return " (give the certificate of its issuer in caCerts to trust it)";
}
