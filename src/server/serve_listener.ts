import { ConnTransport } from "../transport/conn_transport.ts";
import { Connections } from "./connections.ts";
import { HttpConnection } from "./http_connection.ts";
import { listen } from "./listen.ts";
import type { ListenerStats } from "./listener_stats.ts";
import { OpenWebSockets } from "./open_web_sockets.ts";
import { checkServeOptions, type ServeHandler, type ServeOptions, type ServeSettings } from "./serve_options.ts";
import type { Server } from "./server.ts";
import { Shutdown, type ShutdownOptions } from "./shutdown.ts";
import type { WebSocketListener } from "./websocket_listener.ts";

/** How long to wait after accepting has failed, for example without free file descriptors, in milliseconds. */
const ACCEPT_AGAIN = 50;

/** The addresses that mean every interface of this machine; not every system allows connecting to them. */
const EVERYWHERE: readonly string[] = ["0.0.0.0", "[::]"];

/** The listener that `serve` returns: it accepts connections until it is shut down. */
export class ServeListener<Addr extends Deno.Addr> implements WebSocketListener<Addr> {
  /** Where it listens. */
  readonly addr: Addr;
  readonly #settings: ServeSettings;
  readonly #connections: Connections;
  readonly #openWebSockets: OpenWebSockets;
  readonly #listener: Deno.Listener;
  /** The scheme and the authority for requests that name none. */
  readonly #origin: URL;
  /** Aborts when listening ends. */
  readonly #stopped = new AbortController();
  readonly #finished: Promise<void>;

  /**
   * Starts listening.
   *
   * @param options As for `serve`.
   * @param handler As for `serve`.
   */
  constructor(options: ServeOptions<Addr>, handler: ServeHandler<Addr>) {
    this.#settings = checkServeOptions(options, handler as ServeHandler);
    this.#connections = new Connections(this.#settings.maxConnections, options.onError);
    this.#openWebSockets = new OpenWebSockets(this.#connections.webSockets);
    const { listener, origin } = listen(options);
    this.#listener = listener;
    // The overloads of serve make sure that it fits the options.
    this.addr = listener.addr as Addr;
    this.#origin = origin;
    // The port is free again only when the last call of accept() has ended.
    this.#finished = Promise.all([this.#accept(), this.#connections.ended]).then(() => {});
    try {
      this.#listenToSignals(options);
      if (options.onListen !== undefined) options.onListen(this.addr);
      else console.log(announcement(listener.addr, origin));
    } catch (error) {
      void this.shutdown();
      throw error;
    }
    if (options.signal?.aborted) void this.shutdown();
  }

  /** Resolves when it has been shut down and the last connection has ended. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** The WebSockets that are open. */
  get connections(): ReadonlySet<Server<unknown>> {
    return this.#openWebSockets;
  }

  /** The current counts. */
  get stats(): ListenerStats {
    return this.#connections.stats;
  }

  async #accept(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        const conn = await this.#listener.accept();
        // It may have been accepted before shutdown(), which didn't see it.
        if (this.#stopped.signal.aborted) return conn.close();
        const transport = new ConnTransport(conn);
        void new HttpConnection(transport, conn.remoteAddr, this.#origin, this.#settings, this.#connections).run();
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        void this.#connections.report(error);
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ACCEPT_AGAIN);
    const { signal } = this.#stopped;
    const onAbort = () => resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    await promise;
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }

  #listenToSignals({ signal, shutdownOn = [] }: ServeOptions<Addr>): void {
    const shutDown = () => void this.shutdown();
    for (const name of shutdownOn) {
      Deno.addSignalListener(name, shutDown);
      this.#stopped.signal.addEventListener("abort", () => Deno.removeSignalListener(name, shutDown));
    }
    signal?.addEventListener("abort", shutDown, { once: true, signal: this.#stopped.signal });
  }

  /** Stops listening, and closes what is open. */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    const shutdown = new Shutdown(options);
    if (!this.#stopped.signal.aborted) {
      this.#stopped.abort();
      this.#listener.close();
    }
    this.#connections.shutDown(shutdown);
    return this.#finished;
  }

  /** Keeps the process running. */
  ref(): void {
    this.#listener.ref();
  }

  /** Lets the process end. */
  unref(): void {
    this.#listener.unref();
  }

  /** Shuts it down. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
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
