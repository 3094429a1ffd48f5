import { basicAuthorization, takeCredentials } from "./url_credentials.ts";

/** The server that a client connects to, and the requested resource. */
export interface Target {
  /** The URL, with the scheme `ws:` or `wss:`. */
  readonly url: URL;
  /** Whether to speak TLS. */
  readonly secure: boolean;
  /** The name or address to connect to; an IPv6 address without its brackets. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** The value of `Host`. */
  readonly host: string;
  /** The request target. */
  readonly resource: string;
  /** The value of `Authorization` from the URL's credentials, null for none. */
  readonly authorization: string | null;
}

/** An example of a URL, for callers who gave no scheme. */
export const SUCH_AS = "expected one such as ws://localhost:5000/";

const SCHEMES = new Map([["ws:", "ws:"], ["wss:", "wss:"], ["http:", "ws:"], ["https:", "wss:"]]);

/**
 * Parses the URL of a WebSocket server. RFC 6455 §3; `http:` and `https:` mean `ws:` and `wss:`, as in the web's
 * `WebSocket`.
 *
 * @param value The URL.
 * @returns Its parts.
 * @throws {TypeError} If it can't be parsed, has another scheme, or a fragment.
 */
export function parseTarget(value: string | URL): Target {
  const url = parse(String(value));
  const scheme = SCHEMES.get(url.protocol);
  if (scheme === undefined) {
    throw new TypeError(
      `Cannot connect: the URL's scheme must be ws:, wss:, http: or https: (RFC 6455 3), received ${url.protocol}, ` +
        SUCH_AS,
    );
  }
  if (url.protocol !== scheme) url.protocol = scheme;
  if (url.hash !== "" || url.href.endsWith("#")) {
    throw new TypeError(`Cannot connect: the URL must have no fragment (RFC 6455 3), received ${url.hash || "#"}`);
  }
  const secure = scheme === "wss:";
  const credentials = takeCredentials(url);
  return {
    url,
    secure,
    hostname: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    host: url.host,
    resource: url.pathname + url.search,
    authorization: credentials === null ? null : basicAuthorization(credentials),
  };
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new TypeError(`Cannot connect: the URL can't be parsed, received ${JSON.stringify(text)}, ${SUCH_AS}`);
  }
}
