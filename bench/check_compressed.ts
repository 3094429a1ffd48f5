/** The check before every measurement of compression: does the server echo, byte for byte? */
import { Buffer } from "node:buffer";
import { createInflateRaw } from "node:zlib";
import { type Script, TAIL } from "./script.ts";

/** How many messages are checked, and how many are under way meanwhile. */
const CHECKED = 100;
const IN_FLIGHT = 8;

const HEAD = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/**
 * Has a server echo the beginning of a script.
 *
 * @param port Where the server listens.
 * @param script The script.
 * @throws {Error} If an echo is missing or differs.
 */
export async function checkCompressed(port: number, { messages, frames }: Script): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay();
  await conn.write(new TextEncoder().encode(HEAD));
  const replies = repliesOf(conn);
  const count = Math.min(CHECKED, frames.length);
  const inflater = new Inflater();
  for (let sent = 0, checked = 0; checked < count; checked++) {
    for (; sent < Math.min(count, checked + IN_FLIGHT); sent++) {
      for (let at = 0; at < frames[sent].length;) at += await conn.write(frames[sent].subarray(at));
    }
    const { value } = await replies.next();
    if (value === undefined) throw new Error(`The server ended the connection before reply ${checked}`);
    const message = value.compressed ? await inflater.inflate(value.payload) : value.payload;
    if (!message.equals(messages[checked])) throw new Error(`The server echoed message ${checked} wrong`);
  }
  inflater.close();
}

class Inflater {
  readonly #stream = createInflateRaw();
  readonly #chunks: Uint8Array[] = [];

  constructor() {
    this.#stream.on("data", (chunk: Uint8Array) => void this.#chunks.push(chunk));
  }

  async inflate(payload: Uint8Array): Promise<Buffer> {
    this.#stream.write(Buffer.concat([payload, TAIL]));
    await new Promise<void>((resolve) => this.#stream.flush(resolve));
    return Buffer.concat(this.#chunks.splice(0));
  }

  close(): void {
    this.#stream.close();
  }
}

/** The messages of one frame each that come after the head. */
async function* repliesOf(conn: Deno.Conn): AsyncGenerator<{ compressed: boolean; payload: Buffer }> {
  let bytes = Buffer.alloc(0);
  const buffer = new Uint8Array(64 * 1024);
  const more = async () => {
    const count = await conn.read(buffer);
    if (count !== null) bytes = Buffer.concat([bytes, buffer.subarray(0, count)]);
    return count !== null;
  };
  while (!bytes.includes("\r\n\r\n")) if (!await more()) return;
  const end = bytes.indexOf("\r\n\r\n") + 4;
  const head = bytes.toString("latin1", 0, end);
  if (!/^HTTP\/1.1 101 [^]*permessage-deflate/i.test(head)) throw new Error(`The server does not compress: ${head}`);
  bytes = bytes.subarray(end);
  for (;;) {
    const short = bytes.length < 2 ? 0 : bytes[1];
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length >= header) {
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length >= header + length) {
        yield { compressed: (bytes[0] & 0x40) !== 0, payload: bytes.subarray(header, header + length) };
        bytes = bytes.subarray(header + length);
        continue;
      }
    }
    if (!await more()) return;
  }
}
