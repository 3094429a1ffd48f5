/**
 * A server with peers that never read, and peers that do, all of them told everything. Prints what became of it, as JSON:
 * see broadcast_test.ts.
 *
 * @module
 */
import { memoryInUse } from "../support/memory.ts";
import { broadcast, makeServer, serve, type Server } from "@wsd/driver";

const MIB = 1024 * 1024;
const QUICK = 10;
const STUCK = 5;
const SLOW_LIMIT = 4 * MIB;
const MESSAGES = 6_000;
const LENGTH = 4 * 1024;

const servers = new Set<Server>();
const codes: number[] = [];
const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
  const ws = makeServer(request, { closeTimeout: 1_000, pingInterval: 0 });
  ws.on("open", () => servers.add(ws));
  ws.on("error", ({ closeCode }) => closeCode !== null && codes.push(closeCode));
  ws.startConnection();
  return ws.response;
});
const { port } = server.addr as Deno.NetAddr;
const HEAD = new TextEncoder().encode(
  "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
);

async function connect(): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(HEAD);
  return conn;
}

/** Reads frames of one length, each with its number, and checks the order; returns how many came. */
async function read(conn: Deno.Conn): Promise<number> {
  const frame = new Uint8Array(4 + LENGTH);
  const buffer = new Uint8Array(64 * 1024);
  let [filled, count, inHead, tail] = [0, 0, true, ""];
  while (count < MESSAGES) {
    const length = await conn.read(buffer);
    if (length === null) break;
    let at = 0;
    for (; inHead && at < length; at++) {
      tail = (tail + String.fromCharCode(buffer[at])).slice(-4);
      inHead = tail !== "\r\n\r\n";
    }
    while (at < length) {
      const part = buffer.subarray(at, Math.min(length, at + frame.length - filled));
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < frame.length) continue;
      if (new DataView(frame.buffer).getUint32(4) !== count) return -1;
      filled = 0;
      count++;
    }
  }
  return count;
}

const quick = await Promise.all(Array.from({ length: QUICK }, connect));
await Promise.all(Array.from({ length: STUCK }, connect));
while (servers.size < QUICK + STUCK) await new Promise((resolve) => setTimeout(resolve, 0));
const counts = Promise.all(quick.map(read));
const start = memoryInUse();
let most = start;
const message = new Uint8Array(LENGTH);
for (let i = 0; i < MESSAGES; i++) {
  new DataView(message.buffer).setUint32(0, i);
  broadcast(servers, message, { slowLimit: SLOW_LIMIT });
  if (i % 10 > 0) continue;
  await new Promise((resolve) => setTimeout(resolve, 0));
  // Those who read are given the time to.
  for (let turn = 0; turn < 10; turn++) {
    if (![...servers].some((ws) => ws.readyState === "open" && ws.bufferedAmount > MIB)) break;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (i % 250 === 0) most = Math.max(most, memoryInUse());
}
const received = await counts;
console.log(
  JSON.stringify({ grown: most - start, stuck: STUCK, slowLimit: SLOW_LIMIT, codes, received, expected: MESSAGES }),
);
Deno.exit(0);
