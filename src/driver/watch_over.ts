import { ConnectionError, ErrorCode } from "../errors.ts";
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
  close(reason: string): void;
  /**
   * Tells how many messages were sent and received.
   *
   * @returns The count.
   */
  messages(): number;
}

/**
 * Watches over the peer's life, and over the use of the connection, where the settings say so.
 *
 * @param connection The open connection.
 * @param settings How often to ping, how long to wait.
 * @param owner Whose connection it is.
 * @returns Ends it.
 */
export function watchOver(connection: Connection, settings: Settings, owner: WatchedOver): () => void {
  const { pingInterval, pingTimeout, idleTimeout } = settings;
  const watches: { stop(): void }[] = [];
  if (pingInterval > 0 && connection.received !== null) {
    const beating = {
      get received() {
        return connection.received ?? 0;
      },
      get paused() {
        return connection.paused;
      },
      ping: (payload: Uint8Array) => owner.ping(payload),
      onSilence: () => connection.terminate(silence(pingTimeout)),
    };
    watches.push(new Heartbeat(beating, pingInterval, pingTimeout));
  }
  if (idleTimeout > 0) {
    watches.push(
      new IdleWatch(() => owner.messages(), idleTimeout, () => owner.close(`No message for ${idleTimeout} ms`)),
    );
  }
  return () => watches.forEach((watch) => watch.stop());
}

function silence(timeout: number): ConnectionError {
  return new ConnectionError(
    `Cannot wait any longer for a sign of life: received nothing within ${timeout} ms after a Ping`,
    ErrorCode.HEARTBEAT_TIMEOUT,
  );
}
