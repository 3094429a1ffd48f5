import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode, type WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { Opcode } from "../protocol/opcode.ts";
import { Protocol } from "../protocol/protocol.ts";
import type { ProtocolHandler } from "../protocol/protocol_handler.ts";
import type { ProtocolOptions, Role } from "../protocol/protocol_options.ts";
import type { Connection, ConnectionHandler, FragmentSender } from "./connection.ts";
import { SharedTimeout } from "./shared_timeout.ts";
import type { Transport } from "../transport/transport.ts";

/** How a {@linkcode ProtocolConnection} is set up. */
export interface ProtocolConnectionOptions extends Omit<ProtocolOptions, "reuse"> {
  /** How long the peer may take to end the connection once its closing has begun, in milliseconds. */
  closeTimeout: number;
  /** From how many waiting bytes on the sender is asked to stop. */
  highWaterMark: number;
}

/**
 * The protocol over a transport: it moves bytes between the two, and sees to it that the connection ends.
 *
 * One read is under way at a time; what it brings is delivered at once, and everything sent meanwhile leaves in one
 * write. What is sent at another time is gathered until the end of the turn.
 */
export class ProtocolConnection implements Connection, ProtocolHandler {
  readonly #transport: Transport;
  readonly #handler: ConnectionHandler;
  readonly #protocol: Protocol;
  readonly #closeTimeout: number;
  readonly #highWaterMark: number;

  /** Why the connection ends, once that is known: the peer's Close, or our own failing it. */
  #info: CloseInfo | null = null;
  /** The transport's error, where writing failed before reading did. */
  #fault: unknown = null;
  #stopCloseTimer: (() => void) | null = null;
  /** Nothing more will come: the peer has ended its side. */
  #readEnded = false;
  /** Nothing more will go: we have ended our side, or writing has failed. */
  #writeEnded = false;
  #ended = false;
  #failed = false;

  #reads = 0;
  #started = false;
  #reading = false;
  #delivering = false;
  #scheduled = false;
  #writing = false;
  #full = false;

  /**
   * @param transport A transport on which the opening handshake is done.
   * @param handler Who gets what happens.
   * @param role Which side this is.
   * @param options Limits and times.
   */
  constructor(transport: Transport, handler: ConnectionHandler, role: Role, options: ProtocolConnectionOptions) {
    this.#transport = transport;
    this.#handler = handler;
    this.#protocol = new Protocol(role, this, { ...options, reuse: !transport.retainsWrites });
    this.#closeTimeout = options.closeTimeout;
    this.#highWaterMark = options.highWaterMark;
  }

