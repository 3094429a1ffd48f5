import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode, type WebSocketError } from "../errors.ts";
import type { Opcode } from "../protocol/opcode.ts";
import type { PreparedMessage } from "../protocol/prepared_message.ts";
import { Protocol } from "../protocol/protocol.ts";
import type { MessageHandler, SplitHandler } from "../protocol/protocol_handler.ts";
import type { InternalProtocolOptions, Role } from "../protocol/protocol_options.ts";
import type { Transport } from "../transport/transport.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";
import { closeTimedOut } from "./connection_errors.ts";
import { denoPlatform } from "./deno_platform.ts";
import { messageOf } from "./message_of.ts";
import { type Reader, ReadTurns } from "./read_turns.ts";
import { SharedTimeout } from "./shared_timeout.ts";
import { type Writer, WriteTurns } from "./write_turns.ts";

/** The options of a {@linkcode ProtocolConnection}. */
export interface ProtocolConnectionOptions
  extends Pick<InternalProtocolOptions, "maxLength" | "maxFragments" | "extension"> {
  /** How long the peer may take to end the connection once its closing has begun, in milliseconds. */
  closeTimeout: number;
  /** How many queued bytes make the sender stop. */
  highWaterMark: number;
}

/**
 * The protocol over a transport: it moves bytes between the two, and ends the transport when the protocol says so.
 *
 * One read is pending at a time; its bytes are delivered at once, and everything sent meanwhile leaves in one write.
 * Anything sent at another time is collected until the end of the turn.
 *
 * Messages, Pings and Pongs go from the protocol straight to the handler.
 */
export class ProtocolConnection implements Connection, SplitHandler, Reader, Writer {
  readonly #transport: Transport;
  readonly #handler: ConnectionHandler;
  readonly #protocol: Protocol;
  readonly #closeTimeout: number;
  readonly #highWaterMark: number;

  /** Whether reading has begun, and whether the transport is closed. */
  #state: "starting" | "running" | "ended" = "starting";
  /** The transport's error, if it has failed. */
  #fault: unknown = null;
  #stopCloseTimer: (() => void) | null = null;
  #bytesReceived = 0;
  #bytesSent = 0;
  /** How many writes have begun. */
  #writes = 0;

  /** `"reading"` while a read is pending or waits for its turn, `"delivering"` while its bytes are delivered. */
  #input: "idle" | "reading" | "delivering" = "idle";
  /** `"scheduled"` while a write is due at the end of the turn, `"writing"` while one is pending. */
  #output: "idle" | "scheduled" | "writing" = "idle";
  /** Whether the owner holds back what is sent. */
  #corked = false;
  /** Whether at least the high-water mark was queued, and the handler doesn't know yet that there is less. */
  #full = false;

  /**
   * @param transport A transport after the opening handshake.
   * @param handler Receives the events.
   * @param role Which side this is.
   * @param options Limits and times.
   */
  constructor(transport: Transport, handler: ConnectionHandler, role: Role, options: ProtocolConnectionOptions) {
    const { maxLength, maxFragments, extension } = options;
    const protocol: InternalProtocolOptions = {
      maxLength,
      maxFragments,
      extension,
      reuse: !transport.retainsWrites,
      platform: denoPlatform,
    };
    this.#transport = transport;
    this.#handler = handler;
    this.#protocol = new Protocol(role, this, protocol);
    this.#closeTimeout = options.closeTimeout;
    this.#highWaterMark = options.highWaterMark;
  }

  /** Receives messages, Pings and Pongs from the protocol. */
  get messageHandler(): MessageHandler {
    return this.#handler;
  }

  /** The state of the connection. */
  get state(): "open" | "closing" | "closed" {
    if (this.#state === "ended") return "closed";
    return this.#protocol.state === "open" ? "open" : "closing";
  }

  /** How many bytes are queued. */
  get bufferedAmount(): number {
    return this.#protocol.queued;
  }

  /** How many bytes have arrived. */
  get received(): number {
    return this.#bytesReceived;
  }

  /** How many bytes were handed to the system. */
  get sent(): number {
    return this.#bytesSent;
  }

  /** Grows whenever a part of a message arrives or is handed to the system. */
  get progress(): number {
    return this.#protocol.progress;
  }

  /** The number of the pending write. */
  get writing(): number | null {
    return this.#output === "writing" ? this.#writes : null;
  }

  /** True while it is paused. */
  get paused(): boolean {
    return this.#protocol.blocked;
  }

  /** True. */
  get pausable(): boolean {
    return true;
  }

  /**
   * Starts reading.
   *
   * @param early Bytes that followed the opening handshake.
   */
  start(early: Uint8Array): void {
    this.#bytesReceived += early.length;
    this.#deliver(() => {
      this.#protocol.receive(early);
      if (this.#state !== "starting") return;
      this.#state = "running";
      ReadTurns.enter();
    });
  }

