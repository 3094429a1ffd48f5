import { HandshakeError } from "../../handshake_error.ts";
import { ConnTransport } from "../../transport/conn_transport.ts";
import type { Transport } from "../../transport/transport.ts";
import { closeUnlessDone } from "../abort.ts";
import { connectTcp } from "../connect_tcp.ts";
import type { DialOptions } from "../dial_options.ts";
import { startTls } from "../start_tls.ts";
import type { Target } from "../target.ts";
import { messageOf, tlsError } from "../tls_error.ts";
import { TlsTransport } from "../tls_transport.ts";
import { openTunnel } from "./open_tunnel.ts";
import { PrefixedTransport } from "./prefixed_transport.ts";
import type { Proxy } from "./proxy.ts";
import { proxyError } from "./proxy_error.ts";

/**
 * Connects to a server through a proxy, with TLS inside the tunnel if the server's URL says so.
 *
 * @param proxy The proxy.
 * @param target The server.
 * @param options Certificates for the server.
 * @param signal Stops it.
 * @returns The connection.
 * @throws {HandshakeError} If the proxy can't be reached, or refuses, or TLS with the server fails.
 */
export async function dialThroughProxy(
  proxy: Proxy,
  target: Target,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Transport> {
  const conn = await reachProxy(proxy, signal);
  const transport = new ConnTransport(conn);
  return await closeUnlessDone(
    async () => {
      const early = await askForTunnel(transport, proxy, target, signal);
      const tunnel = early.length === 0 ? transport : new PrefixedTransport(transport, early);
      if (!target.secure) return tunnel;
      // The runtime's own TLS speaks over TCP alone, begins with nothing read, and has no place for a certificate.
      const plain = tunnel === transport && proxy.scheme !== "https:" && options.cert === undefined;
      return await secure(tunnel, plain ? conn as Deno.TcpConn : null, target, options, signal);
    },
    () => transport.close(),
    signal,
  );
}

async function reachProxy(proxy: Proxy, signal: AbortSignal): Promise<Deno.Conn> {
  try {
    const conn = await connectTcp(proxy, signal);
    if (proxy.scheme !== "https:") return conn;
    return await startTls(conn, { hostname: proxy.hostname, caCerts: proxy.caCerts }, signal);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw proxyError(proxy, `can't be reached: ${messageOf(cause)}`, { cause });
  }
}

async function askForTunnel(
  transport: Transport,
  proxy: Proxy,
  target: Target,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await openTunnel(transport, proxy, target, signal);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof HandshakeError || cause instanceof TypeError) throw cause;
    throw proxyError(proxy, `was lost before the tunnel was there: ${messageOf(cause)}`, { cause });
  }
}

async function secure(
  tunnel: Transport,
  plain: Deno.TcpConn | null,
  target: Target,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Transport> {
  const tls = { ...options, hostname: target.hostname };
  try {
    if (plain !== null) return new ConnTransport(await startTls(plain, tls, signal));
    const secured = new TlsTransport(tunnel, tls);
    return await closeUnlessDone(() => secured.handshake().then(() => secured), () => secured.close(), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw tlsError(target, cause);
  }
}
