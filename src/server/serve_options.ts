import { checkInteger, DEFAULT_TIMEOUT, MAX_TIMEOUT } from "../check_integer.ts";
import { checkOptionNames } from "../check_options.ts";
import { DRIVER_OPTION_NAMES } from "../driver/option_names.ts";
import { type HeadLimits, REQUEST_HEAD_LIMITS, resolveHeadLimits } from "../http/head_limits.ts";
import { type AccessPolicy, checkAccessPolicy } from "./access_policy.ts";

/**
 * What the handler of {@linkcode serve} gets along with the request: the same as under `Deno.serve`.
 *
 * @example See who connects
 * ```ts
 * import { serve, type ServeHandlerInfo } from "@wsd/driver";
 *
 * function whoAsks(_request: Request, { remoteAddr }: ServeHandlerInfo): Response {
 *   return new Response("hostname" in remoteAddr ? remoteAddr.hostname : "a program on this machine");
 * }
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, whoAsks);
 * const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
 * console.log(await response.text()); // 127.0.0.1
 * ```
 * @category Server
 */
export type ServeHandlerInfo<Addr extends Deno.Addr = Deno.Addr> = Deno.ServeHandlerInfo<Addr>;

/**
 * Answers a request: with any response, or with that of a `Server`.
 *
 * `request.signal` aborts if the client leaves before the response. A client that has ended its writing counts as
 * having left, as under `Deno.serve`. If it leaves more than 1 MiB unread, or all clients together more than 16 MiB,
 * that is noticed only when its body is read.
 *
 * @example One handler, two servers
 * ```ts
 * import { makeServer, serve, type ServeHandler } from "@wsd/driver";
 *
 * const handler: ServeHandler = (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   return ws.accept();
 * };
 *
 * await using ours = serve({ port: 0, onListen() {} }, handler);
 * await using theirs = Deno.serve({ port: 0, onListen() {} }, handler);
 * ```
 * @category Server
 */
export type ServeHandler<Addr extends Deno.Addr = Deno.Addr> = (
  request: Request,
  info: ServeHandlerInfo<Addr>,
) => Response | Promise<Response>;

/**
 * How {@linkcode serve} listens. `allowedHosts` applies to every request, `allowedOrigins` to every WebSocket unless
 * {@linkcode makeServer} is given its own.
 *
 * @example Listen on this machine only, and set limits
 * ```ts
 * import { serve, type ServeOptions } from "@wsd/driver";
 *
 * const options: ServeOptions<Deno.NetAddr> = {
 *   hostname: "127.0.0.1",
 *   port: 0,
 *   maxConnections: 10_000,
 *   handshakeTimeout: 5_000,
 *   onListen: ({ port }) => console.log("Ready on port", port),
 *   onError: () => new Response("Something is broken\n", { status: 500 }),
 * };
 * await using server = serve(options, () => {
 *   throw new Error("Not written yet");
 * });
 * const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
 * console.log([response.status, await response.text()]); // [ 500, "Something is broken\n" ]
 * ```
 * @category Server
 */
export interface ServeOptions<Addr extends Deno.Addr = Deno.Addr> extends AccessPolicy {
  /**
   * The port to listen on; 0 for any that is free.
   *
   * @default {8000}
   */
  port?: number;
  /**
   * The name or address to listen on.
   *
   * @default {"0.0.0.0"}
   */
  hostname?: string;
  /** A Unix socket to listen on, instead of a port. It needs `--allow-read` and `--allow-write`. */
  path?: Addr extends Deno.NetAddr ? undefined : string;
  /**
   * The certificate chain, in PEM; with it and `key`, the server speaks TLS: `wss:`.
   *
   * On the public internet, better end TLS at a proxy: see docs/security.md.
   */
  cert?: string;
  /** The private key of `cert`, in PEM. */
  key?: string;
  /**
   * Lets several processes listen on the same port, if the system supports it. It needs `--unstable-net`.
   *
   * @default {false}
   */
  reusePort?: boolean;
  /** Shuts the server down, as its `shutdown()` does. */
  signal?: AbortSignal;
  /**
   * Signals of the operating system that shut the server down: cleanly at the first one, as `shutdown()` does. After
   * that, the signals have their usual effect, so that a second one ends the process at once.
   *
   * @default {[]}
   */
  shutdownOn?: readonly Deno.Signal[];
  /**
   * Called once the server listens.
   *
   * @default {prints the URL to the console}
   */
  onListen?: (address: Addr) => void;
  /**
   * Called with an error of the handler, or of a connection's listener. Its response goes to the client, if one waits.
   *
   * @default {prints a line to the console, and responds with status 500}
   */
  onError?: (error: unknown) => Response | Promise<Response>;
  /**
   * How long a client may take to send the head of its request, in milliseconds; then it is answered with 408. It is
   * also how long a client may make a single read or write of a body wait: then the connection is closed.
   *
   * @default {10000}
   */
  handshakeTimeout?: number;
  /**
   * How many connections there may be at once, WebSockets and others; further ones are answered with 503.
   *
   * @default {Infinity}
   */
  maxConnections?: number;
  /**
   * How long a client that is answered with 503 should wait, in milliseconds. It is sent in whole seconds, rounded up,
   * as `Retry-After` (RFC 9110 §10.2.3), which this package's reconnecting client obeys.
   *
   * @default {no Retry-After is sent}
   */
  retryAfter?: number;
  /**
   * How long a head may be: see {@linkcode HeadLimits} for units and defaults. A longer one is answered with 414 or
   * 431.
   */
  headLimits?: Partial<HeadLimits>;
}

