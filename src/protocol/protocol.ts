import { CloseCode } from "../close_code.ts";
import type { WebSocketError } from "../errors.ts";
import { fitReason, formatClosePayload, parseClosePayload } from "./close_payload.ts";
import type { MessageExtension } from "./extension.ts";
import { FIN, MAX_CONTROL_PAYLOAD } from "./frame_header.ts";
import { Opcode } from "./opcode.ts";
import { OutgoingQueue } from "./outgoing_queue.ts";
import { StandardPlatform } from "./platform.ts";
import type { ProtocolHandler } from "./protocol_handler.ts";
import { DEFAULT_MAX_FRAGMENTS, DEFAULT_MAX_LENGTH, type ProtocolOptions, type Role } from "./protocol_options.ts";
import { Queue } from "./queue.ts";
import { Receiver, type ReceiverSink } from "./receiver.ts";
import { Sender } from "./sender.ts";

/** While more than this waits to be written, in bytes, only the last Ping is answered. RFC 6455 §5.5.3 allows that. */
const PONGS_HELD_ABOVE = 64 * 1024;

const EMPTY: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();

/** What has to run when the bytes up to a position are written. */
interface Mark {
  readonly position: number;
  readonly callback: () => void;
}

/**
 * One endpoint of RFC 6455 after the opening handshake (§5 to §8), with no input or output of its own: bytes in,
 * events out; messages in, bytes out. Everything in this package goes through it.
 *
 * The owner reads from the transport into {@linkcode Protocol.readBuffer} and says so to {@linkcode Protocol.received};
 * after that, and after sending, it writes what {@linkcode Protocol.next} gives until there is nothing more.
 *
 * @example Two endpoints talk in memory
 * ```ts
 * import { Protocol } from "@wsd/driver/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const messages: (string | Uint8Array)[] = [];
 * const handler = { onPing() {}, onPong() {}, onClose() {}, onError() {}, onOutput() {} };
 * const client = new Protocol("client", { ...handler, onMessage() {} });
 * const server = new Protocol("server", { ...handler, onMessage: (message) => messages.push(message) });
 *
 * client.sendText("Hi");
 * for (let bytes = client.next(); bytes !== null; bytes = client.next()) {
 *   server.receive(bytes);
 *   client.done();
 * }
 * assertEquals(messages, ["Hi"]);
 * ```
 */
export class Protocol {
  /** Which side this is. */
  readonly role: Role;

  readonly #handler: ProtocolHandler;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  readonly #extension: MessageExtension | null;
  /** What keeps the order while an extension takes its time, or a message is sent in fragments; else null. */
  #outbox: OutgoingQueue | null;
  #fragmenting = false;
  /** Whether the next fragment is the first one. */
  #firstFragment = true;

  /** Nothing more is taken from the owner; the Close itself may still wait in the outbox. */
  #closing = false;
  #closeSent = false;
  #closeReceived = false;
  #failed = false;

  /** The payload of the last Ping, where its Pong has to wait. */
  #pong: Uint8Array | null = null;
  readonly #marks: Queue<Mark> = new Queue();

  /**
   * Makes an endpoint of an open connection.
   *
   * @param role Which side it is; a client masks what it sends, a server doesn't (§5.1).
   * @param handler Who gets what arrives.
   * @param options Limits, the extension, and the platform.
   */
  constructor(role: Role, handler: ProtocolHandler, options: ProtocolOptions = {}) {
    const { maxLength = DEFAULT_MAX_LENGTH, maxFragments = DEFAULT_MAX_FRAGMENTS, extension = null } = options;
    const { platform = new StandardPlatform(), reuse = false } = options;
    this.role = role;
    this.#handler = handler;
    this.#sender = new Sender({ masked: role === "client", reuse, platform });
    this.#extension = extension;
    this.#outbox = extension === null ? null : this.#makeOutbox();
    const receiving = { masked: role === "server", maxLength, maxFragments, extension, platform };
    this.#receiver = new Receiver(new Protocol.#Sink(this), receiving);
  }

