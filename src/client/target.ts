import { encodeBase64 } from "@std/encoding/base64";

/** Where a client connects to, and what it asks for there. */
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
  /** The value of `Authorization` that stands in the URL, null for none. */
  readonly authorization: string | null;
}

/** What an address looks like, for those who gave no scheme. */
export const SUCH_AS = "expected one such as ws://localhost:5000/";

const SCHEMES = new Map([["ws:", "ws:"], ["wss:", "wss:"], ["http:", "ws:"], ["https:", "wss:"]]);

/**
 * Reads the URL of a WebSocket server. RFC 6455 §3; `http:` and `https:` stand for `ws:` and `wss:`, as in the web's
 * own `WebSocket`.
 *
 * @param value The URL.
 * @returns Its parts.
 * @throws {TypeError} Where it can't be parsed, has another scheme, or a fragment.
 */
export function parseTarget(value: string | URL): Target {
  const url = parse(String(value));
  const scheme = SCHEMES.get(url.protocol);
  if (scheme === undefined) {
    throw new TypeError(
      `Cannot connect as the URL's scheme must be ws:, wss:, http: or https: (RFC 6455 3): received ${url.protocol}, ` +
        SUCH_AS,
    );
  }
  if (url.protocol !== scheme) url.protocol = scheme;
  if (url.hash !== "" || url.href.endsWith("#")) {
    throw new TypeError(`Cannot connect to a URL with a fragment (RFC 6455 3): received ${url.hash || "#"}`);
  }
  const secure = scheme === "wss:";
  const authorization = takeCredentials(url);
  return {
    url,
    secure,
    hostname: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    host: url.host,
    resource: url.pathname + url.search,
    authorization,
  };
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new TypeError(`Cannot connect as the URL can't be parsed: received ${JSON.stringify(text)}, ${SUCH_AS}`);
  }
}

/** Takes the user and the password out of the URL: they go into `Authorization`, RFC 7617, and nowhere else. */
function takeCredentials(url: URL): string | null {
  if (url.username === "" && url.password === "") return null;
  const credentials = percentDecode(`${url.username}:${url.password}`);
  url.username = "";
  url.password = "";
  return `Basic ${encodeBase64(credentials)}`;
}

/** RFC 3986 §2.1. The bytes need not be UTF-8, and a `%` that begins no octet stands for itself. */
function percentDecode(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const octet = text[i] === "%" ? Number(`0x${text.slice(i + 1, i + 3).padEnd(2, "?")}`) : NaN;
    bytes.push(Number.isNaN(octet) ? text.charCodeAt(i) : octet);
    if (!Number.isNaN(octet)) i += 2;
  }
  return Uint8Array.from(bytes);
}
