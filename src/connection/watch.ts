import type { Connection } from "./connection.ts";
import { Heartbeat, type Pinging } from "./heartbeat.ts";
import { IdleTimer, type Used } from "./idle_timer.ts";

/** Whose connection is watched over. */
export interface WatchedOver extends Pinging, Used {}

/** How often to look after a connection, in milliseconds; 0 for never. */
export interface WatchSettings {
  /** How long after one Ping comes the next. */
  readonly pingInterval: number;
  /** How long the peer may be silent after a Ping. */
  readonly pingTimeout: number;
  /** How long the connection may be unused. */
  readonly idleTimeout: number;
}

/** Watches over the peer's life, and over the use of the connection, where the settings say so. */
export class Watch {
  readonly #heartbeat: Heartbeat | null;
  readonly #idleWatch: IdleTimer | null;

  /**
   * Begins.
   *
   * @param connection The open connection.
   * @param owner Whose connection it is.
   * @param settings How often to ping, how long to wait.
   */
  constructor(connection: Connection, owner: WatchedOver, settings: WatchSettings) {
    const { pingInterval, pingTimeout, idleTimeout } = settings;
    const beats = pingInterval > 0 && connection.received !== null;
    this.#heartbeat = beats ? new Heartbeat(connection, owner, pingInterval, pingTimeout) : null;
    this.#idleWatch = idleTimeout > 0 ? new IdleTimer(owner, idleTimeout) : null;
  }

  /** Ends. */
  stop(): void {
    this.#heartbeat?.stop();
    this.#idleWatch?.stop();
  }
}
