/**
 * The floor on Deno: a loop over `Deno.listen` that counts the bytes of frames without looking at
 * them, and writes as many replies, composed beforehand.
 */
import { makeMessage, repeat } from "../load/frames.js";
import { ACCEPT } from "../load/handshake.js";
import { identity, ready, setup } from "./setup.js";

const ANSWER = new TextEncoder().encode(
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
);
const END_OF_HEAD = 0x0d0a0d0a;

const { payload, fragments } = setup;
const requestSize = makeMessage(payload, true, fragments).length;
const reply = makeMessage(payload, false);
const replies = repeat(reply, Math.max(1, Math.min(64, Math.floor(2 ** 20 / reply.length))));

const everyone = new Set<Deno.Conn>();

const { cert, key } = identity;
const listener = cert === undefined ? Deno.listen({ port: 0 }) : Deno.listenTls({ port: 0, cert, key: key! });
ready(listener.addr.port);
for await (const conn of listener) serve(conn).catch(() => conn.close());

async function serve(conn: Deno.Conn): Promise<void> {
  if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay();
  const head = new Uint8Array(1024);
  const length = await readHead(conn, head);
  const fansOut = head[5] === "f".charCodeAt(0) || head[5] === "b".charCodeAt(0);
  await conn.write(ANSWER);
  if (fansOut) everyone.add(conn);
  const buffer = new Uint8Array(Math.min(256 * 1024, Math.max(1024, requestSize * 64)));
  let count: number | null = head.length - length;
  buffer.set(head.subarray(length));
  for (let pending = count; count !== null; count = await conn.read(buffer), pending += count ?? 0) {
    const whole = Math.floor(pending / requestSize);
    pending -= whole * requestSize;
    if (fansOut) { for (let i = 0; i < whole; i++) everyone.forEach((member) => void member.write(reply)); }
    else await writeReplies(conn, whole);
  }
  everyone.delete(conn);
  conn.close();
}

/** Reads up to the end of the head; the bytes after it are moved to the end of the buffer. */
async function readHead(conn: Deno.Conn, head: Uint8Array): Promise<number> {
  const view = new DataView(head.buffer);
  for (let length = 0; length < head.length;) {
    const count = await conn.read(head.subarray(length));
    if (count === null) break;
    length += count;
    for (let at = Math.max(0, length - count - 3); at + 4 <= length; at++) {
      if (view.getUint32(at) !== END_OF_HEAD) continue;
      head.copyWithin(head.length - (length - at - 4), at + 4, length);
      return head.length - (length - at - 4);
    }
  }
  throw new Error("The head is not whole");
}

async function writeReplies(conn: Deno.Conn, count: number): Promise<void> {
  let left = count * reply.length;
  while (left > 0) left -= await conn.write(left < replies.length ? replies.subarray(0, left) : replies);
}
