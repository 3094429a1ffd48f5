/** How long connections may keep reading before the event loop gets a turn, in milliseconds. */
const TURN = 6;

/**
 * How much must be read, in bytes, before a timer is started that shows when the event loop gets its turn. With a timer
 * for every 64 KiB, a ping-pong message took about a tenth more CPU time in one run on a busy machine (Deno 2.9.6).
 */
const MUCH = 512 * 1024;

/** What a read costs in addition to its bytes, in bytes. */
const READ = 4 * 1024;

/** A connection that waits to continue reading. */
export interface Reader {
  /** It is its turn. */
  onReadTurn(): void;
}

/**
 * Lets connections take turns at reading. Bytes that have already arrived can be read at once, without a turn of the
 * event loop, so one peer that floods its connection would starve all other connections and all timers.
 *
 * The others get their turn while the event loop is idle, for a millisecond: only then does the runtime check other
 * sockets for arrived bytes. While there is something to do at once, such as a `setImmediate` or a due timer, it does
 * so only every 61st time (Deno 2.9.6).
 *
 * There is one instance for the process, since there is one event loop.
 */
export class ReadTurns {
  static #connections = 0;
  /** How much was read since the event loop's last turn, in bytes. */
  static #read = 0;
  /** When the timer was started. */
  static #startedAt = 0;
  /** How much must be read, in bytes, before the clock is checked again. */
  static #checkAt = 0;
  /** The timer that runs when the event loop gets its turn; undefined while little was read. */
  static #timer: ReturnType<typeof setTimeout> | undefined;
  static #waiting: Reader[] = [];

  /** A connection starts reading. */
  static enter(): void {
    this.#connections++;
  }

  /** A connection has ended. */
  static leave(): void {
    if (--this.#connections > 0) return;
    clearTimeout(this.#timer);
    this.#onTurn();
  }

  /**
   * Counts bytes that were read.
   *
   * @param bytes The number of bytes.
   */
  static count(bytes: number): void {
    this.#read += bytes + READ;
    if (this.#read < MUCH || this.#timer !== undefined) return;
    this.#startedAt = performance.now();
    this.#checkAt = this.#read + MUCH;
    this.#timer = setTimeout(this.#onTurn, 0);
  }

  /**
   * Makes a connection wait for its turn, unless the current turn has just begun.
   *
   * @param reader The connection.
   * @returns True if it must wait.
   */
  static mustWait(reader: Reader): boolean {
    if (this.#timer === undefined || this.#read < this.#checkAt) return false;
    if (performance.now() - this.#startedAt < TURN) {
      this.#checkAt = this.#read + MUCH;
      return false;
    }
    if (this.#waiting.push(reader) > 1) return true;
    // The timer that runs is due by now.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTurn, 1);
    return true;
  }

  static readonly #onTurn = () => {
    const readers = this.#waiting;
    this.#read = 0;
    this.#timer = undefined;
    this.#waiting = [];
    for (const reader of readers) reader.onReadTurn();
  };
}
