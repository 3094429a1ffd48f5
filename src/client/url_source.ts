import type { ClientOptions } from "./client.ts";

/**
 * Where to connect: a URL, or one with its own options, which override those of the reconnecting client.
 *
 * @example A token that is valid for a minute
 * ```ts
 * import type { ConnectionUrl } from "@wsd/driver/client";
 *
 * export function withToken(token: string): ConnectionUrl {
 *   return { url: "wss://example.com/chat", additionalHeaders: { authorization: `Bearer ${token}` } };
 * }
 * ```
 * @category Client
 */
export type ConnectionUrl =
  | string
  | URL
  | ClientOptions & {
    /** The URL. */
    url: string | URL;
  };

/**
 * The argument of a URL function.
 *
 * @example Pass the signal on
 * ```ts
 * import type { ConnectionUrl, UrlContext } from "@wsd/driver/client";
 *
 * export async function fromDirectory({ signal }: UrlContext): Promise<ConnectionUrl> {
 *   const response = await fetch("https://example.com/where", { signal });
 *   return await response.text();
 * }
 * ```
 * @category Client
 */
export interface UrlContext {
  /** The number of failures in a row, 0 at first. */
  readonly attempt: number;
  /** Aborts when the URL isn't needed any more, or after `handshakeTimeout`. */
  readonly signal: AbortSignal;
}

/**
 * Where to connect, for a client that connects more than once: a URL, or a function that is called before each attempt.
 * If the function throws, that is a failure like any other, and it is called again later.
 *
 * @example Rotate through several servers
 * ```ts
 * import { makeReconnectingClient, type UrlSource } from "@wsd/driver/client";
 *
 * const servers = ["wss://a.example.com/", "wss://b.example.com/"];
 * const source: UrlSource = ({ attempt }) => servers[attempt % servers.length];
 * await using ws = makeReconnectingClient(source);
 * ```
 * @category Client
 */
export type UrlSource = string | URL | ((context: UrlContext) => ConnectionUrl | Promise<ConnectionUrl>);

/**
 * Resolves a source to a URL.
 *
 * @param source The source.
 * @param context The argument of its function.
 * @returns The URL and its options.
 */
export async function resolveUrl(
  source: UrlSource,
  context: UrlContext,
): Promise<{ url: string | URL; options: ClientOptions }> {
  const given = typeof source === "function" ? await unlessAborted(source, context) : source;
  if (typeof given === "string" || given instanceof URL) return { url: given, options: {} };
  const { url, ...options } = given;
  return { url, options };
}

/** Waits for the function no longer than its signal allows, even if it ignores the signal. */
async function unlessAborted(
  source: Exclude<UrlSource, string | URL>,
  context: UrlContext,
): Promise<ConnectionUrl> {
  const { signal } = context;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([source(context), promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
