import type { ListenerStats } from "./listener_stats.ts";
import type { Server } from "./server.ts";
import type { ShutdownOptions } from "./shutdown.ts";

/**
 * A server that {@linkcode serve} has started.
 *
 * @example Notify everyone, and shut down
 * ```ts
 * import type { WebSocketListener } from "@wsd/driver";
 *
 * export async function retire(server: WebSocketListener): Promise<void> {
 *   for (const ws of server.connections) ws.send("We are back in a minute");
 *   await server.shutdown();
 * }
 * ```
 * @category Server
 */
export interface WebSocketListener<Addr extends Deno.Addr = Deno.Addr> extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Addr;
  /** Resolves when the server has been shut down and its last connection has ended. */
  readonly finished: Promise<void>;
  /**
   * The WebSocket connections that are open, each until its `"close"`: a live set, in the order in which they opened.
   * Iterating visits those that are open when it begins, except those that end before their turn.
   */
  readonly connections: ReadonlySet<Server<unknown>>;
  /** The current counts: a new object each time. */
  readonly stats: ListenerStats;
  /**
   * Stops listening, closes every WebSocket, and waits for all connections to end. That takes at most `spread`, plus
   * the longest `closeTimeout` of a WebSocket whatever its peer does, plus as long as request handlers run.
   *
   * A later call speeds up an earlier one: it closes the WebSockets that are still open with its own options.
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
  /** Lets the process end even though the server listens. */
  unref(): void;
}
