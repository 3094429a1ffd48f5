import { checkInteger } from "../check_integer.ts";
import type { ByteStreamPair } from "../transport/stream_transport.ts";
import type { Transport } from "../transport/transport.ts";
import type { DialOptions } from "./dial_options.ts";
import { resolveProxy } from "./proxy/resolve_proxy.ts";
import type { Target } from "./target.ts";

/**
 * How to start a connection: the options of {@linkcode Client.startConnection}, and of {@linkcode makeClient}.
 *
 * @example Stop connecting when the user leaves
 * ```ts
 * import { makeClient, type StartConnectionOptions } from "@wsd/driver/client";
 * import { assertRejects } from "@std/assert";
 *
 * const user = new AbortController();
 * const options: StartConnectionOptions = { maxRedirects: 3, signal: user.signal };
 * const started = makeClient("ws://localhost:9/").startConnection(options);
 * user.abort(new Error("The user has left"));
 * await assertRejects(() => started, Error, "The user has left");
 * ```
 * @category Client
 */
export interface StartConnectionOptions extends DialOptions {
  /**
   * How many redirects to follow (RFC 6455 §4.1 leaves that to the client). For another origin, `Authorization`,
   * `Cookie`, your own `Host`, the credentials of the URL, `cert` with `key`, and `unsafelyDisableHostnameVerification`
   * are dropped. A redirect from `wss:` to `ws:` is never followed.
   *
   * @default {0}
   */
  maxRedirects?: number;
  /** Aborts the opening handshake; once the connection is open, it has no effect. */
  signal?: AbortSignal;
  /**
   * A connection to use instead of a new one: the end of a tunnel, a pipe, anything that carries bytes. The client
   * owns it from then on. It carries the bytes unchanged: if the URL says `wss:`, TLS is up to it.
   */
  transport?: Transport | ByteStreamPair;
}

/** All option names of a start, for `checkOptionNames()`. */
export const START_OPTION_NAMES: Readonly<Record<keyof StartConnectionOptions, true>> = {
  caCerts: true,
  cert: true,
  key: true,
  unsafelyDisableHostnameVerification: true,
  socketPath: true,
  proxy: true,
  maxRedirects: true,
  signal: true,
  transport: true,
};

const REDIRECTS_AT_MOST = 100;

/**
 * Checks the options for starting a connection.
 *
 * @param options The caller's options.
 * @param target The server.
 * @throws {TypeError} If an option is malformed, or two contradict each other.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkStartOptions(options: StartConnectionOptions, target: Target): void {
  checkInteger(options, "maxRedirects", 0, 0, REDIRECTS_AT_MOST);
  checkTls(options);
  checkRoute(options, target);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) fail("signal", "an AbortSignal", signal);
}

function checkTls({ caCerts, cert, key, unsafelyDisableHostnameVerification }: StartConnectionOptions): void {
  if (caCerts !== undefined && !(Array.isArray(caCerts) && caCerts.every((pem) => typeof pem === "string"))) {
    fail("caCerts", "an array of strings", caCerts);
  }
  if (cert !== undefined && typeof cert !== "string") fail("cert", "a string", cert);
  if (key !== undefined && typeof key !== "string") fail("key", "a string", key);
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError(
      `Cannot use a certificate: cert and key must be given together, received only ${
        cert === undefined ? "key" : "cert"
      }`,
    );
  }
  if (!["undefined", "boolean"].includes(typeof unsafelyDisableHostnameVerification)) {
    fail("unsafelyDisableHostnameVerification", "a boolean", unsafelyDisableHostnameVerification);
  }
}

function checkRoute(options: StartConnectionOptions, target: Target): void {
  const { socketPath, transport, proxy = null, maxRedirects = 0 } = options;
  // The environment is read only when it is needed.
  if (proxy !== "env") resolveProxy(proxy, target);
  if (proxy !== null && (transport ?? socketPath) !== undefined) {
    throw new TypeError("Cannot use a proxy over a given connection: use proxy without transport and socketPath");
  }
  if (socketPath !== undefined && typeof socketPath !== "string") fail("socketPath", "a string", socketPath);
  if (transport !== undefined && !isTransport(transport)) {
    fail("transport", "a Transport or a pair of readable and writable", transport);
  }
  if (socketPath !== undefined && transport !== undefined) {
    throw new TypeError(
      "Cannot use both socketPath and transport: each is a route to the server, give only one of them",
    );
  }
  if (socketPath !== undefined && target.secure) {
    throw new TypeError(`Cannot speak TLS over a Unix socket: received socketPath with ${target.url.href}`);
  }
  if (maxRedirects > 0 && (transport ?? socketPath) !== undefined) {
    throw new TypeError(
      "Cannot follow redirects over a given connection: use maxRedirects without transport and socketPath",
    );
  }
}

function isTransport(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return ("readable" in value && "writable" in value) || ("read" in value && "write" in value);
}

function fail(name: string, expected: string, value: unknown): never {
  throw new TypeError(
    `Cannot use the option ${name}: it must be ${expected}, received ${value === null ? "null" : typeof value}`,
  );
}
