import type { Connection } from "../connection/connection.ts";
import type { DriverCore } from "../driver/driver_core.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";

/**
 * The messages that wait until a slow connection has room, one a key: a newer one takes the place of the older.
 *
 * They leave once all that was sent before is written, in the order of their calls.
 */
export class Latest {
  /** By the connection, which its driver drops at its end: what waits for it then goes with it. */
  static readonly #all = new WeakMap<Connection, Latest>();
  readonly #core: DriverCore;
  readonly #connection: Connection;
  readonly #messages = new Map<string, PreparedMessage>();

  private constructor(core: DriverCore, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  /**
   * Checks whether messages wait for a connection.
   *
   * @param connection The connection.
   * @returns True if there are any.
   */
  static waitFor(connection: Connection): boolean {
    return Latest.#all.has(connection);
  }

  /**
   * Keeps a message until there is room.
   *
   * @param core The driver.
   * @param connection Its connection.
   * @param key The key.
   * @param message The message.
   */
  static keep(core: DriverCore, connection: Connection, key: string, message: PreparedMessage): void {
    let latest = Latest.#all.get(connection);
    if (latest === undefined) {
      Latest.#all.set(connection, latest = new Latest(core, connection));
      latest.#wait();
    }
    latest.#messages.delete(key);
    latest.#messages.set(key, message);
  }

  #wait(): void {
    this.#connection.whenWritten(() => this.#flush());
  }

  #flush(): void {
    Latest.#all.delete(this.#connection);
    for (const message of this.#messages.values()) this.#core.sendPrepared(message);
  }
}
