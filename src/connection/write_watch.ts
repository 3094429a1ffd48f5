/** The longest time between two looks at how much waits to be written, in milliseconds. */
const MAX_DELAY = 64;

/** Something to run when enough is written. */
interface Mark {
  /** How many bytes had been sent, by then. */
  readonly position: number;
  readonly callback: () => void;
}

/**
 * Sends on a socket, and notices when what was sent is written. The socket tells how much waits, but not when that
 * changes; so a timer looks, as long as anybody wants to know, and more rarely while nothing changes.
 */
export class WriteWatch {
  readonly #socket: WebSocket;
  readonly #highWaterMark: number;
  readonly #onDrain: () => void;
  /** All bytes that the socket has ever counted. */
  #sent = 0;
  /** How many of them were written at the last look. */
  #written = 0;
  #marks: Mark[] = [];
  #full = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay = 0;

  /**
   * @param socket The runtime's socket, open, that everything is sent through here.
   * @param highWaterMark From how many waiting bytes on draining is worth telling.
   * @param onDrain Runs when fewer wait again.
   */
  constructor(socket: WebSocket, highWaterMark: number, onDrain: () => void) {
    this.#socket = socket;
    this.#highWaterMark = highWaterMark;
    this.#onDrain = onDrain;
  }

  /**
   * Sends a message on the open socket.
   *
   * @param message Text or bytes; the socket copies them.
   */
  send(message: string | Uint8Array): void {
    const before = this.#socket.bufferedAmount;
    this.#socket.send(message as string | Uint8Array<ArrayBuffer>);
    const waiting = this.#socket.bufferedAmount;
    this.#sent += waiting - before;
    if (waiting < this.#highWaterMark) return;
    this.#full = true;
    this.#watch();
  }

  /**
   * Runs something when all that was sent by now is written: at once if nothing waits.
   *
   * @param callback What to run. What it throws is reported as an uncaught exception.
   */
  whenWritten(callback: () => void): void {
    const nothingWaits = this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount === 0;
    if (nothingWaits && this.#marks.length === 0) return run(callback);
    this.#marks.push({ position: this.#sent, callback });
    this.#watch();
  }

  /** The bytes that were handed to the system. */
  get progress(): number {
    return this.#sent - this.#socket.bufferedAmount;
  }

  /** Everything is written, as is known from elsewhere: runs what waits for that. */
  settle(): void {
    this.#reach(Infinity);
  }

  /** Nobody wants to know any more: drops what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#marks = [];
    this.#full = false;
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    if (this.#marks.length === 0 && !this.#full) this.#delay = 0;
    else this.#timer = setTimeout(() => this.#look(), this.#delay);
  }

  #look(): void {
    this.#timer = undefined;
    // Once the socket isn't open, it counts nothing: the connection's end tells the rest.
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const waiting = this.#socket.bufferedAmount;
    const written = this.#sent - waiting;
    this.#delay = written > this.#written ? 0 : Math.min(this.#delay * 2 + 1, MAX_DELAY);
    this.#written = written;
    this.#reach(written);
    if (this.#full && waiting < this.#highWaterMark) {
      this.#full = false;
      this.#onDrain();
    }
    this.#watch();
  }

  #reach(written: number): void {
    while (this.#marks.length > 0 && this.#marks[0].position <= written) run(this.#marks.shift()!.callback);
  }
}

/** Runs what is the application's: what it throws is reported, and stops nothing here. */
function run(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    reportError(error);
  }
}
