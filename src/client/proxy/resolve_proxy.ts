import type { DialOptions } from "../dial_options.ts";
import { parseProxy, type Proxy } from "./proxy.ts";
import { type ProxiedServer, proxyFromEnvironment } from "./proxy_environment.ts";

/**
 * Finds the proxy for a server.
 *
 * @param option What the caller gave.
 * @param server The server.
 * @returns The proxy, null for a direct connection.
 * @throws {TypeError} If it can't be used.
 * @throws {Deno.errors.NotCapable} If it is in the environment, but that may not be read.
 */
export function resolveProxy(option: DialOptions["proxy"], server: ProxiedServer): Proxy | null {
  if (option === undefined || option === null) return null;
  return option === "env" ? proxyFromEnvironment(server) : parseProxy(option);
}
