import { HandshakeError } from "../handshake_error.ts";
import type { Field } from "../http/format_head.ts";
import type { DialOptions } from "./dial_options.ts";
import { parseTarget, type Target } from "./target.ts";

/** A client's request. */
export interface Destination {
  /** The server. */
  readonly target: Target;
  /** The caller's own header fields. */
  readonly fields: readonly Field[];
  /** How to reach it. */
  readonly options: DialOptions;
}

/** The statuses that redirect the same request. RFC 9110 §15.4. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Header fields for one origin only. RFC 9110 §15.4 requires removing them for another. */
const PERSONAL = new Set(["authorization", "cookie", "proxy-authorization", "host"]);

/**
 * Follows a redirect.
 *
 * @param refusal The server's response.
 * @param from The redirected request.
 * @returns The next request; null if it isn't a redirect. On the same origin, the URL's credentials are kept. For
 * another origin, everything meant for this one only is dropped: credentials, the caller's `Host`, the client's
 * certificate, and the permission to accept a certificate for another name.
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
      options: optionsForOtherOrigin(from.options),
    };
}

function isSameOrigin(a: Target, b: Target): boolean {
  return a.secure === b.secure && a.hostname === b.hostname && a.port === b.port;
}

/** Drops the options that are meant for the first origin only. */
function optionsForOtherOrigin(
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
    // RFC 9110 §10.2.2: a Location may have a fragment. It is for the user agent, and not sent.
    url.hash = "";
    return parseTarget(url);
  } catch (cause) {
    throw refuse(refusal, `its Location must be the URL of a WebSocket: received ${JSON.stringify(location)}`, cause);
  }
}

function refuse({ status, headers, body }: HandshakeError, why: string, cause?: unknown): HandshakeError {
  return new HandshakeError(`Cannot follow the redirect: ${why}`, { status, headers, body, cause });
}
