import type { ConnectionHandler } from "./connection.ts";
import { reportException } from "./report_exception.ts";

/** The longest time between two checks of how much is queued, in milliseconds. */
const MAX_DELAY = 64;

/** A callback to run when everything sent before it is written. */
interface Mark {
  /** How many bytes that is, counted as {@linkcode WriteWatch.#sent} is. */
  readonly position: number;
  readonly callback: () => void;
}

/**
 * Sends on a socket, and notices when the bytes are written. The socket exposes how much is queued, but emits no event
 * when that changes; so a timer checks, as long as anybody wants to know, and less often while nothing changes.
 */
export class WriteWatch {
  readonly #socket: WebSocket;
  readonly #highWaterMark: number;
  readonly #handler: Pick<ConnectionHandler, "onDrain">;
  /** Whether anybody wants to know. */
  #watching = false;
  /** All bytes that were ever sent. */
  #sent = 0;
  /** How many of them were written at the last check. */
  #written = 0;
  /** In order; null if there is none. */
  #marks: Mark[] | null = null;
  #full = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay = 0;

  /**
   * @param socket The runtime's open socket; everything must be sent through this object.
   * @param highWaterMark How many queued bytes make a later drain worth reporting.
   * @param handler Notified when fewer are queued again.
   */
  constructor(socket: WebSocket, highWaterMark: number, handler: Pick<ConnectionHandler, "onDrain">) {
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
    // Only the count shows how long a text is in bytes.
    this.#sent -= socket.bufferedAmount;
    socket.send(message as string | Uint8Array<ArrayBuffer>);
    const waiting = socket.bufferedAmount;
    this.#sent += waiting;
    if (waiting < this.#highWaterMark) return;
    this.#full = true;
    if (!this.#watching) this.#watch(waiting);
  }

  /**
   * Runs a callback when everything sent so far is written: at once if nothing is queued.
   *
   * @param callback The function to run. Its exception is reported as an uncaught exception.
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

  /** Everything is known to be written: runs the pending callbacks. */
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
    this.#written = this.#sent - waiting;
    this.#delay = 0;
    this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    this.#timer = setTimeout(() => this.#check(), this.#delay);
  }

  #check(): void {
    // Once the socket isn't open, it counts nothing: the rest follows at the connection's end.
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
    if (this.#watching) this.#scheduleCheck();
  }

  #reach(written: number): void {
    while (this.#marks !== null && this.#marks[0].position <= written) {
      const { callback } = this.#marks.shift()!;
      if (this.#marks.length === 0) this.#marks = null;
      run(callback);
    }
  }
}

/** Runs a callback of the application. Its exception is reported, and stops nothing here. */
function run(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    reportException(error);
  }
}
