import type { Connection } from "../transport/connection.ts";
import { Heartbeat } from "./heartbeat.ts";
import { IdleWatch } from "./idle_watch.ts";
import type { Settings } from "./options.ts";

/** Whose connection is watched over. */
export interface WatchedOver {
  /**
   * Sends a Ping.
   *
   * @param payload Its payload.
   */
  ping(payload: Uint8Array): void;
  /**
   * Closes the connection, which nobody uses.
   *
   * @param reason Why.
   */
  onIdle(reason: string): void;
  /** Grows with every message that is sent or received. */
  readonly messages: number;
}

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
