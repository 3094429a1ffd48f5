import type { DriverCore } from "../driver/driver_core.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";

/**
 * The messages that wait until a slow connection has room, one a key: a newer one takes the place of the older.
 *
 * They leave once all that was sent before is written, in the order of their calls.
 */
export class Latest {
  static readonly #all = new WeakMap<DriverCore, Latest>();
  readonly #core: DriverCore;
  readonly #messages = new Map<string, PreparedMessage>();

  private constructor(core: DriverCore) {
    this.#core = core;
  }

  /**
   * Checks whether messages wait for a connection.
   *
   * @param core The connection.
   * @returns True if there are any.
   */
  static waitFor(core: DriverCore): boolean {
    return Latest.#all.has(core);
  }

  /**
   * Keeps a message until there is room.
   *
   * @param core The connection.
   * @param key The key.
   * @param message The message.
   */
  static keep(core: DriverCore, key: string, message: PreparedMessage): void {
    let latest = Latest.#all.get(core);
    if (latest === undefined) {
      Latest.#all.set(core, latest = new Latest(core));
      latest.#wait();
    }
    latest.#messages.delete(key);
    latest.#messages.set(key, message);
  }

  #wait(): void {
    this.#core.connection!.whenWritten(() => this.#flush());
  }

  #flush(): void {
    Latest.#all.delete(this.#core);
    for (const message of this.#messages.values()) this.#core.sendPrepared(message);
  }
}
