import type { Connection } from "../transport/connection.ts";
import { Heartbeat, type Pinging } from "./heartbeat.ts";
import { IdleWatch, type Used } from "./idle_watch.ts";
import type { Settings } from "./options.ts";

/** Whose connection is watched over. */
export interface WatchedOver extends Pinging, Used {}

/** Watches over the peer's life, and over the use of the connection, where the settings say so. */
export class Watch {
  readonly #heartbeat: Heartbeat | null;
  readonly #idleWatch: IdleWatch | null;

  /**
   * Begins.
   *
   * @param connection The open connection.
   * @param owner Whose connection it is.
   * @param settings How often to ping, how long to wait.
   */
  constructor(connection: Connection, owner: WatchedOver, settings: Settings) {
    const { pingInterval, pingTimeout, idleTimeout } = settings;
    const beats = pingInterval > 0 && connection.received !== null;
    this.#heartbeat = beats ? new Heartbeat(connection, owner, pingInterval, pingTimeout) : null;
    this.#idleWatch = idleTimeout > 0 ? new IdleWatch(owner, idleTimeout) : null;
  }

  /** Ends. */
  stop(): void {
    this.#heartbeat?.stop();
    this.#idleWatch?.stop();
  }
}
