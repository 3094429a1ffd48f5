import type { Field } from "../http/format_head.ts";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import {
  RuntimeConnection,
  type RuntimeConnectionOptions,
  unsupported,
  whenOpen,
} from "../connection/runtime_connection.ts";
import type { UpgradeHandler, Upgrader } from "./upgrader.ts";

/** What the connections of a {@linkcode RuntimeUpgrader} are told. */
export interface BuiltInBackendOptions extends RuntimeConnectionOptions {
  /** How long the runtime may take to open the socket, in milliseconds. */
  handshakeTimeout: number;
  /** How long after one Ping comes the next, in milliseconds; 0 for none. */
  pingInterval: number;
  /** How long the peer may be silent after a Ping, in milliseconds. */
  pingTimeout: number;
}

/** What the runtime puts into the 101 by itself. */
const RUNTIMES_OWN = new Set(["upgrade", "connection", "sec-websocket-accept"]);

/**
 * The backend for a request of `Deno.serve`, which gives nobody its socket: the runtime frames the messages. The checks
 * of the handshake are ours all the same.
 */
export class RuntimeUpgrader implements Upgrader {
  /** The client's request. */
  readonly request: HandshakeRequest;
  /** The runtime may have taken `Host` out: over HTTP/2 there is none. */
  readonly requiresHost: boolean = false;
  /** The runtime has none. */
  readonly takesExtensions: boolean = false;
  readonly #request: Request;
  readonly #options: () => BuiltInBackendOptions;
  #abandon: (() => void) | null = null;

  /**
   * @param request The request of `Deno.serve`.
   * @param options Gives the limits and times, as they are when the connection is started.
   */
  constructor(request: Request, options: () => BuiltInBackendOptions) {
    this.request = { method: request.method, fields: request.headers };
    this.#request = request;
    this.#options = options;
  }

  /** Has the runtime upgrade the request. */
  accept(fields: Field[], handler: UpgradeHandler): Response {
    const options = this.#options();
    const { socket, response } = this.#upgrade(options);
    for (const [name, value] of fields) {
      if (!RUNTIMES_OWN.has(name.toLowerCase())) response.headers.append(name, value);
    }
    this.#abandon = whenOpen(socket, {
      onOpen: () => handler.onConnection((events) => new RuntimeConnection(socket, events, options)),
      onFailure: (error) => handler.onLost(error),
    }, { timeout: options.handshakeTimeout });
    return response;
  }

  /** The runtime has a heartbeat of its own, with one time for both the interval and the silence, in seconds. */
  #upgrade({ pingInterval, pingTimeout }: BuiltInBackendOptions): Deno.WebSocketUpgrade {
    const idleTimeout = pingInterval === 0 ? 0 : Math.ceil((pingInterval + pingTimeout) / 1000);
    try {
      return Deno.upgradeWebSocket(this.#request, { idleTimeout });
    } catch (cause) {
      throw new TypeError(
        "Cannot upgrade a request that was answered already, or upgraded before",
        { cause },
      );
    }
  }

  /** Leaves the answer to the handler of requests. */
  refuse(refusal: Response): Response {
    return refusal;
  }

  /** The runtime's own socket is what everything is asked for that not every connection can do. */
  checkSupport(what: string): never {
    throw unsupported(what);
  }

  /** Takes no connection any more. */
  abandon(): void {
    this.#abandon?.();
  }
}
