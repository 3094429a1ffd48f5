import { equalsIgnoreCase } from "./equals_ignore_case.ts";

/**
 * Finds the authority in a request target of absolute form, such as `example.com:81` in `http://example.com:81/chat`.
 *
 * RFC 9112 §3.2.2: "When an origin server receives a request with an absolute-form of request-target, the origin server
 * MUST ignore the received Host header field (if any) and instead use the host information of the request-target."
 *
 * @param target The request target.
 * @returns The authority as it was spelled, with its user information if any; null for a target of another form.
 */
export function targetAuthority(target: string): string | null {
  const slashes = target.indexOf("://");
  const scheme = target.slice(0, Math.max(slashes, 0));
  if (!equalsIgnoreCase(scheme, "http") && !equalsIgnoreCase(scheme, "https")) return null;
  const start = slashes + 3;
  let end = start;
  while (end < target.length && !"/?#".includes(target[end])) end++;
  return target.slice(start, end);
}