  /**
   * Reads, unless arrived bytes are held back or being delivered. After the Close frames it keeps reading to the end,
   * and the protocol drops the bytes.
   *
   * Callbacks instead of an async function save half a kilobyte of memory per idle connection (Deno 2.9.6).
   */
  #read(): void {
    if (this.#state !== "running" || this.#input !== "idle" || this.#protocol.blocked) return;
    this.#input = "reading";
    if (!ReadTurns.mustWait(this)) this.#startRead();
  }

  /** Continues reading at its turn, unless it was paused meanwhile. */
  onReadTurn(): void {
    if (this.#state === "running" && !this.#protocol.blocked) this.#startRead();
    else this.#input = "idle";
  }

  #startRead(): void {
    try {
      this.#transport.read(this.#protocol.readBuffer()).then(this.#onRead, this.#onReadFailed);
    } catch (error) {
      // There was no memory to read into.
      this.#onReadFailed(error);
    }
  }

  readonly #onRead = (count: number | null) => {
    // Nothing follows the end, so #input stays "reading", and no other read begins.
    if (count === null) return this.#onReadEnd();
    this.#input = "idle";
    this.#bytesReceived += count;
    ReadTurns.count(count);
    this.#deliver(() => this.#protocol.received(count));
  };

  readonly #onReadFailed = (error: unknown) => {
    this.#fault ??= error ?? new Error("the transport gave no reason");
    this.#end();
  };

  /** The peer may end its side right after its Close, while our answer must still be written. */
  #onReadEnd(): void {
    this.#protocol.receiveEof();
    if (this.#protocol.transportEnd === "close") this.#end();
    else this.#flush();
  }

  /**
   * Runs a step that may deliver messages, writes what was sent meanwhile, and reads on. A step within another one
   * leaves that to the outer one. An exception here means that memory ran out, or a bug in this package.
   */
  #deliver(step: () => void): void {
    const input = this.#input;
    if (input === "delivering") return step();
    this.#input = "delivering";
    try {
      step();
    } catch (error) {
      return this.#onReadFailed(error);
    }
    // A read that was pending before still is.
    this.#input = input;
    // Reading before writing took a third more CPU time for messages of 16 bytes. With this order, Deno may settle the
    // read of an answer before the write of its request, so bufferedAmount may still count the request (2.9.6).
    this.#flush();
    this.#read();
  }

  /** Writes everything that is queued; one write is pending at a time. */
  #flush(): void {
    if (this.#output === "writing" || this.#corked || this.#state === "ended") return;
    const bytes = this.#protocol.next();
    if (bytes === null) return this.#endTransport();
    this.#output = "writing";
    this.#writes++;
    this.#bytesSent += bytes.length;
    try {
      this.#transport.write(bytes).then(this.#onWritten, this.#onWriteFailed);
    } catch (error) {
      this.#onWriteFailed(error);
    }
  }

  readonly #onWritten = () => {
    this.#output = "idle";
    if (this.#state === "ended") return;
    this.#protocol.done();
    this.#checkDrain();
    this.#flush();
  };

  /** Reports that there is room again, unless the connection has just ended: nothing follows its end. */
  #checkDrain(): void {
    if (!this.#full || this.#protocol.queued >= this.#highWaterMark || this.#state === "ended") return;
    this.#full = false;
    this.#handler.onDrain();
  }

  /** The peer's last bytes may still be read, so the connection ends when reading does. */
  readonly #onWriteFailed = (error: unknown) => {
    if (this.#state === "ended") return;
    this.#output = "idle";
    // A stream may fail without a reason.
    this.#fault = error ?? new Error("the transport gave no reason");
    this.#protocol.writeEnded();
    if (this.#protocol.blocked || this.#protocol.transportEnd === "close") this.#end();
    else this.#startClosing();
  };

  /** Ends the transport as the protocol says, once all bytes are written. */
  #endTransport(): void {
    if (this.#protocol.state !== "closed") return;
    const { transportEnd } = this.#protocol;
    if (transportEnd === "close") return this.#end();
    this.#read();
    if (transportEnd === "none") return;
    this.#protocol.writeEnded();
    try {
      this.#transport.closeWrite().catch(() => this.#end());
    } catch {
      this.#end();
    }
  }

  /** Flushes at the end of the turn, unless something else will flush anyway. */
  #schedule(): void {
    if (this.#protocol.queued >= this.#highWaterMark) this.#full = true;
    if (this.#input === "delivering" || this.#output !== "idle" || this.#corked) return;
    this.#output = "scheduled";
    WriteTurns.enter(this);
  }

  /** Writes what was sent in this turn. */
  onWriteTurn(): void {
    if (this.#output === "scheduled") this.#output = "idle";
    this.#flush();
  }

  /** From now on the peer has `closeTimeout` to end the connection. */
  #startClosing(): void {
    this.#read();
    this.#stopCloseTimer ??= SharedTimeout.after(this.#closeTimeout, () => {
      if (this.#protocol.closeInfo === null && this.#fault === null) {
        this.#handler.onError(closeTimedOut(this.#closeTimeout));
      }
      this.#end();
    });
  }

  /** Closes the transport, and reports it once. */
  #end(): void {
    if (this.#state === "ended") return;
    if (this.#state === "running") ReadTurns.leave();
    this.#state = "ended";
    this.#stopCloseTimer?.();
    this.#transport.close();
    this.#protocol.close();
    const { closeInfo } = this.#protocol;
    if (closeInfo === null && this.#fault !== null) {
      this.#handler.onError(
        new ConnectionError(
          `The connection was lost: ${messageOf(this.#fault)}`,
          ErrorCode.CONNECTION_LOST,
          this.#fault,
        ),
      );
    }
    this.#handler.onClose(closeInfo ?? { code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  /** Sends a text message. */
  sendText(message: string, compress: boolean): boolean {
    return this.#scheduleIf(this.#protocol.sendText(message, compress));
  }

  /** Sends a binary message. */
  sendBinary(message: Uint8Array, compress: boolean): boolean {
    return this.#scheduleIf(this.#protocol.sendBinary(message, compress));
  }

  /** Sends a prepared message. */
  sendPrepared(message: PreparedMessage): boolean {
    return this.#scheduleIf(this.#protocol.sendPrepared(message));
  }

  /** Begins a fragmented message. */
  startMessage(onTurn: () => void): boolean {
    return this.#protocol.startMessage(onTurn);
  }

  /** Sends a fragment. */
  sendFragment(opcode: Opcode, payload: Uint8Array, last: boolean, onTaken: () => void): boolean {
    return this.#scheduleIf(this.#protocol.sendFragment(opcode, payload, last, onTaken));
  }

  /** Abandons a fragmented message. */
  abandonMessage(): void {
    this.#protocol.endMessage();
  }

  /** Sends a Ping. */
  sendPing(payload: Uint8Array, onWritten?: () => void): boolean {
    return this.#scheduleIf(this.#protocol.sendPing(payload, onWritten));
  }

  /** Sends a Pong. */
  sendPong(payload: Uint8Array): boolean {
    return this.#scheduleIf(this.#protocol.sendPong(payload));
  }

  #scheduleIf(queued: boolean): boolean {
    if (queued) this.#schedule();
    return queued;
  }

  /** Holds back what is sent. */
  cork(): void {
    this.#corked = true;
  }

  /** Writes what was held back. */
  uncork(): void {
    this.#corked = false;
    this.#flush();
  }

  /** Runs a callback when everything sent so far is written. */
  whenWritten(callback: () => void): void {
    this.#protocol.whenWritten(callback);
  }

  /** Begins the closing handshake. */
  close(code: number, reason: string): boolean {
    if (!this.#protocol.sendClose(code, reason)) return false;
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
    if (error !== undefined && this.#state !== "ended") this.#handler.onError(error);
    this.#end();
  }

  /** Delivers messages as they arrive. */
  receiveParts(): void {
    this.#protocol.receiveParts();
  }

  /** Stops delivering messages and reading. */
  pause(): void {
    this.#protocol.pause();
  }

  /** Delivers what has arrived meanwhile, and resumes reading. */
  resume(): void {
    this.#deliver(() => this.#protocol.resume());
  }

  // Events of the protocol.

  /** The peer's Close has arrived. */
  onClose(): void {
    this.#startClosing();
  }

  /** The protocol has failed. */
  onError(error: WebSocketError): void {
    this.#startClosing();
    this.#handler.onError(error);
  }

  /** A message that took a while to inflate was delivered, along with everything held back after it. */
  onUnblocked(): void {
    this.#read();
  }

  /** The protocol has something to send. A message that was compressed meanwhile may now have fewer bytes queued. */
  onOutput(): void {
    this.#schedule();
    this.#checkDrain();
  }
}
