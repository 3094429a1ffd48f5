import type { HeadLimits } from "../handshake/head_limits.ts";
import type { AccessPolicy } from "./access_policy.ts";

/** What the handler of {@linkcode serve} is told beside the request; the same as under `Deno.serve`. */
export type ServeHandlerInfo = Deno.ServeHandlerInfo<Deno.Addr>;

/** Answers a request: with any response, or with that of a `Server`. */
export type ServeHandler = (request: Request, info: ServeHandlerInfo) => Response | Promise<Response>;

/**
 * How {@linkcode serve} listens. `allowedHosts` holds for every request, `allowedOrigins` for every WebSocket that is not
 * told otherwise.
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
   * @default {a line on the console that says where}
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
  /** How long a head may be: see {@linkcode HeadLimits} for units and defaults. A longer one is answered with 414 or 431. */
  headLimits?: Partial<HeadLimits>;
}
