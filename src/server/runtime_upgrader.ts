import { RuntimeConnection, type RuntimeConnectionOptions, whenOpen } from "../connection/runtime_connection.ts";
import { SharedTimeout } from "../connection/shared_timeout.ts";
import type { Field } from "../http/format_head.ts";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import { RequestInfo } from "./request_info.ts";
import type { HandshakePolicy, UpgradeHandler, Upgrader } from "./upgrader.ts";

/** Limits and times of the connections that a {@linkcode RuntimeUpgrader} makes. */
export interface RuntimeUpgraderOptions extends RuntimeConnectionOptions {
  /** How long the runtime may take to open the socket, in milliseconds. */
  handshakeTimeout: number;
  /** The time between two Pings, in milliseconds; 0 for none. */
  pingInterval: number;
  /** How long the peer may be silent after a Ping, in milliseconds. */
  pingTimeout: number;
}

/** The runtime's own, saved at the start: a program may replace it by something of the same shape. */
const runtimeUpgrade = Deno.upgradeWebSocket;

const NO_HOST: HandshakePolicy = { requireHost: false };

/** The fields that the runtime itself adds to the 101. */
const RUNTIME_FIELDS = new Set(["upgrade", "connection", "sec-websocket-accept"]);

/** After how many milliseconds a handler is warned that it must return the response. */
const REMIND_AFTER = 1000;

/**
 * Answers the handshake of a request of `Deno.serve`, which doesn't expose its socket: the runtime frames the messages.
 * The handshake is still checked by the same rules.
 */
export class RuntimeUpgrader implements Upgrader {
  /** The client's request, as the handshake checks it. */
  readonly request: HandshakeRequest;
  /** False: the runtime may have removed `Host`, and HTTP/2 has none. */
  readonly policy: HandshakePolicy = NO_HOST;
  /** True. */
  readonly runtimeFrames: boolean = true;
  readonly #request: Request;
  readonly #headers: Headers;
  readonly #options: () => RuntimeUpgraderOptions;
  #stopWaiting: (() => void) | null = null;
  #stopReminder: (() => void) | null = null;

  /**
   * @param request The request of `Deno.serve`.
   * @param options Returns the limits and times at the start of the connection.
   */
  constructor(request: Request, options: () => RuntimeUpgraderOptions) {
    const headers = this.#headers = headersOf(request);
    const get = (name: string) => readable(() => name === "host" ? hostOf(request, headers) : headers.get(name));
    this.request = { method: request.method, fields: { get } };
    this.#request = request;
    this.#options = options;
  }

  /** The client's request, as the user sees it. */
  get info(): RequestInfo {
    try {
      return new RequestInfo(this.#request.url, this.#headers, null);
    } catch {
      // It was already answered, and can't be read any more: starting reports that.
      return new RequestInfo("", [], null);
    }
  }

  /** Lets the runtime upgrade the request. */
  accept(fields: Field[], handler: UpgradeHandler): Response {
    const options = this.#options();
    const { socket, response } = this.#upgrade(options);
    for (const [name, value] of fields) {
      if (!RUNTIME_FIELDS.has(name.toLowerCase())) response.headers.append(name, value);
    }
    this.#stopReminder = SharedTimeout.after(REMIND_AFTER, remind);
    this.#stopWaiting = whenOpen(socket, {
      onOpen: () => {
        this.onResponseTaken();
        handler.onConnection((events) => new RuntimeConnection(socket, events, options));
      },
      onFailure: (error) => handler.onLost(error),
    }, { timeout: options.handshakeTimeout });
    return response;
  }

  /** The runtime has its own heartbeat, with one time for both the interval and the silence, in seconds. */
  #upgrade({ pingInterval, pingTimeout }: RuntimeUpgraderOptions): Deno.WebSocketUpgrade {
    const idleTimeout = pingInterval === 0 ? 0 : Math.ceil((pingInterval + pingTimeout) / 1000);
    let upgrade: Deno.WebSocketUpgrade;
    try {
      upgrade = runtimeUpgrade(this.#request, { idleTimeout });
    } catch (cause) {
      throw answered(cause);
    }
    if (!isUpgraded(this.#request)) {
      throw new TypeError(
        "Cannot upgrade the request: expected the one that serve or Deno.serve gave its handler, received a copy of it " +
          "or a request made by hand; give makeServer() the handler's own request",
      );
    }
    return upgrade;
  }

  /** Leaves the response to the handler. */
  refuse(refusal: Response): Response {
    return refusal;
  }

  /** The handler knows that there is a response to return. */
  onResponseTaken(): void {
    this.#stopReminder?.();
    this.#stopReminder = null;
  }

  /** Accepts no connection any more. */
  abandon(): void {
    this.onResponseTaken();
    this.#stopWaiting?.();
  }
}

/**
 * The header fields of a request, read from a shallow copy. The runtime keeps its request as long as the socket, along
 * with any fields that were read: that would cost an idle connection 2 KiB, and its process 7 KiB. An object that
 * inherits from the request would do too, but V8 keeps a prototype until it next collects old objects: 4 KiB for each
 * handshake (Deno 2.9.6).
 */
function headersOf(request: Request): Headers {
  try {
    return (Object.assign(Object.create(Object.getPrototypeOf(request)), request) as Request).headers;
  } catch {
    // Another runtime may require the request itself.
    return request.headers;
  }
}

/** The runtime allows no access to a request that was answered or upgraded. */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw answered(cause);
  }
}

function answered(cause: unknown): TypeError {
  return new TypeError("Cannot upgrade the request: it was answered already, or upgraded before", { cause });
}

/**
 * Checks whether the runtime has really begun to upgrade a request: then it refuses a second time. It "upgrades" any
 * other request to a socket that never opens, without an error.
 */
function isUpgraded(request: Request): boolean {
  try {
    runtimeUpgrade(request);
    return false;
  } catch {
    return true;
  }
}

function remind(): void {
  console.error(
    `Cannot open the WebSocket: its response was not taken within ${REMIND_AFTER} ms of startConnection(). The handler ` +
      "of Deno.serve must return ws.accept(), or ws.response after startConnection()",
  );
}

/** RFC 9112 §3.2.2: the host of a target in absolute form, or of HTTP/2's `:authority`, overrides `Host`. */
function hostOf(request: Request, headers: Headers): string | null {
  const host = headers.get("host");
  const { protocol, host: requested } = new URL(request.url);
  return host !== null && URL.parse(`${protocol}//${host}`)?.host === requested ? host : requested;
}
