import { messageOf } from "../connection/message_of.ts";
import { ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import { ConnTransport } from "../transport/conn_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { connectTcp } from "./connect_tcp.ts";
import type { DialOptions } from "./dial_options.ts";
import { dialThroughProxy } from "./proxy/dial_through_proxy.ts";
import { resolveProxy } from "./proxy/resolve_proxy.ts";
import { completeHandshake, connectTls, startTls } from "./start_tls.ts";
import type { Target } from "./target.ts";
import { tlsError } from "./tls_error.ts";

/**
 * Connects to a server, with TLS if the URL says so, through a proxy if there is one.
 *
 * @param target The server.
 * @param options Certificates, and the route.
 * @param signal Stops it.
 * @returns The connection.
 * @throws {HandshakeError} If the server or the proxy can't be reached, or TLS fails.
 */
export async function dial(target: Target, options: DialOptions, signal: AbortSignal): Promise<Transport> {
  const proxy = resolveProxy(options.proxy, target);
  if (proxy !== null) return await dialThroughProxy(proxy, target, options, signal);
  const conn = await connect(target, options, signal);
  if (!target.secure) return new ConnTransport(conn);
  try {
    return await secure(conn, target, options, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw tlsError(target, cause);
  }
}

/** Connects. With both a client certificate and `caCerts` it starts TLS in one step, the only way that takes both. */
async function connect(target: Target, options: DialOptions, signal: AbortSignal): Promise<Deno.Conn> {
  const { hostname, port, secure } = target;
  const { socketPath, cert, caCerts = [] } = options;
  try {
    if (socketPath !== undefined) return await connectUnix(socketPath, signal);
    if (secure && cert !== undefined && caCerts.length > 0) {
      return await connectTls(port, { ...options, hostname }, signal);
    }
    return await connectTcp(target, signal);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable || cause instanceof TypeError) throw cause;
    const where = socketPath ?? `${hostname}, port ${port}`;
    throw new HandshakeError(`Cannot connect to ${target.url.href}: ${where} can't be reached: ${messageOf(cause)}`, {
      code: ErrorCode.CONNECT_FAILED,
      cause,
    });
  }
}

async function connectUnix(path: string, signal: AbortSignal): Promise<Deno.Conn> {
  const conn = await Deno.connect({ transport: "unix", path });
  if (signal.aborted) conn.close();
  return conn;
}

function secure(conn: Deno.Conn, { hostname }: Target, options: DialOptions, signal: AbortSignal): Promise<Transport> {
  if ("handshake" in conn) return completeHandshake(conn as Deno.TlsConn, signal);
  return startTls(conn as Deno.TcpConn, { ...options, hostname }, signal);
}
