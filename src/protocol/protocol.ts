import { CloseCode } from "../close_code.ts";
import type { WebSocketError } from "../errors.ts";
import {
  checkControlPayload,
  type CloseInfo,
  fitReason,
  formatClosePayload,
  parseClosePayload,
} from "./close_payload.ts";
import type { MessageExtension } from "./extension.ts";
import { FIN } from "./frame_header.ts";
import type { InternalHandler } from "./internal_handler.ts";
import { Opcode } from "./opcode.ts";
import { OutgoingQueue } from "./outgoing_queue.ts";
import type { PreparedMessage } from "./prepared_message.ts";
import type { MessageHandler, ProtocolHandler, SplitHandler } from "./protocol_handler.ts";
import { type InternalProtocolOptions, type ProtocolOptions, type Role, withDefaults } from "./protocol_options.ts";
import { nextState, type ProtocolEvent, type ProtocolState, STATES } from "./protocol_state.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * One endpoint of RFC 6455 after the opening handshake (§5 to §8), with no input or output of its own: bytes in, events
 * out; messages in, bytes out.
 *
 * The owner reads from the transport into {@linkcode Protocol.readBuffer} and reports that to
 * {@linkcode Protocol.received}, or to {@linkcode Protocol.receiveEof} at the stream's end. After that, and after
 * sending, it writes what {@linkcode Protocol.next} returns until there is nothing more, and then ends the transport as
 * {@linkcode Protocol.transportEnd} says: the protocol knows who ends TCP first.
 *
 * @example What a client sends
 * ```ts
 * import { Protocol } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const handler = { onMessage() {}, onPing() {}, onPong() {}, onClose() {}, onError() {}, onOutput() {} };
 * const client = new Protocol("client", handler, { maskingKey: () => 0 });
 * client.sendText("Hi");
 * assertEquals(client.next()?.toHex(), "8182000000004869");
 * ```
 * @category Protocol
 */
export class Protocol {
  /** Which side this is. */
  readonly role: Role;
  readonly #handler: ProtocolHandler | SplitHandler;
  readonly #messageHandler: MessageHandler;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  readonly #extension: MessageExtension | null;
  readonly #internal: InternalHandler;
  /** Keeps the order while an extension is busy, or a message is sent in fragments; otherwise null. */
  #outgoing: OutgoingQueue | null;
  #state: ProtocolState = "open";
  #closeInfo: CloseInfo | null = null;

  /**
   * Creates an endpoint of an open connection.
   *
   * @param role Which side it is; a client masks its frames, a server doesn't (§5.1).
   * @param handler Receives what arrives.
   * @param options Limits, the extension, masking keys.
   */
  constructor(role: Role, handler: ProtocolHandler, options?: ProtocolOptions);
  /** @ignore For this package's own connections. */
  constructor(role: Role, handler: ProtocolHandler | SplitHandler, options?: InternalProtocolOptions);
  constructor(role: Role, handler: ProtocolHandler | SplitHandler, options: InternalProtocolOptions = {}) {
    const { maxLength, maxFragments, extension, reuse, platform } = withDefaults(options);
    this.role = role;
    this.#handler = handler;
    this.#internal = new Protocol.#Internal(this);
    this.#messageHandler = "onMessage" in handler ? handler : handler.messageHandler;
    this.#sender = new Sender({ masked: role === "client", reuse, platform });
    this.#extension = extension;
    this.#outgoing = extension === null ? null : new OutgoingQueue(this.#sender, extension, this.#internal);
    const receiving = { masked: role === "server", maxLength, maxFragments, extension, platform };
    this.#receiver = new Receiver(this.#messageHandler, this.#internal, receiving);
  }

  /** A class, since a closure for each method would cost every connection a third of a kilobyte. */
  static readonly #Internal = class implements InternalHandler {
    readonly #protocol: Protocol;

