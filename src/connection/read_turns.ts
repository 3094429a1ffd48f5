/** How long connections may read on and on before the event loop gets its turn, in milliseconds. */
const TURN = 6;

/**
 * From so much on that was read, in bytes, it is worth knowing when the event loop gets its turn. To know it takes a timer:
 * with one for every 64 KiB, a message of ping-pong took about a tenth more CPU time in one run on a busy machine (Deno
 * 2.9.6).
 */
const MUCH = 512 * 1024;

/** What a read counts for beside its bytes. */
const READ = 4 * 1024;

/** A connection that waits to read on. */
export interface Reader {
  /** It is its turn. */
  onTurn(): void;
}

/**
 * Gives each connection its turn to read. What has arrived already can be read at once, without the event loop's turn in
 * between: a peer that floods its connection would keep all others, and all timers, from getting any.
 *
 * The others get theirs while the event loop has nothing to do, for a millisecond: only then does the runtime look for
 * what has arrived on other sockets. As long as there is something to do at once, as by `setImmediate` or a timer that is
 * due, it does so only every 61st time (Deno 2.9.6).
 *
 * One class for the process, since the event loop is one.
 */
export class ReadTurns {
  static #connections = 0;
  static #read = 0;
  static #startedAt = 0;
  /** When so much is read, it is worth looking at the clock again. */
  static #lookAt = 0;
  /** Runs when the event loop has its turn; undefined as long as little was read. */
  static #timer: ReturnType<typeof setTimeout> | undefined;
  static #waiting: Reader[] = [];

  /** A connection begins to read. */
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
   * Counts what was read.
   *
   * @param bytes How many bytes.
   */
  static count(bytes: number): void {
    this.#read += bytes + READ;
    if (this.#read < MUCH || this.#timer !== undefined) return;
    this.#startedAt = performance.now();
    this.#lookAt = this.#read + MUCH;
    this.#timer = setTimeout(this.#onTurn, 0);
  }

  /**
   * Has a connection wait for its turn, unless this one has just begun.
   *
   * @param reader The connection.
   * @returns True if it has to wait.
   */
  static mustWait(reader: Reader): boolean {
    if (this.#timer === undefined || this.#read < this.#lookAt) return false;
    if (performance.now() - this.#startedAt < TURN) {
      this.#lookAt = this.#read + MUCH;
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
    for (const reader of readers) reader.onTurn();
  };
}
