import { checkAllowedHosts } from "../http/host.ts";
import { checkAllowedOrigins } from "../handshake/origin.ts";

/**
 * Who may connect. What is not given is not checked.
 *
 * @example Let in your own pages only
 * ```ts
 * import { HandshakeError, makeClient, makeServer, serve } from "@wsd/driver";
 * import type { AccessPolicy } from "@wsd/driver/server";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const policy: AccessPolicy = { allowedOrigins: ["https://example.com"] };
 * await using server = serve({ port: 0, onListen() {}, ...policy }, (request) => {
 *   const ws = makeServer(request);
 *   return ws.accept();
 * });
 *
 * const url = `ws://localhost:${server.addr.port}/`;
 * const ws = makeClient(url, { additionalHeaders: { origin: "https://elsewhere.example" } });
 * const { status } = await assertRejects(() => ws.startConnection(), HandshakeError);
 * assertEquals(status, 403);
 * ```
 * @category Server
 */
export interface AccessPolicy {
  /**
   * The origins whose pages may connect, each exactly as browsers send it: `https://example.com`, in lower case, with its
   * port unless that is the scheme's own. Or `"same-host"`: pages whose origin has the host that is asked for in `Host`,
   * whatever the scheme, so that it also works behind a proxy that ends TLS and passes `Host` on.
   *
   * Everybody else is answered with 403, also clients that send no `Origin`, and pages whose origin is `null`, unless
   * `"null"` is listed. RFC 6455 §10.2.
   *
   * @default {everybody may}
   */
  allowedOrigins?: readonly string[] | "same-host";
  /**
   * The hosts that may be asked for, as in `Host`: `example.com`, or with its port unless that is the scheme's own.
   * Everything else is answered with 403. That keeps out pages whose own name was made to resolve to this server (DNS
   * rebinding).
   *
   * @default {all}
   */
  allowedHosts?: readonly string[];
}

/**
 * Checks a policy that a caller gives.
 *
 * @param policy The policy.
 * @throws {TypeError} If an origin or a host is malformed.
 */
export function checkAccessPolicy({ allowedOrigins, allowedHosts }: AccessPolicy): void {
  if (allowedOrigins !== undefined) checkAllowedOrigins(allowedOrigins);
  if (allowedHosts !== undefined) checkAllowedHosts(allowedHosts);
}

const EVERYBODY: AccessPolicy = {};

/**
 * Copies who may connect, so that it can't be changed later.
 *
 * @param policy What the caller gave.
 * @returns What of it was given, without the rest.
 */
export function copyAccessPolicy({ allowedOrigins, allowedHosts }: AccessPolicy): AccessPolicy {
  if (allowedOrigins === undefined && allowedHosts === undefined) return EVERYBODY;
  return {
    ...(allowedOrigins && { allowedOrigins: allowedOrigins === "same-host" ? allowedOrigins : [...allowedOrigins] }),
    ...(allowedHosts && { allowedHosts: [...allowedHosts] }),
  };
}
