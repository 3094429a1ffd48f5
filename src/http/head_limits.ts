import { checkOptionNames } from "../check_options.ts";

/**
 * Limits on an HTTP head. Reading it never takes more than `maxHead` bytes of memory.
 *
 * @example Accept short addresses only
 * ```ts
 * import { type HeadLimits, serve } from "@wsd/driver/server";
 *
 * const headLimits: Partial<HeadLimits> = { maxStartLine: 1024, maxFields: 32 };
 * await using server = serve({ port: 0, headLimits, onListen() {} }, () => new Response("Hi\n"));
 * const { port } = server.addr as Deno.NetAddr;
 * const response = await fetch(`http://localhost:${port}/${"x".repeat(2000)}`);
 * console.log(response.status); // 414
 * await response.body?.cancel();
 * ```
 * @category Server
 */
export interface HeadLimits {
  /** The longest request line or status line, in bytes without its CRLF; 414 above it. */
  maxStartLine: number;
  /** The longest line of a header field, in bytes without its CRLF; 431 above it. */
  maxFieldLine: number;
  /** The whole head in bytes, with every CRLF; 431 above it. */
  maxHead: number;
  /** How many lines of header fields there may be; 431 above it. */
  maxFields: number;
}

/** The default limits on a request's head: a bit above the 8,000 bytes of RFC 9112 §3. */
export const REQUEST_HEAD_LIMITS: Readonly<HeadLimits> = {
  maxStartLine: 8192,
  maxFieldLine: 16384,
  maxHead: 65536,
  maxFields: 128,
};

/** The default limits on a response's head. They are looser, because a client has chosen its server. */
export const RESPONSE_HEAD_LIMITS: Readonly<HeadLimits> = {
  maxStartLine: 8192,
  maxFieldLine: 65536,
  maxHead: 262144,
  maxFields: 512,
};

const NAMES = { maxStartLine: true, maxFieldLine: true, maxHead: true, maxFields: true } as const;

/**
 * Completes limits with the defaults.
 *
 * @param limits What the caller gave.
 * @param defaults The defaults.
 * @returns All limits.
 * @throws {TypeError} If they aren't an object, or contain an unknown name.
 * @throws {RangeError} If one is not a positive integer.
 */
export function resolveHeadLimits(limits: Partial<HeadLimits>, defaults: Readonly<HeadLimits>): HeadLimits {
  checkOptionNames("use the head limits", limits, NAMES);
  const resolved: HeadLimits = {
    maxStartLine: limits.maxStartLine ?? defaults.maxStartLine,
    maxFieldLine: limits.maxFieldLine ?? defaults.maxFieldLine,
    maxHead: limits.maxHead ?? defaults.maxHead,
    maxFields: limits.maxFields ?? defaults.maxFields,
  };
  for (const [name, value] of Object.entries(resolved)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new RangeError(`Cannot use the head limits: ${name} must be a positive integer, received ${String(value)}`);
  }
  return resolved;
}
