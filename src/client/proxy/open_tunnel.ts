import type { Transport } from "../../transport/transport.ts";
import { httpConnect } from "./http_connect.ts";
import { isSocks, type Proxy } from "./proxy.ts";
import type { ProxiedServer } from "./proxy_environment.ts";
import { socks5Connect } from "./socks5.ts";

/**
 * Asks a proxy to connect to a server.
 *
 * @param transport The connection to the proxy.
 * @param proxy The proxy.
 * @param server The server.
 * @param signal Ends waits that closing the transport doesn't end.
 * @returns Bytes that followed the proxy's response: the tunnel's first.
 * @throws {HandshakeError} If the proxy refuses or breaks a rule.
 */
export function openTunnel(
  transport: Transport,
  proxy: Proxy,
  server: ProxiedServer,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (isSocks(proxy.scheme)) return socks5Connect(transport, proxy, server, signal);
  return httpConnect(transport, proxy, server);
}