  /** Where the connection stands. */
  get state(): "open" | "closing" | "closed" {
    if (this.#ended) return "closed";
    return this.#writeEnded || this.#protocol.state !== "open" ? "closing" : "open";
  }

  /** The bytes that wait to be written. */
  get bufferedAmount(): number {
    return this.#protocol.queued;
  }

  /** How often bytes have arrived. */
  get received(): number {
    return this.#reads;
  }

  /** True while it is not read from. */
  get paused(): boolean {
    return this.#protocol.blocked;
  }

  /**
   * Begins to read.
   *
   * @param early Bytes that came behind the opening handshake.
   */
  start(early: Uint8Array): void {
    this.#deliver(() => {
      this.#protocol.receive(early);
      this.#started = true;
    });
  }

  /**
   * Reads, unless what has arrived is held back, or being delivered. Behind the Close frames it reads on to the end, and
   * the protocol drops what comes.
   *
   * Callbacks in place of an async function are worth half a kilobyte of memory in an idle connection (Deno 2.9.6).
   */
  #read(): void {
    if (!this.#started || this.#reading || this.#readEnded || this.#ended || this.#protocol.blocked) return;
    this.#reading = true;
    try {
      this.#transport.read(this.#protocol.readBuffer()).then(this.#onRead, this.#onReadFailed);
    } catch (error) {
      // There was no memory to read into.
      this.#onReadEnd(error);
    }
  }

  readonly #onRead = (count: number | null) => {
    if (count === null) return this.#onReadEnd(null);
    this.#reading = false;
    this.#reads++;
    this.#deliver(() => this.#protocol.received(count));
  };

  readonly #onReadFailed = (error: unknown) => this.#onReadEnd(error);

  /**
   * Delivers what a step brings, writes what was sent meanwhile, and reads on; within another delivery, that one does.
   * What is thrown is a fault of memory, or of ours.
   */
  #deliver(step: () => void): void {
    if (this.#delivering) return step();
    this.#delivering = true;
    try {
      step();
    } catch (error) {
      return this.#onReadEnd(error);
    }
    this.#delivering = false;
    this.#flush();
    this.#read();
  }

  /** Writes what is there, until there is nothing more; one write is under way at a time. */
  #flush(): void {
    if (this.#writing || this.#ended) return;
    const bytes = this.#writeEnded ? null : this.#protocol.next();
    if (bytes === null) {
      if (this.#protocol.state === "closed") this.#finish();
      return;
    }
    this.#writing = true;
    try {
      this.#transport.write(bytes).then(this.#onWritten, this.#onWriteFailed);
    } catch (error) {
      this.#onWriteFailed(error);
    }
  }

  readonly #onWritten = () => {
    this.#writing = false;
    if (this.#ended) return;
    this.#protocol.done();
    // A callback may have ended the connection.
    if (this.#ended) return;
    if (this.#full && this.#protocol.queued < this.#highWaterMark) {
      this.#full = false;
      this.#handler.onDrain();
    }
    this.#flush();
  };

  /** What the peer sent before it went may still be read, so the connection ends when reading does. */
  readonly #onWriteFailed = (error: unknown) => {
    if (this.#ended) return;
    this.#writing = false;
    this.#writeEnded = true;
    // A stream's reason may be missing.
    this.#fault = error ?? new Error("the transport gave no reason");
    if (this.#readEnded || this.#protocol.blocked) this.#end();
    else this.#startClosing();
  };

  /** Flushes at the end of the turn, unless that will happen anyway. */
  #schedule(): void {
    if (this.#protocol.queued >= this.#highWaterMark) this.#full = true;
    if (this.#delivering || this.#writing || this.#scheduled) return;
    this.#scheduled = true;
    if (ProtocolConnection.#waiting.push(this) === 1) queueMicrotask(ProtocolConnection.#flushWaiting);
  }

  /** Those that flush at the end of the turn, in one microtask for all: a message to many would cost as many. */
  static #waiting: ProtocolConnection[] = [];

  static readonly #flushWaiting = () => {
    const connections = ProtocolConnection.#waiting;
    ProtocolConnection.#waiting = [];
    for (const connection of connections) {
      connection.#scheduled = false;
      try {
        connection.#flush();
      } catch (fault) {
        // Of a subclass of the application's: the others are not to wait for it.
        reportError(fault);
      }
    }
  };

  /**
   * The Close frames are exchanged and written. RFC 6455 §7.1.1: "the server MUST close the TCP connection first"; it
   * does so in one direction and reads on to the peer's end, for an unread byte would turn it into a reset, and that
   * could destroy our Close on its way.
   */
  #finish(): void {
    if (this.#readEnded) return this.#end();
    this.#startClosing();
    if (this.#writeEnded) return;
    if (this.#protocol.role === "client" && !this.#failed) return;
    this.#writeEnded = true;
    try {
      this.#transport.closeWrite().catch(() => this.#end());
    } catch {
      this.#end();
    }
  }

  /** From now on the peer has `closeTimeout` to end the connection. */
  #startClosing(): void {
    this.#read();
    this.#stopCloseTimer ??= SharedTimeout.after(this.#closeTimeout, () => {
      if (this.#info === null && this.#fault === null) {
        this.#handler.onError(
          new ConnectionError(
            `Cannot wait any longer for the peer to close: received no Close within ${this.#closeTimeout} ms`,
            ErrorCode.CLOSE_TIMEOUT,
          ),
        );
      }
      this.#end();
    });
  }

  #onReadEnd(error: unknown): void {
    this.#readEnded = true;
    this.#fault ??= error;
    // The peer may end its side right behind its Close; our answer is still to be written then.
    if (error !== null || this.#protocol.state !== "closed" || !this.#writing) this.#end();
  }

  /** Ends the transport, and says so once. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopCloseTimer?.();
    this.#transport.close();
    this.#protocol.close();
    if (this.#info === null && this.#fault !== null) {
      this.#handler.onError(
        new ConnectionError(
          `Cannot go on as the connection was lost: ${describe(this.#fault)}`,
          ErrorCode.CONNECTION_LOST,
          this.#fault,
        ),
      );
    }
    this.#handler.onClose(this.#info ?? { code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  // What users ask for.

  /** Sends a text message. */
  sendText(message: string, compress: boolean): boolean {
    if (this.#writeEnded || !this.#protocol.sendText(message, compress)) return false;
    this.#schedule();
    return true;
  }

  /** Sends a binary message. */
  sendBinary(message: Uint8Array, compress: boolean): boolean {
    if (this.#writeEnded || !this.#protocol.sendBinary(message, compress)) return false;
    this.#schedule();
    return true;
  }

  /** Sends a message in fragments. */
  sendFragments(onTurn: (sender: FragmentSender) => void): boolean {
    if (this.#writeEnded) return false;
    return this.#protocol.startMessage(() =>
      onTurn({
        send: (type, payload, last, onTaken) => {
          const opcode = type === "text" ? Opcode.TEXT : Opcode.BINARY;
          if (this.#writeEnded || !this.#protocol.sendFragment(opcode, payload, last, onTaken)) return false;
          this.#schedule();
          return true;
        },
        release: () => this.#protocol.endMessage(),
      })
    );
  }

  /** Sends a Ping. */
  sendPing(payload: Uint8Array): boolean {
    if (this.#writeEnded || !this.#protocol.sendPing(payload)) return false;
    this.#schedule();
    return true;
  }

  /** Sends a Pong. */
  sendPong(payload: Uint8Array): boolean {
    if (this.#writeEnded || !this.#protocol.sendPong(payload)) return false;
    this.#schedule();
    return true;
  }

  /** Runs something when all that was sent by now is written. */
  whenWritten(callback: () => void): void {
    this.#protocol.whenWritten(callback);
  }

  /** Begins the closing handshake. */
  close(code: number, reason: string): boolean {
    if (this.#writeEnded || !this.#protocol.sendClose(code, reason)) return false;
    this.#startClosing();
    this.#schedule();
    return true;
  }

  /** Fails the connection. */
  fail(error: WebSocketError): void {
    this.#protocol.fail(error);
  }

  /** Ends the connection at once. */
  terminate(error?: WebSocketError): void {
    if (error !== undefined && !this.#ended) this.#handler.onError(error);
    this.#end();
  }

  /** True. */
  get pausable(): boolean {
    return true;
  }

  /** Hands out messages as they arrive. */
  receiveParts(): void {
    this.#protocol.receiveParts();
  }

  /** Stops to deliver and to read. */
  pause(): void {
    this.#protocol.pause();
  }

  /** Goes on. */
  resume(): void {
    this.#deliver(() => this.#protocol.resume());
  }

  // What the protocol tells.

  /** Hands a message on. */
  onMessage(message: string | Uint8Array): void {
    this.#handler.onMessage(message);
  }

  /** Hands a piece of a message on. */
  onPart(opcode: Opcode, part: Uint8Array, last: boolean): void {
    this.#handler.onPart?.(opcode === Opcode.TEXT ? "text" : "binary", part, last);
  }

  /** Hands a Ping on. */
  onPing(payload: Uint8Array): void {
    this.#handler.onPing(payload);
  }

  /** Hands a Pong on. */
  onPong(payload: Uint8Array): void {
    this.#handler.onPong(payload);
  }

  /** The peer's Close has come. */
  onClose(info: CloseInfo): void {
    this.#info ??= info;
    this.#startClosing();
  }

  /** The protocol has failed. */
  onError(error: WebSocketError): void {
    this.#failed = true;
    this.#info ??= { code: error.closeCode ?? CloseCode.ABNORMAL_CLOSURE, reason: error.message };
    this.#startClosing();
    this.#handler.onError(error);
  }

  /** A message that took a while to inflate was delivered, and with it what was held back behind it. */
  onUnblocked(): void {
    this.#read();
  }

  /** The protocol has something to send. */
  onOutput(): void {
    this.#schedule();
  }
}

function describe(fault: unknown): string {
  if (fault instanceof Error) return fault.message;
  try {
    return String(fault);
  } catch {
    return `the reason is a ${typeof fault} that is no text`;
  }
}
