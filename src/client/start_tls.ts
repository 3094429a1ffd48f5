import { ConnTransport } from "../transport/conn_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { closeUnlessDone } from "./close_unless_done.ts";
import { unlessAborted } from "./unless_aborted.ts";
import { startTlsOver, type TlsOptions } from "./tls_transport.ts";

/** ALPN: a server that also speaks HTTP/2 on this port must not choose it. */
const ALPN = ["http/1.1"];

/**
 * Starts TLS as a client on a TCP connection, and waits for the handshake.
 *
 * With `caCerts`, it uses the runtime's own TLS, since only that trusts them besides the system's. It keeps a
 * connection whose handshake is abandoned until the server ends it (Deno 2.9.6), and accepts no client certificate.
 * Otherwise it uses `node:tls`.
 *
 * @param conn The connection, which is closed on failure.
 * @param options The TLS settings.
 * @param signal Stops it.
 * @returns The transport with TLS.
 * @throws The signal's reason if it aborts first, otherwise the runtime's error.
 */
export async function startTls(conn: Deno.TcpConn, options: TlsOptions, signal: AbortSignal): Promise<Transport> {
  const { hostname, caCerts = [], cert, unsafelyDisableHostnameVerification = false } = options;
  if (caCerts.length === 0 || cert !== undefined) return await startTlsOver(new ConnTransport(conn), options, signal);
  const settings = { hostname, caCerts: [...caCerts], alpnProtocols: ALPN, unsafelyDisableHostnameVerification };
  const secured = await closeUnlessDone(() => Deno.startTls(conn, settings), () => close(conn), signal);
  return await completeHandshake(secured, signal);
}

/**
 * Connects for TLS with both a client certificate and certificates to trust besides the system's, which `Deno.startTls`
 * doesn't accept together. The handshake is not done yet.
 *
 * @param port The server's port.
 * @param options The TLS settings, with `cert` and `key`.
 * @param signal Stops it.
 * @returns The connection.
 * @throws The signal's reason if it aborts first, otherwise the runtime's error.
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
 * Waits for the handshake of TLS.
 *
 * @param conn The connection, which is closed on failure.
 * @param signal Stops it.
 * @returns The transport with TLS.
 * @throws The signal's reason if it aborts first, otherwise the runtime's error.
 */
export async function completeHandshake(conn: Deno.TlsConn, signal: AbortSignal): Promise<Transport> {
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
