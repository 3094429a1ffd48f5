import { HandshakeError } from "../../handshake_error.ts";
import { ConnTransport } from "../../transport/conn_transport.ts";
import type { Transport } from "../../transport/transport.ts";
import { closeUnlessDone } from "../close_unless_done.ts";
import { connectTcp } from "../connect_tcp.ts";
import type { DialOptions } from "../dial_options.ts";
import { startTls } from "../start_tls.ts";
import type { Target } from "../target.ts";
import { messageOf } from "../../connection/message_of.ts";
import { tlsError, tlsReason } from "../tls_error.ts";
import { startTlsOver } from "../tls_transport.ts";
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
  const { transport, tcp } = await reachProxy(proxy, signal);
  return await closeUnlessDone(
    async () => {
      const early = await askForTunnel(transport, proxy, target, signal);
      if (early.length > 0) return await enter(new PrefixedTransport(transport, early), null, target, options, signal);
      return await enter(transport, tcp, target, options, signal);
    },
    () => transport.close(),
    signal,
  );
}

/** The connection to a proxy, and the TCP connection if there is nothing on top of it. */
interface ProxyConnection {
  readonly transport: Transport;
  readonly tcp: Deno.TcpConn | null;
}

async function reachProxy(proxy: Proxy, signal: AbortSignal): Promise<ProxyConnection> {
  const { hostname, caCerts } = proxy;
  try {
    const tcp = await connectTcp(proxy, signal);
    if (proxy.scheme !== "https:") return { transport: new ConnTransport(tcp), tcp };
    return { transport: await startTls(tcp, { hostname, caCerts }, signal), tcp: null };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw proxyError(proxy, `can't be reached: ${tlsReason(cause)}`, { cause });
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
    throw proxyError(proxy, `was lost before the tunnel was open: ${messageOf(cause)}`, { cause });
  }
}

/** Starts TLS in the tunnel, if the server's URL says so. The runtime's own TLS only works over plain TCP. */
async function enter(
  tunnel: Transport,
  tcp: Deno.TcpConn | null,
  target: Target,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Transport> {
  if (!target.secure) return tunnel;
  const tls = { ...options, hostname: target.hostname };
  try {
    return tcp === null ? await startTlsOver(tunnel, tls, signal) : await startTls(tcp, tls, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw tlsError(target, cause);
  }
}
