import { printable } from "../http/printable.ts";

/**
 * Tells whether a page of this origin may connect: only if the origin is listed, character by character.
 *
 * RFC 6455 §10.2: "Servers that are not intended to process input from any web page but only for certain sites SHOULD
 * verify the |Origin| field is an origin they expect." Nothing is normalized: browsers send one spelling only.
 *
 * @param origin The value of `Origin`, null where it is missing.
 * @param allowedOrigins The origins that may connect.
 * @returns True where it is listed; false for a missing one.
 */
export function isAllowedOrigin(origin: string | null, allowedOrigins: readonly string[]): boolean {
  return origin !== null && allowedOrigins.includes(origin);
}

/**
 * Checks the origins that a caller allows, so that one that no browser would ever send is seen at once.
 *
 * @param origins The origins, such as `https://example.com`, or `null` in letters for pages without one.
 * @throws {TypeError} If they are no array, or one is no origin in the spelling of RFC 6454 §6.
 */
export function checkAllowedOrigins(origins: readonly string[]): void {
  if (!Array.isArray(origins)) fail("it must be an array of strings", typeof origins);
  for (const origin of origins) {
    if (typeof origin !== "string") fail("it must be an array of strings", typeof origin);
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
  throw new TypeError(`Cannot take allowedOrigins as ${rule}: received ${received}`);
}
