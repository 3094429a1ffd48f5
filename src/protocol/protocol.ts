import { CloseCode } from "../close_code.ts";
import type { WebSocketError } from "../errors.ts";
import { type CloseInfo, formatClosePayload, MAX_REASON, parseClosePayload } from "./close_payload.ts";
import type { MessageExtension } from "./extension.ts";
import { FIN, MAX_CONTROL_PAYLOAD } from "./frame_header.ts";
import { Opcode } from "./opcode.ts";
import { Outbox } from "./outbox.ts";
import { type Platform, StandardPlatform } from "./platform.ts";
import { Queue } from "./queue.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";

/** The longest message that is taken where nothing else is said, in bytes: 64 MiB less one. */
export const DEFAULT_MAX_LENGTH = 0x3ffffff;

/** The most frames that a message may come in where nothing else is said. */
export const DEFAULT_MAX_FRAGMENTS = 0x20000;

/** While more than this waits to be written, in bytes, only the last Ping is answered. RFC 6455 §5.5.3 allows that. */
const PONGS_HELD_ABOVE = 64 * 1024;

const EMPTY: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();

/** Which side of the connection an endpoint is. */
export type Role = "client" | "server";

/** How a {@linkcode Protocol} is set up. */
export interface ProtocolOptions {
  /**
   * The longest message to take, in bytes, whether it comes in one frame or in many.
   *
   * @default {0x3ffffff}
   */
  maxLength?: number;
  /**
   * The most frames that a message may come in.
   *
   * @default {131072}
   */
  maxFragments?: number;
  /**
   * The extension that both sides agreed on.
   *
   * @default {null}
   */
  extension?: MessageExtension | null;
  /**
   * Whether memory that {@linkcode Protocol.next} gave is used again after {@linkcode Protocol.done}. Only where
   * nobody reads it any more by then.
   *
   * @default {false}
   */
  reuse?: boolean;
  /**
   * Memory, randomness and ASCII decoding. Connections that share a platform share its memory.
   *
   * @default {new StandardPlatform()}
   */
  platform?: Platform;
}

/** Who gets what a {@linkcode Protocol} receives. None of these may throw. */
export interface ProtocolHandler {
  /**
   * A message has arrived.
   *
   * @param message Text as a string, binary as bytes that belong to the handler; they may be a part of a larger buffer.
   */
  onMessage(message: string | Uint8Array): void;
  /**
   * A Ping has arrived; its Pong is queued already.
   *
   * @param payload At most 125 bytes.
   */
  onPing(payload: Uint8Array): void;
  /**
   * A Pong has arrived.
   *
   * @param payload At most 125 bytes.
   */
  onPong(payload: Uint8Array): void;
  /**
   * The peer's Close has arrived; its answer is queued already, where none was sent before.
   *
   * @param info What it says; code 1005 where it says nothing.
   */
  onClose(info: CloseInfo): void;
  /**
   * The connection has failed (RFC 6455 §7.1.7): its Close is queued already, and nothing is received any more.
   *
   * @param error Why.
   */
  onError(error: WebSocketError): void;
  /** Bytes were queued that no call of the owner's asked for: a Pong, a Close, a message that was compressed. */
  onOutput(): void;
  /**
   * An extension has answered later than it was asked, and what was held back for it is delivered: unless the owner has
   * paused, {@linkcode Protocol.blocked} is false again, and it is time to read on. Only needed with such an extension.
   */
  onUnblocked?(): void;
}

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
  /** What keeps the order while an extension takes its time; null where there is none. */
  readonly #outbox: Outbox | null;

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
    this.#outbox = extension === null ? null : new Outbox(this.#sender, extension, {
      onOutput: () => handler.onOutput(),
      onFailure: (error) => this.fail(error),
    });
    this.#receiver = new Receiver({
      onMessage: (message) => handler.onMessage(message),
      onControl: (opcode, payload) => this.#onControl(opcode, payload),
      onViolation: (error) => this.fail(error),
      onAnswered: () => handler.onUnblocked?.(),
    }, { masked: role === "server", maxLength, maxFragments, extension, platform });
  }

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
    this.#outbox?.close();
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
    this.#outbox?.close();
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
    if (!this.#closing) {
      this.#queueClose(formatClosePayload(info.code, ""));
      this.#handler.onOutput();
    }
    this.#pong = null;
    this.#handler.onClose(info);
  }
}

/** As much of a text as a Close frame's reason holds. */
function fitReason(message: string): string {
  return message.slice(0, encoder.encodeInto(message, new Uint8Array(MAX_REASON)).read);
}
