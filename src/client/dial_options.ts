import type { ProxyOptions } from "./proxy/proxy.ts";

/**
 * How a client reaches its server.
 *
 * @example Trust your own authority
 * ```ts
 * import { type Client, type DialOptions, makeClient } from "@wsd/driver/client";
 *
 * export async function connect(url: string): Promise<Client> {
 *   const options: DialOptions = { caCerts: [await Deno.readTextFile("ca.pem")] };
 *   const ws = makeClient(url, options);
 *   await ws.startConnection();
 *   return ws;
 * }
 * ```
 * @category Client
 */
export interface DialOptions {
  /**
   * Certificates to trust besides the system's, in PEM. Through an `https:` proxy, and through any proxy with `cert`,
   * they are trusted in place of the system's.
   *
   * With them, an attempt that is abandoned during the TLS handshake keeps its socket until the server ends the
   * connection (Deno 2.9.6); without them it doesn't.
   *
   * @default {[]}
   */
  caCerts?: string[];
  /** The client's own certificate chain, in PEM, for servers that ask for one; requires `key`. */
  cert?: string;
  /** The private key of `cert`, in PEM. */
  key?: string;
  /**
   * Skips the check that the server's certificate is for the name that was dialed. The chain is still verified.
   *
   * @default {false}
   */
  unsafelyDisableHostnameVerification?: boolean;
  /** A Unix socket to connect to, in place of the URL's host and port. It needs `--allow-read` and `--allow-write`. */
  socketPath?: string;
  /**
   * The proxy to use: an `http:`, `https:`, `socks5:` or `socks5h:` URL, with a user and a password if it requires
   * them; or `"env"` to read it from the environment, which needs `--allow-env`. See docs/company_proxy.md.
   *
   * @default {null}
   */
  proxy?: string | URL | ProxyOptions | "env" | null;
}