    constructor(protocol: Protocol) {
      this.#protocol = protocol;
    }
    onControl(opcode: Opcode, payload: Uint8Array): void {
      this.#protocol.#onControl(opcode, payload);
    }
    onFailure(error: WebSocketError): void {
      this.#protocol.fail(error);
    }
    onUnblocked(): void {
      this.#protocol.#handler.onUnblocked?.();
    }
    onOutput(): void {
      this.#protocol.#handler.onOutput();
    }
  };

  /**
   * State of the connection: `"open"`; `"closing"` once a Close is due, ours or the answer to the peer's; `"closed"`
   * once both sides have sent one, or the connection has failed; see {@linkcode Protocol.transportEnd} for the rest.
   */
  get state(): "open" | "closing" | "closed" {
    return this.#state === "open" ? "open" : STATES[this.#state].seen;
  }

  /**
   * What to do with the transport now, RFC 6455 §7.1.1: `"closeWrite"` to end our side of it and keep reading to the
   * peer's end, `"close"` to close it, `"none"` while bytes are queued or the peer must end it first. A transport that
   * can't end one side alone is closed in either case.
   *
   * "The underlying TCP connection, in most normal cases, SHOULD be closed first by the server". It ends one side
   * first: ending both with an unread byte would send a reset, which could destroy our Close in transit.
   */
  get transportEnd(): "none" | "closeWrite" | "close" {
    if (this.#state === "open") return "none";
    const { end } = STATES[this.#state];
    if (this.#sender.queued > 0 && this.#state !== "ended") return "none";
    return this.#state === "closed" && this.role === "client" ? "none" : end;
  }

  /**
   * True once the peer must do its part to end the connection: answer our Close, or end its side of the transport.
   * A peer that takes too long should be cut off.
   */
  get closeExpected(): boolean {
    return this.#state !== "open" && this.transportEnd !== "close";
  }

  /** The peer's Close, or why we failed the connection, whichever came first; null before. */
  get closeInfo(): CloseInfo | null {
    return this.#closeInfo;
  }

  /** How many bytes are queued, including those that {@linkcode Protocol.next} has returned. */
  get queued(): number {
    return this.#sender.queued + (this.#outgoing?.queued ?? 0);
  }

  /** Grows whenever a part of a message arrives or is written. */
  get progress(): number {
    return this.#receiver.progress + this.#sender.progress;
  }

  /** True while arrived bytes are held back, so that more reading would only pile them up. */
  get blocked(): boolean {
    return this.#receiver.blocked;
  }

  /** Holds back what arrives from now on, and what has arrived but is not yet delivered. */
  pause(): void {
    this.#receiver.pause();
  }

  /** Delivers what was held back. */
  resume(): void {
    this.#receiver.resume();
  }

  /**
   * Delivers messages to {@linkcode ProtocolHandler.onPart} as they arrive, from the next one on. `maxLength` applies
   * to the whole message, and text is validated; a message that goes through the extension is still delivered whole.
   */
  receiveParts(): void {
    this.#receiver.receiveParts();
  }

  /**
   * Returns the memory for the transport to read into.
   *
   * @returns At least one byte; valid until {@linkcode Protocol.received}.
   */
  readBuffer(): Uint8Array {
    return this.#receiver.readBuffer();
  }

  /**
   * Processes bytes that were read into {@linkcode Protocol.readBuffer}, and delivers every complete message.
   *
   * @param count The number of bytes, from the buffer's start.
   */
  received(count: number): void {
    this.#receiver.received(count);
  }

  /**
   * Processes bytes from memory other than {@linkcode Protocol.readBuffer}; they are copied.
   *
   * @param bytes Any part of the peer's bytes.
   */
  receive(bytes: Uint8Array): void {
    this.#receiver.receive(bytes);
  }

  /** Processes the end of the peer's bytes: it has ended its side of the transport. */
  receiveEof(): void {
    this.#move("eof");
  }

  /**
   * Queues a text message. §5.6.
   *
   * @param message The text; a lone surrogate is sent as U+FFFD.
   * @param compress False bypasses the extension.
   * @returns False if the connection is closing, and nothing was queued.
   */
  sendText(message: string, compress = true): boolean {
    if (this.#state !== "open") return false;
    if (this.#outgoing === null) this.#sender.text(message);
    else this.#outgoing.message(Opcode.TEXT, encoder.encode(message), compress);
    return true;
  }

  /**
   * Queues a binary message. §5.6.
   *
   * @param message The bytes. A client copies them; a server copies up to 64 KiB, and longer ones must stay unchanged
   * until they are written.
   * @param compress False bypasses the extension.
   * @returns False if the connection is closing, and nothing was queued.
   */
  sendBinary(message: Uint8Array, compress = true): boolean {
    if (this.#state !== "open") return false;
    if (this.#outgoing === null) this.#sender.frame(FIN | Opcode.BINARY, message);
    else this.#outgoing.message(Opcode.BINARY, message, compress);
    return true;
  }

  /** Queues a prepared message; false if the connection is closing. */
  sendPrepared(message: PreparedMessage): boolean {
    if (this.#state !== "open") return false;
    if (this.#outgoing === null) this.#sender.prepared(message.plain);
    else this.#outgoing.prepared(message);
    return true;
  }

  /**
   * Begins a fragmented message, after everything that was sent before; messages that are sent later wait for its end.
   * Control frames go between its fragments (§5.4). It bypasses the extension.
   *
   * @param onTurn Called when {@linkcode Protocol.sendFragment} can be called.
   * @returns False if the connection is closing.
   */
  startMessage(onTurn: () => void): boolean {
    if (this.#state !== "open") return false;
    this.#outgoing ??= new OutgoingQueue(this.#sender, null, this.#internal);
    this.#outgoing.startMessage(onTurn);
    return true;
  }

  /**
   * Queues a fragment of the current message.
   *
   * @param opcode The message's type, TEXT or BINARY, the same for all of its fragments.
   * @param payload At most 64 KiB; it is copied.
   * @param last Whether the message ends with it.
   * @param onWritten Called when it is written.
   * @returns False if the message was cut off: the peer has closed, or the connection has failed.
   */
  sendFragment(opcode: Opcode, payload: Uint8Array, last: boolean, onWritten: () => void): boolean {
    if (this.#outgoing?.fragment(opcode, payload, last) !== true) return false;
    this.#sender.whenWritten(onWritten);
    if (last) this.endMessage();
    return true;
  }

  /** Ends a fragmented message after its last fragment, or abandons it before the first one. */
  endMessage(): void {
    const outgoing = this.#outgoing;
    if (outgoing === null || !outgoing.endMessage()) return;
    if (this.#extension === null && outgoing.idle) this.#outgoing = null;
    this.#handler.onOutput();
  }

  /**
   * Queues a Ping. §5.5.2.
   *
   * @param payload At most 125 bytes.
   * @param onWritten Called when it is written.
   * @returns False if the connection is closing, and nothing was queued.
   * @throws {RangeError} If the payload is longer.
   */
  sendPing(payload: Uint8Array = EMPTY, onWritten?: () => void): boolean {
    const queued = this.#sendControl(Opcode.PING, payload);
    if (queued && onWritten !== undefined) this.#sender.whenWritten(onWritten);
    return queued;
  }

  /**
   * Queues an unsolicited Pong. §5.5.3. Answers to Pings are queued automatically.
   *
   * @param payload At most 125 bytes.
   * @returns False if the connection is closing, and nothing was queued.
   * @throws {RangeError} If the payload is longer.
   */
  sendPong(payload: Uint8Array = EMPTY): boolean {
    return this.#sendControl(Opcode.PONG, payload);
  }

  #sendControl(opcode: Opcode, payload: Uint8Array): boolean {
    checkControlPayload(payload, "send a control frame");
    if (this.#state !== "open") return false;
    this.#sender.frame(FIN | opcode, payload);
    return true;
  }

  /**
   * Runs a callback when everything queued so far has been written.
   *
   * @param callback Called within {@linkcode Protocol.done}, or at once if nothing is queued.
   */
  whenWritten(callback: () => void): void {
    if (this.#outgoing === null) this.#sender.whenWritten(callback);
    else this.#outgoing.after(() => this.#sender.whenWritten(callback));
  }

  /**
   * Returns the next bytes to write.
   *
   * @returns The bytes, unchanged until {@linkcode Protocol.done}; null if there are none.
   */
  next(): Uint8Array | null {
    if (this.#state !== "open" && !STATES[this.#state].writes) return null;
    try {
      return this.#sender.next();
    } catch (error) {
      // A frame has been started and can't be finished: no Close can follow.
      this.close();
      this.#handler.onError(error as WebSocketError);
      return null;
    }
  }

  /** Marks the bytes from {@linkcode Protocol.next} as written. */
  done(): void {
    this.#sender.done();
  }

  /** Notes that our side of the transport has ended or failed. Bytes from the peer are still received. */
  writeEnded(): void {
    this.#move("writeEnd");
    this.#sender.close();
  }

  /**
   * Queues a Close after everything that was sent: the closing handshake begins. §7.1.2.
   *
   * @param code A code that may be sent, or 1005 to send none.
   * @param reason At most 123 bytes of UTF-8.
   * @returns False if the connection was already closing, and nothing was queued.
   * @throws {RangeError} If the code may not be sent or the reason is too long.
   */
  sendClose(code: number = CloseCode.NORMAL_CLOSURE, reason = ""): boolean {
    const payload = formatClosePayload(code, reason);
    if (!this.#move("close")) return false;
    this.#queueClose(payload);
    return true;
  }

  /** 5.5.1. "The application MUST NOT send any more data frames after sending a Close frame." */
  #queueClose(payload: Uint8Array): void {
    this.#sender.releasePong();
    const send = () => {
      this.#sender.frame(FIN | Opcode.CLOSE, payload);
      this.#move("closeQueued");
    };
    if (this.#outgoing === null) send();
    else this.#outgoing.after(send);
  }

  /**
   * Fails the connection, §7.1.7: queues a Close with the error's code, and accepts nothing more.
   *
   * @param error The error. Its `reason` goes into the Close, or as much of its message as fits; without a `closeCode`
   * the code is 1002.
   * @throws {RangeError} If its `closeCode` may not be sent.
   */
  fail(error: WebSocketError): void {
    const before = this.#state;
    if (nextState(before, "fail") === undefined) return;
    const code = error.closeCode ?? CloseCode.PROTOCOL_ERROR;
    const payload = formatClosePayload(code, error.reason || fitReason(error.message));
    this.#move("fail");
    this.#closeInfo ??= { code, reason: error.message };
    this.#receiver.close();
    this.#outgoing?.close();
    if (before !== "closeSent" && before !== "readOnly") this.#queueClose(payload);
    this.#sender.dropPong();
    this.#handler.onError(error);
    this.#handler.onOutput();
  }

  /** Frees all memory: the transport is closed. Nothing is received or sent any more. */
  close(): void {
    this.#move("end");
    this.#receiver.close();
    this.#outgoing?.close();
    this.#sender.close();
  }

  /** Moves to the next state; false if the event changes nothing. */
  #move(event: ProtocolEvent): boolean {
    const next = nextState(this.#state, event);
    this.#state = next ?? this.#state;
    return next !== undefined;
  }

  #onControl(opcode: Opcode, payload: Uint8Array): void {
    if (opcode === Opcode.PING) this.#onPing(payload);
    else if (opcode === Opcode.PONG) this.#messageHandler.onPong(payload.slice());
    else this.#onClose(payload);
  }

  /**
   * 5.5.2. "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already received a
   * Close frame."
   */
  #onPing(payload: Uint8Array): void {
    const given = payload.slice();
    this.#sender.pong(payload.slice());
    this.#handler.onOutput();
    this.#messageHandler.onPing(given);
  }

  /**
   * 5.5.1. "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a
   * Close frame in response. (When sending a Close frame in response, the endpoint typically echos the status code it
   * received.)" The reason is echoed, too.
   */
  #onClose(payload: Uint8Array): void {
    const info = parseClosePayload(payload);
    const before = this.#state;
    this.#move("peerClose");
    this.#closeInfo ??= info;
    this.#receiver.close();
    // Nobody needs the rest of a fragmented message now. An own Close that waits for its end gives way to the answer.
    if (this.#outgoing?.fragmenting) this.#outgoing.close();
    if (before === "open" || (before === "closing" && this.#outgoing?.idle)) {
      this.#queueClose(formatClosePayload(info.code, info.reason));
      this.#handler.onOutput();
    }
    this.#sender.dropPong();
    this.#handler.onClose(info);
  }
}
