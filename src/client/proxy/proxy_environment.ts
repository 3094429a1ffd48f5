import { bypassesProxy } from "./no_proxy.ts";
import { parseProxy, type Proxy } from "./proxy.ts";

/** Reads a variable of the environment. */
export type ReadVariable = (name: string) => string | undefined;

/** The server that a proxy is for. */
export interface ProxiedServer {
  /** Whether it speaks TLS. */
  readonly secure: boolean;
  /** Its name or address; an IPv6 address without its brackets. */
  readonly hostname: string;
  /** Its port. */
  readonly port: number;
}

/** The variables that name a proxy, in order of precedence. */
const SECURE_NAMES = ["wss_proxy", "all_proxy", "https_proxy"] as const;
const PLAIN_NAMES = ["ws_proxy", "all_proxy", "https_proxy", "http_proxy"] as const;

/**
 * Finds the proxy for a server in the environment. Each variable is looked for in lower case, then in upper case; an
 * empty one counts as none.
 *
 * @param server The server.
 * @param read Reads a variable; by default from the process's environment, which needs `--allow-env`.
 * @returns The proxy, null for a direct connection.
 * @throws {TypeError} If a variable names no usable proxy; its value isn't shown.
 * @throws {Deno.errors.NotCapable} If the environment may not be read.
 */
export function proxyFromEnvironment(
  { secure, hostname, port }: ProxiedServer,
  read: ReadVariable = (name) => Deno.env.get(name),
): Proxy | null {
  const found = firstSet(secure ? SECURE_NAMES : PLAIN_NAMES, read);
  if (found === null) return null;
  const [, exceptions = ""] = firstSet(["no_proxy"], read) ?? [];
  return bypassesProxy(exceptions, hostname, port) ? null : parseVariable(...found);
}

function firstSet(names: readonly string[], read: ReadVariable): [name: string, value: string] | null {
  for (const name of names.flatMap((name) => [name, name.toUpperCase()])) {
    const value = read(name)?.trim() ?? "";
    if (value !== "" && !isForeign(name, read)) return [name, value];
  }
  return null;
}

/** A CGI program gets a request's field `Proxy` as HTTP_PROXY, so a client could choose its proxy (CVE-2016-5385). */
function isForeign(name: string, read: ReadVariable): boolean {
  return name === "HTTP_PROXY" && read("REQUEST_METHOD") !== undefined;
}

/** In the environment, a proxy without a scheme is an `http:` one. */
function parseVariable(name: string, value: string): Proxy {
  try {
    return parseProxy(value.includes("://") ? value : `http://${value}`);
  } catch (error) {
    throw new TypeError(`${(error as Error).message}, in the environment's ${name}`);
  }
}
