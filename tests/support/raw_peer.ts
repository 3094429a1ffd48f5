import { acceptKey } from "../../src/handshake/accept_key.ts";
import { sha1 } from "../../src/handshake/sha1.ts";
import type { Role } from "../../protocol.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { concat, frame, KEY, readFrames } from "./frames.ts";

/** The key of RFC 6455 §1.3. */
export const SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** The header fields of a handshake that keeps every rule. */
export const HANDSHAKE: Readonly<Record<string, string>> = {
  "Host": "localhost",
  "Upgrade": "websocket",
  "Connection": "Upgrade",
  "Sec-WebSocket-Key": SAMPLE_KEY,
  "Sec-WebSocket-Version": "13",
};

const NAMES: Record<number, string> = { 0x81: "text", 0x82: "binary", 0x88: "close", 0x89: "ping", 0x8a: "pong" };

/**
 * Writes a request's head.
 *
 * @param changes Header fields that differ from {@linkcode HANDSHAKE}'s; null takes one out.
 * @param line The request line.
 * @returns The head.
 */
export function handshake(changes: Record<string, string | null> = {}, line = "GET / HTTP/1.1"): string {
  const fields = Object.entries({ ...HANDSHAKE, ...changes }).filter(([, value]) => value !== null);
  return [line, ...fields.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
}

/** The far end of a connection, which does what a test says and follows no rule by itself. */
export class RawPeer {
  readonly #transport: Transport;
  readonly #role: Role;
  #received: Uint8Array = new Uint8Array(0);
  #ended = false;

  /**
   * @param transport The connection.
   * @param role Which side the peer is: a client masks its frames.
   */
  constructor(transport: Transport, role: Role = "client") {
    this.#transport = transport;
    this.#role = role;
  }

  /** Connects to a server on this machine. */
  static async dial(port: number): Promise<RawPeer> {
    return new RawPeer(new ConnTransport(await Deno.connect({ hostname: "127.0.0.1", port })));
  }

  /** Sends bytes, or text as UTF-8. */
  write(data: Uint8Array | string): Promise<void> {
    return this.#transport.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** Makes a frame as this side sends it. */
  frameOf(first: number, payload: Uint8Array | string = ""): Uint8Array<ArrayBuffer> {
    return frame(first, payload, { key: this.#role === "client" ? KEY : null });
  }

  /** Sends a frame. */
  send(first: number, payload: Uint8Array | string = ""): Promise<void> {
    return this.write(this.frameOf(first, payload));
  }

  /** Sends a Close. */
  close(code: number, reason = ""): Promise<void> {
    return this.send(0x88, concat([Uint8Array.of(code >> 8, code & 0xff), new TextEncoder().encode(reason)]));
  }

  /** Sends a handshake, with more bytes after it in the same write, and reads the head of the response. */
  async open(after: Uint8Array = new Uint8Array(0), changes: Record<string, string | null> = {}): Promise<string> {
    await this.write(concat([new TextEncoder().encode(handshake(changes)), after]));
    return await this.head();
  }

  /** As a server, reads the request and accepts it, with more bytes after the response in the same write. */
  async accept(after: Uint8Array = new Uint8Array(0), fields: string[] = []): Promise<string> {
    const request = await this.head();
    const key = field(request, "sec-websocket-key") ?? "";
    const lines = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${acceptKey(key, sha1)}`,
      ...fields,
    ];
    await this.write(concat([new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"), after]));
    return request;
  }

  /** Reads a head, including its empty line. */
  async head(): Promise<string> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#received);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#received = this.#received.subarray(end + 4);
        return text.slice(0, end + 4);
      }
      if (!await this.#read()) {
        throw new Error(`Cannot read a head: the connection ended after ${JSON.stringify(text)}`);
      }
    }
  }

  /** Reads a number of bytes. */
  async take(length: number): Promise<Uint8Array> {
    while (this.#received.length < length) {
      if (!await this.#read()) throw new Error(`Cannot read ${length} bytes: the connection ended`);
    }
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  /** Reads the next frame, such as `"text Hi"`, `"close 1000 Bye"`, `"pong 4869"`; `"end"` if there is none. */
  async frame(): Promise<string> {
    for (;;) {
      const length = frameLength(this.#received);
      if (length <= this.#received.length) {
        const [{ first, key, payload }] = readFrames(this.#received.subarray(0, length));
        this.#received = this.#received.subarray(length);
        if ((key !== null) !== (this.#role === "server")) throw new Error("Cannot take a frame that is masked wrongly");
        return describe(first, payload);
      }
      if (!await this.#read()) return "end";
    }
  }

  /** Reads everything up to the end, as text. */
  async rest(): Promise<string> {
    while (await this.#read());
    const text = new TextDecoder("latin1").decode(this.#received);
    this.#received = new Uint8Array(0);
    return text;
  }

  /** Reads once and drops the bytes; false at the end. */
  async discard(): Promise<boolean> {
    const more = await this.#read();
    this.#received = new Uint8Array(0);
    return more;
  }

  async #read(): Promise<boolean> {
    if (this.#ended) return false;
    const buffer = new Uint8Array(64 * 1024);
    const count = await this.#transport.read(buffer).catch(() => null);
    this.#ended = count === null;
    if (count !== null) this.#received = concat([this.#received, buffer.subarray(0, count)]);
    return !this.#ended;
  }

  /** Ends this side's writing. */
  end(): Promise<void> {
    return this.#transport.closeWrite();
  }

  /** Ends the connection. */
  leave(): void {
    this.#transport.close();
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.leave();
  }
}

/** Finds a header field in a head. */
export function field(head: string, name: string): string | null {
  const line = head.split("\r\n").find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
}

/** Returns the content of a response, without its chunks if it is chunked. Content that is cut off is an error. */
export function contentOf(response: string): string {
  const start = response.indexOf("\r\n\r\n") + 4;
  if (field(response.slice(0, start), "transfer-encoding") !== "chunked") return response.slice(start);
  const parts: string[] = [];
  for (let at = start;;) {
    const end = response.indexOf("\r\n", at);
    const size = end < 0 ? NaN : parseInt(response.slice(at, end), 16);
    if (Number.isNaN(size)) throw new Error("Cannot read the content as its last chunk is missing");
    if (size === 0) return parts.join("");
    parts.push(response.slice(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

/** The length of the first frame; more than there are bytes if it is not known yet. */
function frameLength(bytes: Uint8Array): number {
  if (bytes.length < 2) return Infinity;
  const size = bytes[1] & 0x7f;
  const extended = size < 126 ? 0 : size === 126 ? 2 : 8;
  const mask = (bytes[1] & 0x80) !== 0 ? 4 : 0;
  if (bytes.length < 2 + extended) return Infinity;
  const view = new DataView(bytes.buffer, bytes.byteOffset + 2);
  const length = extended === 0 ? size : extended === 2 ? view.getUint16(0) : Number(view.getBigUint64(0));
  return 2 + extended + mask + length;
}

function describe(first: number, payload: Uint8Array): string {
  const name = NAMES[first] ?? first.toString(16);
  const text = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (name === "text") return `text ${text(payload)}`;
  if (name !== "close") return `${name} ${payload.toHex()}`.trimEnd();
  return payload.length === 0 ? name : `close ${payload[0] * 256 + payload[1]} ${text(payload.subarray(2))}`.trimEnd();
}
