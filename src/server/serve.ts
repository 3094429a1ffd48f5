import { checkInteger, MAX_TIMEOUT } from "../check_integer.ts";
import type { WebSocketDriver } from "../driver/websocket_driver.ts";
import { REQUEST_HEAD_LIMITS, resolveHeadLimits } from "../http/head_limits.ts";
import { ConnTransport } from "../transport/conn_transport.ts";
import { type AccessPolicy, checkAccessPolicy } from "./access_policy.ts";
import { listen } from "./listen.ts";
import { responseFault } from "./check_response.ts";
import { HttpConnection, type HttpConnectionHost } from "./http_connection.ts";
import type { ServeHandler, ServeOptions } from "./serve_options.ts";
import { Closing, type ShutdownOptions } from "./shutdown.ts";

/** How long to wait where accepting failed, such as for want of file descriptors, in milliseconds. */
const ACCEPT_AGAIN = 50;

/** The addresses that stand for all of this machine's; not every system lets one connect to them. */
const EVERYWHERE: readonly string[] = ["0.0.0.0", "[::]"];

/**
 * A server that {@linkcode serve} has started.
 *
 * @example Tell all, and shut down
 * ```ts
 * import type { WebSocketListener } from "@wsd/driver";
 *
 * export async function retire(server: WebSocketListener): Promise<void> {
 *   for (const ws of server.connections) ws.send("We are back in a minute");
 *   await server.shutdown();
 * }
 * ```
 */
export interface WebSocketListener extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Deno.Addr;
  /** Resolves when the server has been shut down and its last connection has ended. */
  readonly finished: Promise<void>;
  /** The WebSocket connections that are open, each until its `"close"`. */
  readonly connections: ReadonlySet<WebSocketDriver>;
  /**
   * Stops listening, closes every WebSocket, and waits for all connections to end. That takes at most `spread`, plus the
   * longest `closeTimeout` of a WebSocket whatever its peer does, plus as long as handlers of requests run.
   *
   * A later call hurries an earlier one: it closes the WebSockets that are still open by its own options.
   *
   * @param options The close code and reason, and the time to spread the closing over.
   * @returns {@linkcode WebSocketListener.finished}.
   * @throws {TypeError} If an option is of the wrong type, or unknown.
   * @throws {RangeError} If the code may not be sent, the reason is too long, or `spread` is out of range.
   *
   * @example Restart without a stampede
   * ```ts
   * import type { WebSocketListener } from "@wsd/driver";
   *
   * export async function restart(server: WebSocketListener): Promise<void> {
   *   await server.shutdown({ code: 1012, reason: "Back in a moment", spread: 10_000 });
   * }
   * ```
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
  /** Keeps the process running as long as the server listens, as it does from the start. */
  ref(): void;
  /** Lets the process end though the server listens. */
  unref(): void;
}

/**
 * Listens for WebSockets on a socket of its own, with room for a page or a health check beside them.
 *
 * It speaks HTTP/1.1, one request a connection: every request goes to the handler, and its response is followed by the
 * end of the connection unless it is that of a started `Server`. Those who want a whole web server beside their
 * WebSockets use `Deno.serve` or `node:http`; the handler stays the same.
 *
 * @param options Where to listen, certificates, limits.
 * @param handler Answers requests, as for `Deno.serve`.
 * @returns The running server.
 * @throws {TypeError} Where an option is malformed.
 * @throws {RangeError} Where a number is out of its range.
 * @throws {Deno.errors.AddrInUse} Where somebody listens there already.
 *
 * @example An echo server beside a page, and its end
 * ```ts
 * import { isWebSocket, makeServer, serve } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   if (!isWebSocket(request)) return new Response("All is well\n");
 *   const ws = makeServer(request);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * });
 *
 * const response = await fetch(`http://localhost:${(server.addr as Deno.NetAddr).port}/`);
 * assertEquals(await response.text(), "All is well\n");
 * ```
 */
export function serve(options: ServeOptions, handler: ServeHandler): WebSocketListener {
  if (typeof handler !== "function") {
    throw new TypeError(
      `Cannot serve without a handler of requests as the second argument: received ${typeof handler}`,
    );
  }
  return new ServeListener(options, handler);
}

class ServeListener implements WebSocketListener, HttpConnectionHost {
  readonly handler: ServeHandler;
  readonly handshakeTimeout: number;
  readonly headLimits: HttpConnectionHost["headLimits"];
  readonly policy: AccessPolicy;
  readonly maxConnections: number;
  readonly retryAfter: number | null;
  readonly origin: URL;
  readonly addr: Deno.Addr;
  readonly connections = new Set<WebSocketDriver>();

