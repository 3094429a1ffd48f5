import type { HeadLimits } from "../http/head_limits.ts";
import type { AccessPolicy } from "./access_policy.ts";

/**
 * What the handler of {@linkcode serve} is told beside the request; the same as under `Deno.serve`.
 *
 * @example See who asks
 * ```ts
 * import { serve, type ServeHandlerInfo } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * function whoAsks(_request: Request, { remoteAddr }: ServeHandlerInfo): Response {
 *   return new Response("hostname" in remoteAddr ? remoteAddr.hostname : "somebody on this machine");
 * }
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, whoAsks);
 * const response = await fetch(`http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
 * assertEquals(await response.text(), "127.0.0.1");
 * ```
 */
export type ServeHandlerInfo = Deno.ServeHandlerInfo<Deno.Addr>;

/**
 * Answers a request: with any response, or with that of a `Server`.
 *
 * @example One handler, two servers
 * ```ts
 * import { makeServer, serve, type ServeHandler } from "@wsd/driver";
 *
 * const handler: ServeHandler = (request) => {
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * };
 *
 * await using ours = serve({ port: 0, onListen() {} }, handler);
 * await using theirs = Deno.serve({ port: 0, onListen() {} }, handler);
 * ```
 */
export type ServeHandler = (request: Request, info: ServeHandlerInfo) => Response | Promise<Response>;

/**
 * How {@linkcode serve} listens. `allowedHosts` holds for every request, `allowedOrigins` for every WebSocket that is not
 * told otherwise.
 *
 * @example Listen on this machine only, and bound what one takes
 * ```ts
 * import { serve, type ServeOptions } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const options: ServeOptions = {
 *   hostname: "127.0.0.1",
 *   port: 0,
 *   maxConnections: 10_000,
 *   handshakeTimeout: 5_000,
 *   onListen: (addr) => console.log("Ready on port", (addr as Deno.NetAddr).port),
 *   onError: () => new Response("Something is broken\n", { status: 500 }),
 * };
 * await using server = serve(options, () => {
 *   throw new Error("Not written yet");
 * });
 * const response = await fetch(`http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
 * assertEquals([response.status, await response.text()], [500, "Something is broken\n"]);
 * ```
 */
export interface ServeOptions extends AccessPolicy {
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
  /** A Unix socket to listen on, in place of a port. It needs `--allow-read` and `--allow-write`. */
  path?: string;
  /** The certificate chain, in PEM; with it and `key`, the server speaks TLS: `wss:`. */
  cert?: string;
  /** The private key of `cert`, in PEM. */
  key?: string;
  /**
   * Lets several processes listen on the same port, where the system can do that. It needs `--unstable-net`.
   *
   * @default {false}
   */
  reusePort?: boolean;
  /** Shuts the server down, as its `shutdown()` does. */
  signal?: AbortSignal;
  /**
   * Called once the server listens.
   *
   * @default {a line on the console that says where, as a URL}
   */
  onListen?: (address: Deno.Addr) => void;
  /**
   * Called with what the handler or a listener of a connection threw; its response goes to the client, if one waits.
   *
   * @default {a line on the console, and a response of status 500}
   */
  onError?: (error: unknown) => Response | Promise<Response>;
  /**
   * How long a client may take to send the head of its request, in milliseconds; then it is answered with 408.
   *
   * @default {10000}
   */
  handshakeTimeout?: number;
  /**
   * How many connections there may be at once, WebSockets and others; one more is answered with 503.
   *
   * @default {Infinity}
   */
  maxConnections?: number;
  /**
   * How long a client that is answered with 503 is asked to wait, in milliseconds. It is sent in whole seconds, rounded
   * up, as `Retry-After` (RFC 9110 §10.2.3), which this package's reconnecting client obeys.
   *
   * @default {no Retry-After is sent}
   */
  retryAfter?: number;
  /** How long a head may be: see {@linkcode HeadLimits} for units and defaults. A longer one is answered with 414 or 431. */
  headLimits?: Partial<HeadLimits>;
}
