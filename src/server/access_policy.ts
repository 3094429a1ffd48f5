import { checkAllowedHosts } from "../http/host.ts";
import { checkAllowedOrigins } from "../handshake/origin.ts";

/**
 * Who may connect. What is not given is not checked.
 *
 * @example Let in one's own pages only
 * ```ts
 * import { type AccessPolicy, HandshakeError, makeClient, makeServer, serve } from "@wsd/driver";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const policy: AccessPolicy = { allowedOrigins: ["https://example.com"] };
 * await using server = serve({ port: 0, onListen() {}, ...policy }, (request) => {
 *   const ws = makeServer(request);
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * const url = `ws://localhost:${(server.addr as Deno.NetAddr).port}/`;
 * const ws = makeClient(url, { additionalHeaders: { origin: "https://elsewhere.example" } });
 * const { status } = await assertRejects(() => ws.startConnection(), HandshakeError);
 * assertEquals(status, 403);
 * ```
 */
export interface AccessPolicy {
  /**
   * The origins whose pages may connect, each exactly as browsers send it: `https://example.com`, in lower case, with its
   * port only where that is not the scheme's own. Everybody else is answered with 403, also clients that send no
   * `Origin`, and pages whose origin is `null`, unless `"null"` is listed. RFC 6455 §10.2.
   *
   * @default {everybody may}
   */
  allowedOrigins?: readonly string[];
  /**
   * The hosts that may be asked for, as they stand in `Host`: `example.com`, or with its port where that is not the
   * scheme's own. Everything else is answered with 403. That keeps out pages whose own name was made to resolve to this
   * server (DNS rebinding).
   *
   * @default {all}
   */
  allowedHosts?: readonly string[];
}

/**
 * Checks a policy that a caller gives.
 *
 * @param policy The policy.
 * @throws {TypeError} Where an origin or a host is malformed.
 */
export function checkAccessPolicy({ allowedOrigins, allowedHosts }: AccessPolicy): void {
  if (allowedOrigins !== undefined) checkAllowedOrigins(allowedOrigins);
  if (allowedHosts !== undefined) checkAllowedHosts(allowedHosts);
}