  /** What the receiver tells. A class, for a closure for each event would cost every connection a third of a kilobyte. */
  static readonly #Sink = class implements ReceiverSink {
    readonly #protocol: Protocol;

    constructor(protocol: Protocol) {
      this.#protocol = protocol;
    }

    onMessage(message: string | Uint8Array): void {
      this.#protocol.#handler.onMessage(message);
    }

    onPart(opcode: Opcode, part: Uint8Array, last: boolean): void {
      this.#protocol.#handler.onPart?.(opcode, part, last);
    }

    onControl(opcode: Opcode, payload: Uint8Array): void {
      this.#protocol.#onControl(opcode, payload);
    }

    onViolation(error: WebSocketError): void {
      this.#protocol.fail(error);
    }

    onAnswered(): void {
      this.#protocol.#handler.onUnblocked?.();
    }
  };

  /**
   * Where the connection stands: `"open"`; `"closing"` once a Close was sent; `"closed"` once one was received too, or
   * the connection has failed: then the transport is to be ended after the last byte is written, by the server first
   * (§7.1.1).
   */
  get state(): "open" | "closing" | "closed" {
    if (this.#failed || (this.#closeSent && this.#closeReceived)) return "closed";
    return this.#closing ? "closing" : "open";
  }

  /** The bytes that wait to be written, those that {@linkcode Protocol.next} has given included. */
  get queued(): number {
    return this.#sender.queued + (this.#outbox?.queued ?? 0);
  }

  /** True while what has arrived is held back, so that it is better not to read on. */
  get blocked(): boolean {
    return this.#receiver.blocked;
  }

  /** Holds back what arrives from now on, also what has arrived and is not yet delivered. */
  pause(): void {
    this.#receiver.pause();
  }

  /** Delivers what was held back. */
  resume(): void {
    this.#receiver.resume();
  }

  /**
   * Hands out messages to {@linkcode ProtocolHandler.onPart} as they arrive, from the next one on. `maxLength` holds for
   * the whole message, and text is validated; a message that goes through the extension still comes whole.
   */
  receiveParts(): void {
    this.#receiver.receiveParts();
  }

  /**
   * Gives the memory that the transport shall read into.
   *
   * @returns At least one byte; valid until {@linkcode Protocol.received}.
   */
  readBuffer(): Uint8Array {
    return this.#receiver.readBuffer();
  }

  /**
   * Takes what was read into {@linkcode Protocol.readBuffer}, and delivers every message that is whole by now.
   *
   * @param count The number of bytes, from the buffer's beginning.
   */
  received(count: number): void {
    this.#receiver.received(count);
  }

  /**
   * Takes bytes that came in memory of someone else's; they are copied.
   *
   * @param bytes Any part of what the peer sent.
   */
  receive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const buffer = this.readBuffer();
      const count = Math.min(buffer.length, bytes.length - at);
      buffer.set(bytes.subarray(at, at + count));
      this.received(count);
      at += count;
    }
  }

  /**
   * Queues a text message. §5.6.
   *
   * @param message The text; a lone surrogate is sent as U+FFFD.
   * @param compress False keeps it from the extension.
   * @returns False where the connection is closing, and nothing was queued.
   */
  sendText(message: string, compress = true): boolean {
    if (this.#closing) return false;
    if (this.#outbox === null) this.#sender.text(message);
    else this.#outbox.message(Opcode.TEXT, encoder.encode(message), compress);
    return true;
  }

  /**
   * Queues a binary message. §5.6.
   *
   * @param message The bytes. They are copied where they are at most 64 KiB or this is a client; longer ones must stay
   * unchanged until they are written.
   * @param compress False keeps it from the extension.
   * @returns False where the connection is closing, and nothing was queued.
   */
  sendBinary(message: Uint8Array, compress = true): boolean {
    if (this.#closing) return false;
    if (this.#outbox === null) this.#sender.frame(FIN | Opcode.BINARY, message);
    else this.#outbox.message(Opcode.BINARY, message, compress);
    return true;
  }

  #makeOutbox(): OutgoingQueue {
    return new OutgoingQueue(this.#sender, this.#extension, {
      onOutput: () => this.#handler.onOutput(),
      onFailure: (error) => this.fail(error),
    });
  }

  /**
   * Begins a message of fragments, behind all that was sent before; messages that are sent later wait for its end.
   * Control frames go between its fragments (§5.4). It does not go through the extension.
   *
   * @param onTurn Called when {@linkcode Protocol.sendFragment} can be.
   * @returns False where the connection is closing.
   */
  startMessage(onTurn: () => void): boolean {
    if (this.#closing) return false;
    this.#outbox ??= this.#makeOutbox();
    this.#outbox.hold(() => {
      this.#fragmenting = true;
      this.#firstFragment = true;
      onTurn();
    });
    return true;
  }

  /**
   * Queues a fragment of the message that was begun.
   *
   * @param opcode The message's type, TEXT or BINARY, the same for all of its fragments.
   * @param payload At most 64 KiB; it is copied.
   * @param last Whether the message ends with it.
   * @param onWritten What to run when it is written.
   * @returns False where the message was cut off, as the peer has closed or the connection failed.
   */
  sendFragment(opcode: Opcode, payload: Uint8Array, last: boolean, onWritten: () => void): boolean {
    if (!this.#fragmenting) return false;
    this.#sender.frame((last ? FIN : 0) | (this.#firstFragment ? opcode : Opcode.CONTINUATION), payload);
    this.#firstFragment = false;
    this.#marks.push({ position: this.#sender.enqueued, callback: onWritten });
    if (last) this.endMessage();
    return true;
  }

  /** Ends a message of fragments behind its last one, or gives it up before the first one. */
  endMessage(): void {
    const outbox = this.#outbox;
    if (!this.#fragmenting || outbox === null) return;
    this.#fragmenting = false;
    outbox.release();
    if (this.#extension === null && outbox.idle) this.#outbox = null;
    this.#handler.onOutput();
  }

  /** Drops what waits to be sent; a message of fragments stays unfinished. */
  #cutOff(): void {
    this.#fragmenting = false;
    this.#outbox?.close();
  }

  /**
   * Queues a Ping. §5.5.2.
   *
   * @param payload At most 125 bytes.
   * @returns False where the connection is closing, and nothing was queued.
   * @throws {RangeError} Where the payload is longer.
   */
  sendPing(payload: Uint8Array = EMPTY): boolean {
    return this.#sendControl(Opcode.PING, payload);
  }

  /**
   * Queues a Pong that no Ping asked for. §5.5.3. Those that answer a Ping are queued by themselves.
   *
   * @param payload At most 125 bytes.
   * @returns False where the connection is closing, and nothing was queued.
   * @throws {RangeError} Where the payload is longer.
   */
  sendPong(payload: Uint8Array = EMPTY): boolean {
    return this.#sendControl(Opcode.PONG, payload);
  }

  #sendControl(opcode: Opcode, payload: Uint8Array): boolean {
    if (payload.length > MAX_CONTROL_PAYLOAD) {
      throw new RangeError(
        `Cannot send a control frame above ${MAX_CONTROL_PAYLOAD} bytes (RFC 6455 5.5): received ${payload.length}`,
      );
    }
    if (this.#closing) return false;
    this.#sender.frame(FIN | opcode, payload);
    return true;
  }

  /**
   * Queues a Close behind all that was sent: the closing handshake begins. §7.1.2.
   *
   * @param code A code that may be on the wire, or 1005 to send none.
   * @param reason At most 123 bytes of UTF-8.
   * @returns False where the connection is closing already, and nothing was queued.
   * @throws {RangeError} Where the code may not be sent or the reason is too long.
   */
  sendClose(code: number = CloseCode.NORMAL_CLOSURE, reason = ""): boolean {
    const payload = formatClosePayload(code, reason);
    if (this.#closing) return false;
    this.#queueClose(payload);
    return true;
  }

  /** 5.5.1. "The application MUST NOT send any more data frames after sending a Close frame." */
  #queueClose(payload: Uint8Array): void {
    this.#closing = true;
    this.#sendPong();
    const send = () => {
      this.#closeSent = true;
      this.#sender.frame(FIN | Opcode.CLOSE, payload);
    };
    if (this.#outbox === null) send();
    else this.#outbox.after(send);
  }

  /**
   * Fails the connection, §7.1.7: queues a Close with the error's code, and takes nothing more.
   *
   * @param error Why. Its message becomes the reason, as far as it fits; without a `closeCode` it closes with 1002.
   * @throws {RangeError} Where its `closeCode` may not be sent.
   */
  fail(error: WebSocketError): void {
    if (this.state === "closed") return;
    const payload = formatClosePayload(error.closeCode ?? CloseCode.PROTOCOL_ERROR, fitReason(error.message));
    this.#failed = true;
    this.#receiver.close();
    this.#cutOff();
    if (!this.#closeSent) this.#queueClose(payload);
    this.#pong = null;
    this.#handler.onError(error);
    this.#handler.onOutput();
  }

  /** Frees all memory, where the transport has ended. Nothing is received or sent any more. */
  close(): void {
    this.#failed = true;
    this.#closing = true;
    this.#closeSent = true;
    this.#pong = null;
    this.#receiver.close();
    this.#cutOff();
    this.#sender.close();
  }

  /**
   * Runs something when all that is queued by now has been written.
   *
   * @param callback What to run, from within {@linkcode Protocol.done}, or at once where nothing waits.
   */
  whenWritten(callback: () => void): void {
    const mark = () => {
      if (this.#sender.queued === 0 && this.#marks.length === 0) callback();
      else this.#marks.push({ position: this.#sender.enqueued, callback });
    };
    if (this.#outbox === null) mark();
    else this.#outbox.after(mark);
  }

  /**
   * Gives the next bytes to write.
   *
   * @returns The bytes, unchanged until {@linkcode Protocol.done}; null where there are none.
   */
  next(): Uint8Array | null {
    return this.#sender.next();
  }

  /** Says that what {@linkcode Protocol.next} gave has been written. */
  done(): void {
    this.#sender.done();
    while (this.#marks.length > 0 && this.#marks.first!.position <= this.#sender.written) {
      this.#marks.shift()!.callback();
    }
    if (this.#sender.queued <= PONGS_HELD_ABOVE) this.#sendPong();
  }

  #sendPong(): void {
    if (this.#pong === null) return;
    this.#sender.frame(FIN | Opcode.PONG, this.#pong);
    this.#pong = null;
  }

  #onControl(opcode: Opcode, payload: Uint8Array): void {
    if (opcode === Opcode.PING) this.#onPing(payload);
    else if (opcode === Opcode.PONG) this.#handler.onPong(payload.slice());
    else this.#onClose(payload);
  }

  /**
   * 5.5.2. "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already received a
   * Close frame." 5.5.3. "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to
   * previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed Ping
   * frame."
   */
  #onPing(payload: Uint8Array): void {
    this.#pong = payload.slice();
    const given = payload.slice();
    if (this.#sender.queued <= PONGS_HELD_ABOVE) this.#sendPong();
    this.#handler.onOutput();
    this.#handler.onPing(given);
  }

  /**
   * 5.5.1. "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a
   * Close frame in response. (When sending a Close frame in response, the endpoint typically echos the status code it
   * received.)"
   */
  #onClose(payload: Uint8Array): void {
    const info = parseClosePayload(payload);
    this.#closeReceived = true;
    this.#receiver.close();
    // A message that is being sent is of no use any more; and if our own Close waits for its end, this one replaces it.
    if (this.#fragmenting) this.#cutOff();
    const waits = this.#closing && !this.#closeSent && this.#outbox?.idle === true;
    if (!this.#closing || waits) {
      this.#queueClose(formatClosePayload(info.code, ""));
      this.#handler.onOutput();
    }
    this.#pong = null;
    this.#handler.onClose(info);
  }
}