  readonly #listener: Deno.Listener;
  readonly #onError: ServeOptions["onError"];
  readonly #finished = Promise.withResolvers<void>();
  readonly #accepted = new Set<HttpConnection>();
  /** Those among the accepted that were told 503: they take nobody's place. */
  #turnedAway = 0;
  readonly #listening = new AbortController();
  #closing: Closing | null = null;
  #shutDown = false;
  #accepting = true;

  constructor(options: ServeOptions, handler: ServeHandler) {
    const { signal } = options;
    this.handler = handler;
    this.handshakeTimeout = checkInteger(options, "handshakeTimeout", 10_000, 0, MAX_TIMEOUT);
    this.headLimits = resolveHeadLimits(options.headLimits ?? {}, REQUEST_HEAD_LIMITS);
    this.maxConnections = options.maxConnections ?? Infinity;
    checkMaxConnections(this.maxConnections);
    this.retryAfter = options.retryAfter === undefined ? null : checkInteger(options, "retryAfter", 0, 0, MAX_TIMEOUT);
    checkAccessPolicy(options);
    this.policy = { allowedOrigins: options.allowedOrigins, allowedHosts: options.allowedHosts };
    this.#onError = options.onError;
    const { listener, origin } = listen(options);
    this.#listener = listener;
    this.addr = listener.addr;
    this.origin = origin;
    void this.#accept();
    if (options.onListen !== undefined) options.onListen(listener.addr);
    else console.log(announcement(listener.addr, origin));
    if (signal?.aborted) void this.shutdown();
    signal?.addEventListener("abort", () => void this.shutdown(), { once: true, signal: this.#listening.signal });
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async #accept(): Promise<void> {
    while (!this.#shutDown) {
      try {
        const conn = await this.#listener.accept();
        const connection = new HttpConnection(this, new ConnTransport(conn), conn.remoteAddr);
        this.#accepted.add(connection);
        void connection.run(this.#accepted.size - this.#turnedAway > this.maxConnections);
      } catch (error) {
        if (this.#shutDown) break;
        void this.onFault(error);
        await this.#pause();
      }
    }
    this.#accepting = false;
    this.#finishIfOver();
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ACCEPT_AGAIN);
    this.#listening.signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }

  /** The port is free again only when the last call of accept has ended. */
  #finishIfOver(): void {
    if (this.#shutDown && !this.#accepting && this.#accepted.size === 0) this.#finished.resolve();
  }

  async onFault(fault: unknown): Promise<Response> {
    try {
      if (this.#onError === undefined) {
        console.error(fault);
      } else {
        const response = await this.#onError(fault);
        const wrong = response?.status === 101 ? new TypeError("Cannot upgrade from onError") : responseFault(response);
        if (wrong === null) return response;
        console.error(wrong);
      }
    } catch (error) {
      console.error(error);
    }
    return new Response("Internal Server Error\n", { status: 500, headers: { "content-length": "22" } });
  }

  onTurnAway(): void {
    this.#turnedAway++;
  }

  onOpen(ws: WebSocketDriver): void {
    this.connections.add(ws);
    this.#closing?.closeNow(ws);
  }

  onClose(ws: WebSocketDriver): void {
    this.connections.delete(ws);
    this.#closing?.forget(ws);
  }

  onEnd(connection: HttpConnection): void {
    this.#accepted.delete(connection);
    if (connection.turnedAway) this.#turnedAway--;
    this.#finishIfOver();
  }

  shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#closing = new Closing(options, this.#closing);
    if (!this.#shutDown) this.#stopListening();
    for (const ws of this.connections) this.#closing.add(ws);
    return this.finished;
  }

  #stopListening(): void {
    this.#shutDown = true;
    this.#listening.abort();
    this.#listener.close();
    for (const connection of this.#accepted) connection.endIfIdle();
  }

  ref(): void {
    this.#listener.ref();
  }

  unref(): void {
    this.#listener.unref();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}

function checkMaxConnections(value: unknown): void {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot take maxConnections as a number: received ${typeof value}`);
  }
  if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) return;
  throw new RangeError(`Cannot take maxConnections as an integer above 0, or Infinity: received ${value}`);
}

/** Says where the server listens, as an address to click on or to copy. */
function announcement(addr: Deno.Addr, origin: URL): string {
  if ("path" in addr) return `Listening on ${addr.path}`;
  const url = new URL(origin);
  url.protocol = origin.protocol === "https:" ? "wss:" : "ws:";
  if (!EVERYWHERE.includes(origin.hostname)) return `Listening on ${url}`;
  url.hostname = "localhost";
  return `Listening on ${url} (${origin.host})`;
}
