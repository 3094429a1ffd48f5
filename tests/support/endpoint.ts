/**
 * A protocol endpoint that records what happens to it.
 *
 * @module
 */
import {
  type CloseInfo,
  Protocol,
  type ProtocolHandler,
  type ProtocolOptions,
  type Role,
  type WebSocketError,
} from "../../protocol.ts";
import type { Block } from "../../src/protocol/block.ts";
import { BlockPool } from "../../src/protocol/block_pool.ts";
import type { Platform } from "../../src/protocol/platform.ts";
import type { InternalProtocolOptions } from "../../src/protocol/protocol_options.ts";
import { Slab } from "../../src/protocol/slab.ts";
import { concat, readFrames } from "./frames.ts";

/** Both sides of a connection. */
export const ROLES: readonly Role[] = ["client", "server"];

/** The ways in which bytes get into a protocol. */
export const FEEDS = ["receive", "readBuffer"] as const;

/** One of the ways in which bytes get into a protocol. */
export type Feed = typeof FEEDS[number];

/** Messages up to this length, in bytes or characters, are recorded in full. */
const SPELT_OUT = 200;

/** A pool that counts what it lends. */
export class CountingPool extends BlockPool {
  /** The bytes of all blocks that were ever lent, each counted once. */
  lent = 0;
  /** The blocks that are lent now. */
  readonly out: Set<Block> = new Set();
  readonly #known = new WeakSet<Block>();

  override borrow(size: number): Block {
    const block = super.borrow(size);
    if (!this.#known.has(block)) this.lent += block.size;
    this.#known.add(block);
    this.out.add(block);
    return block;
  }

  override release(block: Block): void {
    if (!this.out.delete(block)) throw new Error("Cannot release a block that is not lent");
    super.release(block);
  }
}

/** A slab that counts its bytes. */
export class CountingSlab extends Slab {
  /** How many bytes were taken from it. */
  given = 0;

  override take(length: number, ahead?: number): Uint8Array<ArrayBuffer> {
    this.given += length;
    return super.take(length, ahead);
  }
}

/** A platform whose masking keys are 1, 2, 3 and so on times a large odd number, and that counts its calls. */
export class TestPlatform implements Platform {
  readonly pool: CountingPool = new CountingPool();
  readonly slab: CountingSlab = new CountingSlab();
  /** How many masking keys were drawn. */
  keys = 0;
  /** How many texts were decoded as ASCII. */
  asciiTexts = 0;

  decodeAscii(bytes: Uint8Array, start: number, end: number): string {
    const units = bytes.subarray(start, end);
    if (units.some((unit) => unit > 0x7f)) throw new Error("Cannot read bytes as ASCII: received one above 0x7f");
    this.asciiTexts++;
    return new TextDecoder().decode(units);
  }

  maskingKey(): number {
    return Math.imul(++this.keys, 0x9e3779b1);
  }
}

/** A protocol with a handler that records its events, one line each. */
export class Endpoint implements ProtocolHandler {
  /** The events, in order. */
  readonly events: string[] = [];
  /** The messages, in order. */
  readonly messages: (string | Uint8Array)[] = [];
  /** How often there was output without a call by the owner. */
  outputs = 0;
  /** Runs within every event, after it was recorded. */
  onEvent: (event: string) => void = () => {};
  readonly platform: TestPlatform = new TestPlatform();
  readonly protocol: Protocol;

  /**
   * @param role Which side this is.
   * @param options How the protocol is set up.
   */
  constructor(role: Role, options: ProtocolOptions = {}) {
    const internal: InternalProtocolOptions = { platform: this.platform, ...options };
    this.protocol = new Protocol(role, this, internal);
  }

  onMessage(message: string | Uint8Array): void {
    this.messages.push(message);
    this.#record(typeof message === "string" ? `text ${shortText(message)}` : `binary ${shortBytes(message)}`);
  }

  onPing(payload: Uint8Array): void {
    this.#record(`ping ${shortBytes(payload)}`);
  }

  onPong(payload: Uint8Array): void {
    this.#record(`pong ${shortBytes(payload)}`);
  }

  onClose({ code, reason }: CloseInfo): void {
    this.#record(`close ${code} ${reason}`);
  }

  onError(error: WebSocketError): void {
    this.#record(`error ${error.code} ${error.closeCode}`);
  }

  onOutput(): void {
    this.outputs++;
  }

  #record(event: string): void {
    this.events.push(event.trimEnd());
    this.onEvent(event);
  }

  /**
   * Lets bytes arrive.
   *
   * @param pieces The bytes, one read per piece, or more reads if the read buffer is too short for it.
   * @param feed How they arrive.
   */
  feed(pieces: Iterable<Uint8Array>, feed: Feed = "receive"): void {
    for (const piece of pieces) {
      if (feed === "receive") this.protocol.receive(piece);
      else this.#read(piece);
    }
  }

  #read(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const buffer = this.protocol.readBuffer();
      if (buffer.length === 0) throw new Error("Cannot read into a buffer of no bytes");
      const part = piece.subarray(at, at + buffer.length);
      buffer.set(part);
      this.protocol.received(part.length);
      at += part.length;
    }
  }

  /**
   * Writes everything that is queued.
   *
   * @returns The chunks, one per write.
   */
  writes(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (let bytes = this.protocol.next(); bytes !== null; bytes = this.protocol.next()) {
      chunks.push(bytes.slice());
      this.protocol.done();
    }
    return chunks;
  }

  /**
   * Writes everything that is queued.
   *
   * @returns The frames, such as `"text Hi"`, `"pong 4869"`, `"close 1000 Bye"`.
   * @throws {Error} If a frame is masked by a server, or not by a client.
   */
  sent(): string[] {
    return readFrames(concat(this.writes())).map(({ first, key, payload }) => {
      if ((key !== null) !== (this.protocol.role === "client")) throw new Error("Cannot take a frame masked wrongly");
      return describeFrame(first, payload);
    });
  }
}

function describeFrame(first: number, payload: Uint8Array): string {
  const name = NAMES[first];
  if (name === undefined) return `${first.toString(16)} ${shortBytes(payload)}`.trimEnd();
  if (name === "close") return describeClose(payload);
  const text = name === "text" ? shortText(new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload)) : null;
  return `${name} ${text ?? shortBytes(payload)}`.trimEnd();
}

function describeClose(payload: Uint8Array): string {
  if (payload.length === 0) return "close";
  const code = payload[0] * 256 + payload[1];
  return `close ${code} ${new TextDecoder().decode(payload.subarray(2))}`.trimEnd();
}

const NAMES: Record<number, string> = { 0x81: "text", 0x82: "binary", 0x88: "close", 0x89: "ping", 0x8a: "pong" };

function shortText(text: string): string {
  return text.length <= SPELT_OUT ? text : `of ${text.length} units, #${checksum(new TextEncoder().encode(text))}`;
}

function shortBytes(bytes: Uint8Array): string {
  return bytes.length <= SPELT_OUT ? bytes.toHex() : `of ${bytes.length} bytes, #${checksum(bytes)}`;
}

function checksum(bytes: Uint8Array): number {
  let sum = 1;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}
