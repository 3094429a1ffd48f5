import { ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import { ConnTransport } from "../transport/conn_transport.ts";
import type { Transport } from "../transport/transport.ts";
import type { Target } from "./target.ts";

/** How a client reaches its server. */
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
  const conn = await unlessAborted(connect(target, options, signal), signal, (late) => late.close());
  const transport = new ConnTransport(conn);
  if (!("handshake" in conn)) return transport;
  try {
    await unlessAborted((conn as Deno.TlsConn).handshake(), signal);
    return transport;
  } catch (cause) {
    transport.close();
    signal.throwIfAborted();
    throw new HandshakeError(
      `Cannot connect to ${target.url.href} as TLS failed: ${messageOf(cause)}${adviceFor(cause)}`,
      { code: ErrorCode.TLS_FAILED, cause },
    );
  }
}

async function connect(target: Target, options: DialOptions, signal: AbortSignal): Promise<Deno.Conn> {
  const { hostname, port } = target;
  const { socketPath } = options;
  try {
    if (socketPath !== undefined) return await Deno.connect({ transport: "unix", path: socketPath });
    if (!target.secure) return await Deno.connect({ hostname, port, signal });
    return await connectTls(hostname, port, options);
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

function connectTls(hostname: string, port: number, options: DialOptions): Promise<Deno.TlsConn> {
  const { caCerts, cert, key, unsafelyDisableHostnameVerification = false } = options;
  return Deno.connectTls({
    hostname,
    port,
    caCerts: caCerts ?? [],
    alpnProtocols: ["http/1.1"],
    unsafelyDisableHostnameVerification,
    ...(cert !== undefined && key !== undefined ? { cert, key } : {}),
  });
}

/** Waits no longer than the signal allows; what comes later is disposed of. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, dispose?: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      promise.then(dispose, () => {});
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** What to do about the usual faults of certificates. */
function adviceFor(cause: unknown): string {
  const message = messageOf(cause);
  if (message.includes("UnknownIssuer")) return " (give the certificate of its issuer in caCerts to trust it)";
  if (message.includes("NotValidForName")) return " (the certificate is for another host than the URL names)";
  if (message.includes("Expired")) return " (the certificate is out of date)";
  return "";
}
