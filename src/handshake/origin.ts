import { equalsIgnoreCase } from "../http/equals_ignore_case.ts";
import { printable } from "../http/printable.ts";

/**
 * Checks whether a page of an origin may connect.
 *
 * RFC 6455 §10.2: "Servers that are not intended to process input from any web page but only for certain sites SHOULD
 * verify the |Origin| field is an origin they expect." Listed origins are compared character by character: browsers
 * send only one spelling.
 *
 * @param origin The value of `Origin`, null if it is missing.
 * @param allowedOrigins The origins that may connect, or `"same-host"` for those of the requested host.
 * @param host The requested host, null if it is not known.
 * @returns True if it may; false for a missing origin.
 */
export function isAllowedOrigin(
  origin: string | null,
  allowedOrigins: readonly string[] | "same-host",
  host: string | null = null,
): boolean {
  if (origin === null) return false;
  return allowedOrigins === "same-host" ? isSameHost(origin, host) : allowedOrigins.includes(origin);
}

/** The scheme doesn't count: behind a proxy that ends TLS, an `https:` page is served here without TLS. */
function isSameHost(origin: string, host: string | null): boolean {
  const slashes = origin.indexOf("://");
  if (slashes < 1 || host === null) return false;
  const scheme = origin.slice(0, slashes);
  // A browser leaves out the scheme's default port, both in Origin and in Host. A proxy may add it.
  const port = scheme === "https" ? ":443" : scheme === "http" ? ":80" : "";
  const asked = port !== "" && host.endsWith(port) ? host.slice(0, -port.length) : host;
  return equalsIgnoreCase(origin.slice(slashes + 3), asked);
}

/**
 * Checks a caller's allowed origins, so that one that no browser would ever send is found at once.
 *
 * @param origins The origins, such as `https://example.com`, or `null` in letters for pages without one; or
 * `"same-host"`.
 * @throws {TypeError} If they are not an array, or one is not an origin as RFC 6454 §6 spells it.
 */
export function checkAllowedOrigins(origins: readonly string[] | "same-host"): void {
  if (origins === "same-host") return;
  if (!Array.isArray(origins)) {
    fail(
      'expected an array of strings, or "same-host"',
      typeof origins === "string" ? printable(origins) : typeof origins,
    );
  }
  for (const origin of origins) {
    if (typeof origin !== "string") fail("each must be a string", typeof origin);
    if (origin !== "null" && !isOrigin(origin)) {
      fail("each must be scheme://host or scheme://host:port in lower case", printable(origin));
    }
  }
}

function isOrigin(text: string): boolean {
  const slashes = text.indexOf("://");
  if (slashes < 1 || slashes + 3 === text.length || text.indexOf("/", slashes + 3) >= 0) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}

function fail(rule: string, received: string): never {
  throw new TypeError(`Cannot use allowedOrigins: ${rule}, received ${received}`);
}
