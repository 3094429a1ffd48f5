import { checkOptionNames } from "../../check_options.ts";
import { checkField, type Field } from "../../http/format_head.ts";
import { basicAuthorization, type Credentials, takeCredentials } from "../url_credentials.ts";

/**
 * A proxy with more settings than fit into its URL.
 *
 * @example Send a token to a proxy that is reached over TLS, with the company's own certificate
 * ```ts
 * import { type Client, makeClient, type ProxyOptions } from "@wsd/driver";
 *
 * export async function connectThroughProxy(url: string, token: string): Promise<Client> {
 *   const proxy: ProxyOptions = {
 *     url: "https://proxy.example.com:8443",
 *     authorization: `Bearer ${token}`,
 *     caCerts: [await Deno.readTextFile("company.pem")],
 *   };
 *   const ws = makeClient(url, { proxy });
 *   await ws.startConnection();
 *   return ws;
 * }
 * ```
 * @category Client
 */
export interface ProxyOptions {
  /**
   * The proxy: `http:`, `https:`, `socks5:` (names are resolved here) or `socks5h:` (names are resolved by the proxy).
   * A user and a password in it are sent only to the proxy.
   */
  url: string | URL;
  /** The value of `Proxy-Authorization`, instead of a user and a password in the URL. Not for SOCKS. */
  authorization?: string;
  /**
   * Certificates to trust for an `https:` proxy besides the system's, in PEM. Those for the server itself are in
   * `caCerts` of the client's options.
   *
   * @default {[]}
   */
  caCerts?: string[];
  /** Header fields to add to the `CONNECT` request. The server doesn't see them. Not for SOCKS. */
  headers?: HeadersInit;
}

/** A proxy's scheme. */
export type ProxyScheme = "http:" | "https:" | "socks5:" | "socks5h:";

/** A proxy, with its parsed settings. */
export interface Proxy {
  /** The proxy's protocol. */
  readonly scheme: ProxyScheme;
  /** The proxy for messages: its URL without credentials. */
  readonly name: string;
  /** The name or address to connect to; an IPv6 address without its brackets. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** The user and the password, for SOCKS; null for none. */
  readonly credentials: Credentials | null;
  /** The header fields of the `CONNECT` request, besides `Host`. */
  readonly fields: readonly Field[];
  /** Certificates to trust for TLS with the proxy. */
  readonly caCerts: readonly string[];
}

const DEFAULT_PORTS: Readonly<Record<ProxyScheme, number>> = {
  "http:": 80,
  "https:": 443,
  "socks5:": 1080,
  "socks5h:": 1080,
};

const KNOWN = { url: true, authorization: true, caCerts: true, headers: true } as const;

/** A `CONNECT` request has no body, and its `Host` is the server. */
const RESERVED = new Set(["host", "content-length", "transfer-encoding", "connection", "upgrade"]);

/**
 * Parses the proxy to use. No message shows a URL that can't be parsed, since it may contain a password.
 *
 * @param option A URL, or an object with one.
 * @returns The proxy.
 * @throws {TypeError} If the URL can't be parsed or has another scheme, or an option is malformed.
 */
export function parseProxy(option: string | URL | ProxyOptions): Proxy {
  const options = typeof option === "string" || option instanceof URL ? { url: option } : option;
  checkOptionNames<ProxyOptions>("use a proxy", options, KNOWN);
  const url = parseUrl(options.url);
  const scheme = url.protocol as ProxyScheme;
  const credentials = takeCredentials(url);
  checkOptions(options, scheme);
  const hostname = hostnameOf(url);
  return {
    scheme,
    name: `${scheme}//${url.host}`,
    hostname,
    port: url.port === "" ? DEFAULT_PORTS[scheme] : Number(url.port),
    credentials,
    fields: isSocks(scheme) ? [] : fieldsFor(options, credentials),
    caCerts: [...options.caCerts ?? []],
  };
}

/**
 * Checks whether a proxy speaks SOCKS rather than HTTP.
 *
 * @param scheme The proxy's scheme.
 * @returns True for both SOCKS schemes.
 */
export function isSocks(scheme: ProxyScheme): boolean {
  return scheme.startsWith("socks");
}

function parseUrl(value: unknown): URL {
  const url = typeof value === "string" || value instanceof URL ? URL.parse(String(value)) : null;
  if (url === null || url.host === "") {
    throw new TypeError(
      "Cannot use a proxy: expected a URL such as http://proxy.example.com:3128, " +
        (typeof value === "string"
          ? "received text that is none (not shown, as it may hold a password)"
          : `received ${nameOf(value)}`),
    );
  }
  if (!Object.hasOwn(DEFAULT_PORTS, url.protocol)) {
    throw new TypeError(
      `Cannot use a proxy: its scheme must be http:, https:, socks5: or socks5h:, received ${url.protocol}`,
    );
  }
  if (url.pathname.length > 1 || url.search !== "" || url.hash !== "") {
    throw new TypeError("Cannot use a proxy: its URL must end after the host and the port, received one with a path");
  }
  return url;
}

/** Hosts are normalized only in URLs of some schemes, and SOCKS is not among them. */
function hostnameOf(url: URL): string {
  const hostname = URL.parse(`http://${url.hostname}`)?.hostname ?? url.hostname;
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function checkOptions({ authorization, caCerts, headers }: ProxyOptions, scheme: ProxyScheme): void {
  if (caCerts !== undefined && !(Array.isArray(caCerts) && caCerts.every((pem) => typeof pem === "string"))) {
    throw new TypeError(`Cannot use a proxy: caCerts must be an array of strings, received ${nameOf(caCerts)}`);
  }
  if (caCerts !== undefined && scheme !== "https:") {
    throw new TypeError(`Cannot use a proxy: caCerts is for an https: proxy, received it with ${scheme}`);
  }
  if (isSocks(scheme) && (authorization ?? headers) !== undefined) {
    throw new TypeError(
      "Cannot use a proxy: SOCKS has no header fields, received authorization or headers. " +
        "Give the user and the password in its URL",
    );
  }
}

function fieldsFor({ authorization, headers }: ProxyOptions, credentials: Credentials | null): Field[] {
  const fields: Field[] = [...new Headers(headers)];
  for (const [name, value] of fields) {
    checkField(name, value);
    if (RESERVED.has(name)) throw new TypeError(`Cannot use a proxy: the header ${name} can't be given`);
  }
  const shown = authorization ?? (credentials === null ? null : basicAuthorization(credentials));
  if (shown === null) return fields;
  if (typeof shown !== "string" || !isHeaderValue(shown)) {
    throw new TypeError("Cannot use a proxy: authorization must be a header's value (not shown, as it is secret)");
  }
  return [...fields.filter(([name]) => name !== "proxy-authorization"), ["Proxy-Authorization", shown]];
}

/** Checks like `checkField`, but without showing the value. */
function isHeaderValue(value: string): boolean {
  try {
    checkField("Proxy-Authorization", value);
    return true;
  } catch {
    return false;
  }
}

function nameOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
