import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";

/** A frame as it came. */
export interface Frame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
}

/** How a frame is sent. */
export interface FrameOptions {
  /** Whether it is a message's last; true by default. */
  fin?: boolean;
  /** The reserved bits, 0 to 7. */
  rsv?: number;
}

const EMPTY = new Uint8Array();
const encoder = new TextEncoder();

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A frame's bytes. */
export function frameBytes(
  masked: boolean,
  opcode: number,
  payload: Uint8Array,
  options: FrameOptions = {},
): Uint8Array {
  const { fin = true, rsv = 0 } = options;
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const start = 2 + extended + (masked ? 4 : 0);
  const bytes = new Uint8Array(start + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (fin ? 0x80 : 0) | rsv << 4 | opcode;
  bytes[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(payload, start);
  if (!masked) return bytes;
  const key = crypto.getRandomValues(bytes.subarray(start - 4, start));
  for (let i = 0; i < length; i++) bytes[start + i] ^= key[i & 3];
  return bytes;
}

/**
 * One side of a WebSocket connection made by hand, which can say all that a real one must not.
 *
 * It is written from the RFC, and shares no code with the driver.
 */
export class Fuzzer {
  readonly #conn: Deno.Conn;
  readonly #masked: boolean;
  readonly #block = new Uint8Array(64 * 1024);
  #unread = EMPTY;
  /** Splits what is sent into writes of this many bytes; 0 for whole frames. */
  chop = 0;
  /** What the server has answered to an offer of extensions. */
  extensions = "";

  /**
   * @param conn A connection whose opening handshake is done.
   * @param role Which side this is: a client masks its frames.
   */
  constructor(conn: Deno.Conn, role: "client" | "server") {
    this.#conn = conn;
    this.#masked = role === "client";
  }

  /** Connects to a server, and does the opening handshake; offers extensions if they are given. */
  static async connect(port: number, offers: string | null = null): Promise<Fuzzer> {
    const fuzzer = new Fuzzer(await Deno.connect({ hostname: "127.0.0.1", port }), "client");
    const key = crypto.getRandomValues(new Uint8Array(16)).toBase64();
    await fuzzer.write(utf8(
      `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        (offers === null ? "" : `Sec-WebSocket-Extensions: ${offers}\r\n`) +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    ));
    const head = await fuzzer.#readHead();
    assert(head.startsWith("HTTP/1.1 101 "), head);
    assertEquals(fieldOf(head, "sec-websocket-accept"), acceptOf(key));
    if (offers !== null) fuzzer.extensions = fieldOf(head, "sec-websocket-extensions");
    return fuzzer;
  }

  /** Answers a client's opening handshake, and tells the path that it asked for. */
  static async accept(conn: Deno.Conn): Promise<{ fuzzer: Fuzzer; path: string }> {
    const fuzzer = new Fuzzer(conn, "server");
    const head = await fuzzer.#readHead();
    const accept = acceptOf(fieldOf(head, "sec-websocket-key"));
    await fuzzer.write(utf8(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    ));
    return { fuzzer, path: head.split(" ")[1] };
  }

  async #readHead(): Promise<string> {
    let head = "";
    while (!head.endsWith("\r\n\r\n")) {
      const byte = await this.#exactly(1);
      assert(byte !== null, `The connection ended within the head: ${head}`);
      head += String.fromCharCode(byte[0]);
    }
    return head;
  }

  /** Sends a frame. */
  async send(opcode: number, payload: Uint8Array = EMPTY, options: FrameOptions = {}): Promise<void> {
    await this.write(frameBytes(this.#masked, opcode, payload, options));
  }

  /** Sends a frame's header that announces a number of bytes, and only the first of them. */
  async sendPart(opcode: number, payload: Uint8Array, length: number): Promise<void> {
    const whole = new Uint8Array(length);
    whole.set(payload);
    const bytes = frameBytes(this.#masked, opcode, whole);
    await this.write(bytes.subarray(0, bytes.length - length + payload.length));
  }

  /** Sends a message in frames of limited length; reserved bits are in the first one. */
  async sendFragments(opcode: number, payload: Uint8Array, size: number, rsv = 0): Promise<void> {
    const frames: Uint8Array[] = [];
    for (let at = 0; at === 0 || at < payload.length; at += size) {
      const fin = at + size >= payload.length;
      const part = payload.subarray(at, at + size);
      frames.push(frameBytes(this.#masked, at === 0 ? opcode : 0, part, { fin, rsv: at === 0 ? rsv : 0 }));
      if (frames.length === 1024 || fin) await this.write(join(frames.splice(0)));
    }
  }

  /** Writes bytes as they are, in pieces if that is set. */
  async write(bytes: Uint8Array): Promise<void> {
    const step = this.chop || bytes.length;
    for (let at = 0; at < bytes.length; at += step) {
      const part = bytes.subarray(at, at + step);
      for (let done = 0; done < part.length;) done += await this.#conn.write(part.subarray(done));
    }
  }

  /** Reads the next frame; null at the end of the connection. */
  async receive(): Promise<Frame | null> {
    const head = await this.#exactly(2);
    if (head === null) return null;
    const masked = head[1] >= 0x80;
    let length = head[1] & 0x7f;
    if (length >= 126) {
      const bytes = (await this.#exactly(length === 126 ? 2 : 8))!;
      const view = new DataView(bytes.buffer);
      length = length === 126 ? view.getUint16(0) : Number(view.getBigUint64(0));
    }
    const key = masked ? (await this.#exactly(4))! : EMPTY;
    const payload = await this.#exactly(length);
    assert(payload !== null, "The connection ended within a frame");
    if (masked) { for (let i = 0; i < length; i++) payload[i] ^= key[i & 3]; }
    return { fin: head[0] >= 0x80, rsv: head[0] >> 4 & 7, opcode: head[0] & 15, masked, payload };
  }

  async #exactly(count: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      if (this.#unread.length === 0) {
        const read = await this.#conn.read(this.#block);
        if (read === null) return null;
        this.#unread = this.#block.subarray(0, read);
      }
      const part = this.#unread.subarray(0, count - at);
      bytes.set(part, at);
      this.#unread = this.#unread.subarray(part.length);
      at += part.length;
    }
    return bytes;
  }

  /** The next frame has to be this one. */
  async expect(opcode: number, payload: Uint8Array): Promise<void> {
    const frame = await this.receive();
    assert(frame !== null, `The connection ended where a frame with opcode ${opcode} was due`);
    assertEquals([frame.opcode, frame.fin, frame.rsv, frame.masked], [opcode, true, 0, !this.#masked]);
    assertEquals(frame.payload.length, payload.length);
    assert(payload.every((byte, i) => byte === frame.payload[i]), "The payload is another");
  }

  /** The next frame has to be a Close with this code, or with none; after it comes nothing more. */
  async expectClose(code: number | null): Promise<void> {
    const frame = await this.receive();
    assert(frame !== null, "The connection ended without a Close");
    assertEquals(frame.opcode, 8, `Received ${new TextDecoder().decode(frame.payload.subarray(0, 80))}`);
    const { payload } = frame;
    assertEquals(payload.length === 0 ? null : payload[0] << 8 | payload[1], code);
    if (!this.#masked) this.close();
    else assertEquals(await this.receive(), null);
  }

  /** The peer is still well: it answers a Close, and ends. */
  async expectCleanEnd(): Promise<void> {
    await this.send(8, Uint8Array.of(0x03, 0xe8));
    await this.expectClose(1000);
  }

  /** Ends the connection. */
  close(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }
}

function fieldOf(head: string, name: string): string {
  const line = head.split("\r\n").find((line) => line.toLowerCase().startsWith(`${name}:`));
  assert(line !== undefined, `No ${name} in ${head}`);
  return line.slice(name.length + 1).trim();
}

function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

function join(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
