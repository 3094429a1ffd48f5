import { checkAllowedHosts } from "../http/host.ts";
import { checkAllowedOrigins } from "../handshake/origin.ts";

/**
 * Who may connect. An option that is not given is not checked.
 *
 * @example Admit only your own pages
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
   * The origins whose pages may connect, each exactly as browsers send it: `https://example.com`, in lower case, with
   * its port unless it is the scheme's default. Or `"same-host"`: pages whose origin has the host requested in `Host`,
   * whatever the scheme, so that it also works behind a proxy that ends TLS and passes `Host` on.
   *
   * Everyone else is answered with 403, including clients that send no `Origin`, and pages whose origin is `null`,
   * unless `"null"` is listed. RFC 6455 §10.2.
   *
   * @default {everyone may}
   */
  allowedOrigins?: readonly string[] | "same-host";
  /**
   * The hosts that may be requested, as in `Host`: `example.com`, with its port unless it is the scheme's default. Any
   * other is answered with 403. That keeps out pages whose own name was made to resolve to this server (DNS rebinding).
   *
   * @default {all}
   */
  allowedHosts?: readonly string[];
}

/**
 * Checks a caller's policy.
 *
 * @param policy The policy.
 * @throws {TypeError} If an origin or a host is malformed.
 */
export function checkAccessPolicy({ allowedOrigins, allowedHosts }: AccessPolicy): void {
  if (allowedOrigins !== undefined) checkAllowedOrigins(allowedOrigins);
  if (allowedHosts !== undefined) checkAllowedHosts(allowedHosts);
}

const ANYONE: AccessPolicy = {};

/**
 * Copies a caller's policy, so that it can't be changed later.
 *
 * @param policy The caller's options.
 * @returns The policy alone, without options that are undefined.
 */
export function copyAccessPolicy({ allowedOrigins, allowedHosts }: AccessPolicy): AccessPolicy {
  if (allowedOrigins === undefined && allowedHosts === undefined) return ANYONE;
  return {
    ...(allowedOrigins && { allowedOrigins: allowedOrigins === "same-host" ? allowedOrigins : [...allowedOrigins] }),
    ...(allowedHosts && { allowedHosts: [...allowedHosts] }),
  };
}
