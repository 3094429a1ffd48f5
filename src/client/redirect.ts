import { HandshakeError } from "../handshake_error.ts";
import type { Field } from "../http/format_head.ts";
import { parseTarget, type Target } from "./target.ts";

/** Where a client asks, and with what. */
export interface Destination {
  /** Where. */
  readonly target: Target;
  /** The caller's own header fields. */
  readonly fields: readonly Field[];
}

/** The statuses that name another place to ask the same thing. RFC 9110 §15.4. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What is meant for one origin only. RFC 9110 §15.4 wants it removed on the way to another. */
const CREDENTIALS = new Set(["authorization", "cookie", "proxy-authorization"]);

/**
 * Follows a redirect.
 *
 * @param refusal How the server has answered.
 * @param from Where it was asked.
 * @returns Where to ask next, without credentials where that is another origin; null where it is no redirect.
 * @throws {HandshakeError} Where the redirect leads from `wss:` to `ws:`, or nowhere.
 */
export function followRedirect(refusal: unknown, from: Destination): Destination | null {
  if (!(refusal instanceof HandshakeError) || !REDIRECTS.has(refusal.status ?? 0)) return null;
  const location = refusal.headers.get("location");
  if (location === null) return null;
  const target = resolve(location, from.target, refusal);
  if (from.target.secure && !target.secure) {
    throw refuse(refusal, `it leads from wss: to ws:, which would give up TLS: received ${target.url.href}`);
  }
  const fields = target.url.origin === from.target.url.origin && target.secure === from.target.secure
    ? from.fields
    : from.fields.filter(([name]) => !CREDENTIALS.has(name.toLowerCase()));
  return { target, fields };
}

function resolve(location: string, from: Target, refusal: HandshakeError): Target {
  try {
    const url = new URL(location, from.url);
    // RFC 9110 §4.2.4: a recipient should "treat its presence as an error", where the URL is of somebody untrusted.
    if (url.username !== "" || url.password !== "") throw new TypeError("Cannot take credentials from a server");
    return parseTarget(url);
  } catch (cause) {
    throw refuse(refusal, `its Location is no URL of a WebSocket: received ${JSON.stringify(location)}`, cause);
  }
}

function refuse({ status, headers, body }: HandshakeError, why: string, cause?: unknown): HandshakeError {
  return new HandshakeError(`Cannot follow the redirect as ${why}`, { status, headers, body, cause });
}
