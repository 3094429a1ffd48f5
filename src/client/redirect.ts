import { HandshakeError } from "../handshake_error.ts";
import type { Field } from "../http/format_head.ts";
import type { DialOptions } from "./dial_options.ts";
import { parseTarget, type Target } from "./target.ts";

/** Where a client asks, and with what. */
export interface Destination {
  /** Where. */
  readonly target: Target;
  /** The caller's own header fields. */
  readonly fields: readonly Field[];
  /** How to get there. */
  readonly options: DialOptions;
}

/** The statuses that name another place to ask the same thing. RFC 9110 §15.4. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What is meant for one origin only. RFC 9110 §15.4 wants it removed on the way to another. */
const PERSONAL = new Set(["authorization", "cookie", "proxy-authorization", "host"]);

/**
 * Follows a redirect.
 *
 * @param refusal How the server has answered.
 * @param from Where it was asked.
 * @returns Where to ask next; null if it isn't a redirect. On the same origin, the URL's credentials go along. On the way
 * to another, what was meant for this one alone stays behind: credentials, the caller's `Host`, the client's
 * certificate, and the leave to take a certificate for another name.
 * @throws {HandshakeError} If the redirect leads from `wss:` to `ws:`, or nowhere.
 */
export function followRedirect(refusal: unknown, from: Destination): Destination | null {
  if (!(refusal instanceof HandshakeError) || !REDIRECTS.has(refusal.status ?? 0)) return null;
  const location = refusal.headers.get("location");
  if (location === null) return null;
  const target = resolve(location, from.target, refusal);
  if (from.target.secure && !target.secure) {
    throw refuse(refusal, `it leads from wss: to ws:, which would give up TLS: received ${target.url.href}`);
  }
  return isSameOrigin(target, from.target)
    ? { ...from, target: { ...target, authorization: from.target.authorization } }
    : {
      target,
      fields: from.fields.filter(([name]) => !PERSONAL.has(name.toLowerCase())),
      options: others(from.options),
    };
}

function isSameOrigin(a: Target, b: Target): boolean {
  return a.secure === b.secure && a.hostname === b.hostname && a.port === b.port;
}

function others(
  { cert: _cert, key: _key, unsafelyDisableHostnameVerification: _, ...options }: DialOptions,
): DialOptions {
  return options;
}

function resolve(location: string, from: Target, refusal: HandshakeError): Target {
  try {
    const url = new URL(location, from.url);
    // RFC 9110 §4.2.4: a recipient should "treat its presence as an error" if the URL comes from an untrusted source.
    if (url.username !== "" || url.password !== "") {
      throw new TypeError("Cannot follow a URL with credentials from a server");
    }
    // RFC 9110 §10.2.2: a Location may have a fragment. It is for whoever looks at what is there, and not sent.
    url.hash = "";
    return parseTarget(url);
  } catch (cause) {
    throw refuse(refusal, `its Location must be the URL of a WebSocket: received ${JSON.stringify(location)}`, cause);
  }
}

function refuse({ status, headers, body }: HandshakeError, why: string, cause?: unknown): HandshakeError {
  return new HandshakeError(`Cannot follow the redirect: ${why}`, { status, headers, body, cause });
}