const OPTION_NAMES: Readonly<Record<keyof ServeOptions, true>> = {
  port: true,
  hostname: true,
  path: true,
  cert: true,
  key: true,
  reusePort: true,
  signal: true,
  shutdownOn: true,
  onListen: true,
  onError: true,
  handshakeTimeout: true,
  maxConnections: true,
  retryAfter: true,
  headLimits: true,
  allowedOrigins: true,
  allowedHosts: true,
};

/** The names of some options in other libraries. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.keys(DRIVER_OPTION_NAMES).map((name) => [name, "it is an option of makeServer(request, options)"]),
  ),
  host: "hostname",
  certFile: "cert",
  keyFile: "key",
  origins: "allowedOrigins",
};

/** The options that each connection needs, checked, with their defaults. */
export interface ServeSettings {
  /** Answers requests. */
  readonly handler: ServeHandler;
  /** How long a client may make the server wait, in milliseconds. */
  readonly handshakeTimeout: number;
  /** How long a head may be. */
  readonly headLimits: HeadLimits;
  /** How many connections there may be at once. */
  readonly maxConnections: number;
  /** How long a client that is turned away should wait, in milliseconds; null to send nothing. */
  readonly retryAfter: number | null;
  /** Who may connect. */
  readonly policy: AccessPolicy;
}

/**
 * Checks the options of `serve`, except those of {@linkcode listen}.
 *
 * @param options The caller's options.
 * @param handler The caller's handler.
 * @returns The settings.
 * @throws {TypeError} If an argument or an option is of the wrong type, or unknown.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkServeOptions(options: Omit<ServeOptions, "onListen">, handler: ServeHandler): ServeSettings {
  checkArguments(options, handler);
  checkOptionNames("start a server", options, OPTION_NAMES, OTHER_NAMES);
  checkAccessPolicy(options);
  checkKinds(options);
  return {
    handler,
    handshakeTimeout: checkInteger(options, "handshakeTimeout", DEFAULT_TIMEOUT, 0, MAX_TIMEOUT),
    headLimits: resolveHeadLimits(options.headLimits ?? {}, REQUEST_HEAD_LIMITS),
    maxConnections: checkMaxConnections(options.maxConnections ?? Infinity),
    retryAfter: options.retryAfter === undefined ? null : checkInteger(options, "retryAfter", 0, 0, MAX_TIMEOUT),
    policy: { allowedOrigins: options.allowedOrigins, allowedHosts: options.allowedHosts },
  };
}

/** Explains the usual mistakes: `Deno.serve` also accepts its arguments in other forms. */
function checkArguments(options: unknown, handler: unknown): void {
  if (typeof options === "function") {
    throw new TypeError("Cannot start a server: the options come first, write serve({ port: 8000 }, handler)");
  }
  if (typeof options === "number" || typeof options === "string") {
    throw new TypeError(
      `Cannot start a server: the options must be an object, write serve({ port: ${options} }, handler)`,
    );
  }
  if (typeof handler !== "function") {
    throw new TypeError(
      `Cannot start a server: the second argument must be the handler, a function that answers requests, received ${
        handler === null ? "null" : typeof handler
      }`,
    );
  }
}

function checkKinds(
  { shutdownOn = [], signal, onError }: Pick<ServeOptions, "shutdownOn" | "signal" | "onError">,
): void {
  if (!Array.isArray(shutdownOn) || shutdownOn.some((name) => !String(name).startsWith("SIG"))) {
    throw new TypeError(
      'Cannot start a server: shutdownOn must be an array of signals such as ["SIGINT", "SIGTERM"], received ' +
        JSON.stringify(shutdownOn),
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      `Cannot start a server: signal must be an AbortSignal such as controller.signal, received ${typeof signal}`,
    );
  }
  if (onError !== undefined && typeof onError !== "function") {
    throw new TypeError(`Cannot start a server: onError must be a function, received ${typeof onError}`);
  }
}

function checkMaxConnections(value: unknown): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot start a server: maxConnections must be a number, received ${typeof value}`);
  }
  if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) return value;
  throw new RangeError(
    `Cannot start a server: maxConnections must be an integer above 0, or Infinity, received ${value}`,
  );
}
