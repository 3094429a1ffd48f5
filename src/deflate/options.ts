import { checkOptionNames } from "../check_options.ts";

/**
 * How messages are compressed: the `perMessageDeflate` of a server and a client, RFC 7692 §7.
 *
 * To compress, all connections of a process share a memory budget ({@linkcode setCompressionBudget}); to inflate, a
 * connection with the defaults holds up to 32 KiB between messages. One that has sent and received nothing compressed
 * holds nothing, and everything is freed when it closes. The cost and benefit of each setting is described below and,
 * with measurements, in docs/compression.md.
 *
 * @example Compress with a small window
 * ```ts
 * import { makeServer } from "@wsd/driver";
 *
 * const ws = makeServer(new Request("http://localhost/"), {
 *   perMessageDeflate: { serverMaxWindowBits: 10, memLevel: 5, threshold: 256 },
 * });
 * ```
 * @category Connection
 */
export interface PerMessageDeflateOptions {
  /**
   * Whether the server compresses each message separately, §7.1.1.1. It then holds no memory between messages, and the
   * client none to inflate; similar messages take more bytes on the wire.
   *
   * A server does this whatever the client asks. A client asks for it, and goes without compression if the server
   * doesn't agree, unless `fallback` is set.
   *
   * @default {false}
   */
  serverNoContextTakeover?: boolean;
  /**
   * Whether the client compresses each message separately, §7.1.1.2: the same for the other direction. A server demands
   * it; a client does it, whatever the server responds.
   *
   * @default {false}
   */
  clientNoContextTakeover?: boolean;
  /**
   * The size of the window that the server compresses with, as a power of two from 8 to 15: 256 bytes to 32 KiB,
   * §7.1.2.1. To compress, a window of n bytes takes 3 n + 32 KiB, plus the table of `memLevel`; to inflate, it takes n
   * between messages.
   *
   * A server uses this, or less if the client asks for less. A client asks for it and, for 8, allows 9, as
   * zlib can't do 8; it goes without compression if the server doesn't agree, unless `fallback` is set.
   *
   * @default {15}
   */
  serverMaxWindowBits?: number;
  /**
   * The size of the window that the client compresses with, in the same way, §7.1.2.2. A server demands it, 9 instead
   * of 8, and declines offers of clients that don't support it. A client does it, whatever the server responds.
   *
   * @default {15}
   */
  clientMaxWindowBits?: number;
  /**
   * Whether a client also offers compression without its demands on the server, as its second choice. A server ignores
   * it.
   *
   * @default {false}
   */
  fallback?: boolean;
  /**
   * The minimum length of a message to compress, in bytes.
   *
   * @default {1024}
   */
  threshold?: number;
  /**
   * How hard to look for repetitions: 0 stores, 1 is fast, 9 is thorough. It only costs time. The number of bytes is
   * about that of the same zlib level.
   *
   * @default {6}
   */
  level?: number;
  /**
   * How much memory the search for repetitions takes, from 1 to 9: a table of 2^(memLevel + 8) bytes, 64 KiB by
   * default.
   *
   * @default {8}
   */
  memLevel?: number;
}

/** The options with their defaults, checked; the window is null if none was requested. */
export interface DeflateSettings {
  /** Whether the server compresses each message separately. */
  readonly serverNoContextTakeover: boolean;
  /** Whether the client compresses each message separately. */
  readonly clientNoContextTakeover: boolean;
  /** The server's window as a power of two, null for the greatest. */
  readonly serverMaxWindowBits: number | null;
  /** The client's window as a power of two, null for the greatest. */
  readonly clientMaxWindowBits: number | null;
  /** Whether a client also offers compression without its demands. */
  readonly fallback: boolean;
  /** The minimum length of a message to compress, in bytes. */
  readonly threshold: number;
  /** How hard to look for repetitions, 0 to 9. */
  readonly level: number;
  /** How much memory the search takes, 1 to 9. */
  readonly memLevel: number;
}

/**
 * Checks the option and fills in the defaults.
 *
 * @param given What the caller gave.
 * @returns All settings, null for no compression.
 * @throws {TypeError} If a value is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkDeflateOptions(given: boolean | PerMessageDeflateOptions | undefined): DeflateSettings | null {
  if (given === undefined || given === false) return null;
  if (given !== true && (typeof given !== "object" || given === null)) {
    throw new TypeError(
      "Cannot use the option perMessageDeflate: it must be true, false or an object of options, received " +
        (given === null ? "null" : `a ${typeof given}`),
    );
  }
  const options: PerMessageDeflateOptions = given === true ? {} : given;
  checkOptionNames("use the option perMessageDeflate", options, OPTION_NAMES);
  return {
    serverNoContextTakeover: checkBoolean(options, "serverNoContextTakeover"),
    clientNoContextTakeover: checkBoolean(options, "clientNoContextTakeover"),
    serverMaxWindowBits: checkInteger(options, "serverMaxWindowBits", 8, 15),
    clientMaxWindowBits: checkInteger(options, "clientMaxWindowBits", 8, 15),
    fallback: checkBoolean(options, "fallback"),
    threshold: checkInteger(options, "threshold", 0, Number.MAX_SAFE_INTEGER) ?? 1024,
    level: checkInteger(options, "level", 0, 9) ?? 6,
    memLevel: checkInteger(options, "memLevel", 1, 9) ?? 8,
  };
}

/** All option names. */
const OPTION_NAMES: Readonly<Record<keyof PerMessageDeflateOptions, true>> = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: true,
  clientMaxWindowBits: true,
  fallback: true,
  threshold: true,
  level: true,
  memLevel: true,
};

type Kind<T> = { [Name in keyof PerMessageDeflateOptions]-?: PerMessageDeflateOptions[Name] extends T ? Name : never }[
  keyof PerMessageDeflateOptions
];

function checkBoolean(options: PerMessageDeflateOptions, name: Kind<boolean | undefined>): boolean {
  const value: unknown = options[name] ?? false;
  if (typeof value === "boolean") return value;
  throw new TypeError(`Cannot use perMessageDeflate.${name}: it must be true or false, received a ${typeof value}`);
}

function checkInteger(
  options: PerMessageDeflateOptions,
  name: Kind<number | undefined>,
  least: number,
  most: number,
): number | null {
  const value: unknown = options[name] ?? null;
  if (value === null) return null;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use perMessageDeflate.${name}: it must be a number, received a ${typeof value}`);
  }
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot use perMessageDeflate.${name}: it must be an integer from ${least} to ${most}, received ${value}`,
  );
}
