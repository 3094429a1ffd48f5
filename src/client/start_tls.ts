import { ConnTransport } from "../transport/conn_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { closeUnlessDone } from "./close_unless_done.ts";
import { unlessAborted } from "./unless_aborted.ts";
import { startTlsOver, type TlsOptions } from "./tls_transport.ts";

/** ALPN: a server that speaks HTTP/2 on this port as well must not take the connection for that. */
const ALPN = ["http/1.1"];

/**
 * Begins TLS as a client on a TCP connection, and waits for the handshake.
 *
 * With certificates of the caller's, it is the runtime's own TLS, since only that trusts them besides the system's. It
 * keeps a connection whose handshake is given up until the server ends it (Deno 2.9.6), and takes no certificate of the
 * client's. Otherwise it is that of `node:tls`.
 *
 * @param conn The connection, which is closed if it fails.
 * @param options How TLS is to be spoken.
 * @param signal Stops it.
 * @returns The transport with TLS.
 * @throws The signal's reason if it came first, else what the runtime throws.
 */
export async function startTls(conn: Deno.TcpConn, options: TlsOptions, signal: AbortSignal): Promise<Transport> {
  const { hostname, caCerts = [], cert, unsafelyDisableHostnameVerification = false } = options;
  if (caCerts.length === 0 || cert !== undefined) return await startTlsOver(new ConnTransport(conn), options, signal);
  const settings = { hostname, caCerts: [...caCerts], alpnProtocols: ALPN, unsafelyDisableHostnameVerification };
  const secured = await closeUnlessDone(() => Deno.startTls(conn, settings), () => close(conn), signal);
  return await shakeHands(secured, signal);
}

/**
 * Connects for TLS with both a certificate of the client's and certificates to trust besides the system's, which
 * `Deno.startTls` doesn't take together. The handshake is still to be done.
 *
 * @param port The server's port.
 * @param options How TLS is to be spoken, with `cert` and `key`.
 * @param signal Stops it.
 * @returns The connection.
 * @throws The signal's reason if it came first, else what the runtime throws.
 */
export async function connectTls(port: number, options: TlsOptions, signal: AbortSignal): Promise<Deno.TlsConn> {
  const { hostname, caCerts = [], cert, key, unsafelyDisableHostnameVerification = false } = options;
  const connecting = Deno.connectTls({
    hostname,
    port,
    caCerts: [...caCerts],
    cert: cert!,
    key: key!,
    alpnProtocols: ALPN,
    unsafelyDisableHostnameVerification,
  });
  return await unlessAborted(connecting, signal, close);
}

/**
 * Waits for the handshake.
 *
 * @param conn The connection, which is closed if it fails.
 * @param signal Stops it.
 * @returns The transport with TLS.
 * @throws The signal's reason if it came first, else what the runtime throws.
 */
export async function shakeHands(conn: Deno.TlsConn, signal: AbortSignal): Promise<Transport> {
  await closeUnlessDone(() => conn.handshake(), () => close(conn), signal);
  return new ConnTransport(conn);
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed, or Deno.startTls has taken it over.
  }
}
