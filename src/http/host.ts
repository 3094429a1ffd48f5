import { equalsIgnoreCase } from "./equals_ignore_case.ts";
import { printable } from "./printable.ts";
import { isDigitCode } from "./token.ts";

/** The marks that a registered name may contain besides letters, digits and `%`: RFC 3986 §2.2 and §2.3. */
const NAME_MARKS = "-._~!$&'()*+,;=";

/**
 * Checks whether a value is a well-formed `Host`: `uri-host [ ":" port ]`, RFC 9110 §7.2, and not empty.
 *
 * RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks
 * a Host header field and to any request message that contains more than one Host header field line or a Host header
 * field with an invalid field value." Two lines fail here too: joined by `", "`, they contain a space.
 *
 * @param value The value of the header field.
 * @returns True for a host with or without a port.
 */
export function isValidHost(value: string): boolean {
  const end = value.startsWith("[") ? literalEnd(value) : nameEnd(value, 0, NAME_MARKS);
  return end > 0 && (end === value.length || (value[end] === ":" && isPort(value, end + 1)));
}

/**
 * Checks whether a host is in a list. Case is ignored (RFC 3986 §3.2.2); everything else must be equal.
 *
 * @param host The value of `Host`, null if there is none.
 * @param allowedHosts The list, each with its port unless it is the scheme's default.
 * @returns True if it is in the list.
 */
export function isAllowedHost(host: string | null, allowedHosts: readonly string[]): boolean {
  return host !== null && allowedHosts.some((allowed) => equalsIgnoreCase(allowed, host));
}

/**
 * Checks a caller's hosts.
 *
 * @param hosts The hosts.
 * @throws {TypeError} If they are not an array, or one is not a host with or without a port.
 */
export function checkAllowedHosts(hosts: readonly string[]): void {
  if (!Array.isArray(hosts)) {
    throw new TypeError(`Cannot use allowedHosts: it must be an array of hosts, received a ${typeof hosts}`);
  }
  for (const host of hosts) {
    if (typeof host === "string" && isValidHost(host)) continue;
    throw new TypeError(
      `Cannot use allowedHosts: each must be a host with or without a port, received ${printable(String(host))}`,
    );
  }
}

/** Finds the end of an IPv6 address in brackets, by its characters only; 0 if there is none. */
function literalEnd(value: string): number {
  const end = nameEnd(value, 1, NAME_MARKS + ":");
  return end > 1 && value[end] === "]" ? end + 1 : 0;
}

function nameEnd(value: string, start: number, marks: string): number {
  let end = start;
  while (end < value.length) {
    if (isLetterOrDigit(value.charCodeAt(end)) || marks.includes(value[end])) end++;
    else if (isPercentEncoded(value, end)) end += 3;
    else break;
  }
  return end;
}

function isLetterOrDigit(code: number): boolean {
  return isDigitCode(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function isPercentEncoded(value: string, index: number): boolean {
  return value[index] === "%" && isHexDigit(value.charCodeAt(index + 1)) && isHexDigit(value.charCodeAt(index + 2));
}

function isHexDigit(code: number): boolean {
  return isDigitCode(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

/** RFC 3986 §3.2.3 lets a port be empty; TCP has no more than 65535. */
function isPort(value: string, start: number): boolean {
  for (let i = start; i < value.length; i++) {
    if (!isDigitCode(value.charCodeAt(i))) return false;
  }
  return Number(value.slice(start)) <= 65535;
}
