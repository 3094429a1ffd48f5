import { closeUnlessDone, unlessAborted } from "./abort.ts";
import type { TlsOptions } from "./tls_transport.ts";

/** ALPN: a server that speaks HTTP/2 on this port as well must not take the connection for that. */
const ALPN = ["http/1.1"];

/**
 * Begins TLS as a client on a TCP connection, and waits for the handshake.
 *
 * If the handshake is given up, the runtime holds the TCP connection until the server ends it (Deno 2.9.6).
 *
 * @param conn The connection, which is closed if it fails.
 * @param options How TLS is to be spoken, without a certificate of the client's.
 * @param signal Stops it.
 * @returns The connection with TLS.
 * @throws The signal's reason if it came first, else what the runtime throws.
 */
export async function startTls(conn: Deno.TcpConn, options: TlsOptions, signal: AbortSignal): Promise<Deno.TlsConn> {
  const { hostname, caCerts = [], unsafelyDisableHostnameVerification = false } = options;
  const settings = { hostname, caCerts: [...caCerts], alpnProtocols: ALPN, unsafelyDisableHostnameVerification };
  const secured = await closeUnlessDone(() => Deno.startTls(conn, settings), () => close(conn), signal);
  return await shakeHands(secured, signal);
}

/**
 * Connects for TLS with a certificate of the client's, which `Deno.startTls` doesn't take. The handshake is still to be
 * done.
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
 * @returns The connection.
 * @throws The signal's reason if it came first, else what the runtime throws.
 */
export function shakeHands(conn: Deno.TlsConn, signal: AbortSignal): Promise<Deno.TlsConn> {
  return closeUnlessDone(() => conn.handshake().then(() => conn), () => close(conn), signal);
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed, or Deno.startTls has taken it over.
  }
}
