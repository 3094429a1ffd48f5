import type { HandshakeError } from "../../handshake_error.ts";
import { formatHead } from "../../http/format_head.ts";
import type { Transport } from "../../transport/transport.ts";
import { describeResponse } from "../describe_response.ts";
import { readResponse } from "../read_response.ts";
import { readBody } from "../response_body.ts";
import type { Proxy } from "./proxy.ts";
import type { ProxiedServer } from "./proxy_environment.ts";
import { proxyError } from "./proxy_error.ts";

/**
 * Asks an HTTP proxy for a tunnel. RFC 9110 §9.3.6.
 *
 * @param transport The connection to the proxy, over TLS if the proxy requires it.
 * @param proxy The proxy.
 * @param server The target of the tunnel.
 * @returns Bytes that followed the response: the tunnel's first.
 * @throws {HandshakeError} If the proxy refuses, or its response breaks a rule.
 */
export async function httpConnect(
  transport: Transport,
  proxy: Proxy,
  { hostname, port }: ProxiedServer,
): Promise<Uint8Array> {
  const authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  await transport.write(formatHead(`CONNECT ${authority} HTTP/1.1`, [["Host", authority], ...proxy.fields]));
  const { head, early } = await answerOf(transport, proxy);
  // "Any 2xx (Successful) response indicates that the sender […] will switch to tunnel mode immediately after the
  // response header section", and: "A client MUST ignore any Content-Length or Transfer-Encoding header fields".
  if (head.status >= 200 && head.status <= 299) return early;
  const body = head.status < 200 ? new Uint8Array(0) : await readBody(transport, head, early);
  const advice = head.status === 407 || head.status === 401
    ? ` (give the user and the password in the proxy's URL, or authorization)`
    : "";
  throw proxyError(proxy, `refused the tunnel to ${authority} with ${describeResponse(head, body)}${advice}`, {
    status: head.status,
    headers: new Headers([...head.fields]),
    body,
  });
}

async function answerOf(transport: Transport, proxy: Proxy) {
  try {
    return await readResponse(transport, "the proxy");
  } catch (cause) {
    const { message, cause: deeper } = cause as HandshakeError;
    throw proxyError(proxy, `sent no usable response. ${message}`, { cause: deeper ?? cause });
  }
}
