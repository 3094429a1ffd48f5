import { reportFault } from "./report_fault.ts";

/** The longest time between two looks at how much waits to be written, in milliseconds. */
const MAX_DELAY = 64;

/** Who is told that there is room for more to send. */
export interface DrainHandler {
  /** Fewer bytes than the high-water mark wait again. */
  onDrain(): void;
}

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
  readonly #handler: DrainHandler;
  /** Whether anybody wants to know. */
  #watching = false;
  /** All bytes that were sent since the watch began, and what waited then. */
  #sent = 0;
  /** How many of them were written at the last look. */
  #written = 0;
  /** In order; null if there is none. */
  #marks: Mark[] | null = null;
  #full = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay = 0;

  /**
   * @param socket The runtime's socket, open, that everything is sent through here.
   * @param highWaterMark From how many waiting bytes on draining is worth telling.
   * @param handler Who is told when fewer wait again.
   */
  constructor(socket: WebSocket, highWaterMark: number, handler: DrainHandler) {
    this.#socket = socket;
    this.#highWaterMark = highWaterMark;
    this.#handler = handler;
  }

  /**
   * Sends a message on the open socket.
   *
   * @param message Text or bytes; the socket copies them.
   */
  send(message: string | Uint8Array): void {
    const socket = this.#socket;
    // How long a text is in bytes, only the count tells.
    if (this.#watching) this.#sent -= socket.bufferedAmount;
    socket.send(message as string | Uint8Array<ArrayBuffer>);
    const waiting = socket.bufferedAmount;
    if (this.#watching) this.#sent += waiting;
    if (waiting < this.#highWaterMark) return;
    this.#full = true;
    if (!this.#watching) this.#watch(waiting);
  }

  /**
   * Runs something when all that was sent by now is written: at once if nothing waits.
   *
   * @param callback What to run. What it throws is reported as an uncaught exception.
   */
  whenWritten(callback: () => void): void {
    const waiting = this.#socket.bufferedAmount;
    const nothingWaits = this.#socket.readyState === WebSocket.OPEN && waiting === 0;
    if (nothingWaits && this.#marks === null) return run(callback);
    if (!this.#watching) this.#watch(waiting);
    (this.#marks ??= []).push({ position: this.#sent, callback });
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
    this.#marks = null;
    this.#full = false;
  }

  #watch(waiting: number): void {
    this.#watching = true;
    this.#sent = waiting;
    this.#written = 0;
    this.#delay = 0;
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#timer = setTimeout(() => this.#look(), this.#delay);
  }

  #look(): void {
    // Once the socket isn't open, it counts nothing: the connection's end tells the rest.
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const waiting = this.#socket.bufferedAmount;
    const written = this.#sent - waiting;
    this.#delay = written > this.#written ? 0 : Math.min(this.#delay * 2 + 1, MAX_DELAY);
    this.#written = written;
    this.#reach(written);
    if (this.#full && waiting < this.#highWaterMark) {
      this.#full = false;
      this.#handler.onDrain();
    }
    this.#watching = this.#full || this.#marks !== null;
    if (this.#watching) this.#lookAgain();
  }

  #reach(written: number): void {
    while (this.#marks !== null && this.#marks[0].position <= written) {
      const { callback } = this.#marks.shift()!;
      if (this.#marks.length === 0) this.#marks = null;
      run(callback);
    }
  }
}

/** Runs what is the application's: what it throws is reported, and stops nothing here. */
function run(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    reportFault(error);
  }
}
