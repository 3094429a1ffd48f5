/**
 * One message to many connections: `broadcast` beside a loop of `send`, in CPU time a delivery.
 *
 *     deno run -A bench/broadcast.ts [--connections=100] [--messages=300] [--rounds=3]
 *
 * The peers are another process, which reads and drops everything.
 *
 * @module
 */
import process from "node:process";
import { broadcast, makeServer, serve, type Server } from "@wsd/driver";

const HEAD = new TextEncoder().encode(
  "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
);

function option(name: string, otherwise: number): number {
  const prefix = `--${name}=`;
  return Number(Deno.args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length) ?? otherwise);
}

const CONNECTIONS = option("connections", 100);
const MESSAGES = option("messages", 300);
const ROUNDS = option("rounds", 3);

/** In the other process: connects so many times, and drops what comes. */
async function sink(port: number): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(HEAD);
    const buffer = new Uint8Array(64 * 1024);
    while (await conn.read(buffer) !== null);
  }));
}

/** JSON of so many bytes, whose values vary. */
function makeMessage(length: number, seed: number): string {
  const rows: string[] = [];
  for (let i = 0, size = 0; size < length; i++) {
    const row = JSON.stringify({ id: i, symbol: `SYM${(i * 7 + seed) % 50}`, price: Math.sin(seed * 31 + i) * 1e3 });
    rows.push(row);
    size += row.length + 1;
  }
  return rows.join(",").slice(0, length);
}

/** A way to send one message to all. */
type Send = (servers: ReadonlySet<Server>, message: string) => void;

const WAYS: Readonly<Record<string, Send>> = {
  "a loop of send": (servers, message) => {
    for (const ws of servers) ws.send(message);
  },
  "broadcast": (servers, message) => void broadcast(servers, message),
};

async function measure(length: number, compressed: boolean): Promise<void> {
  const servers = new Set<Server>();
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request, { pingInterval: 0, perMessageDeflate: compressed ? { threshold: 0 } : false });
    ws.on("open", () => servers.add(ws));
    ws.startConnection();
    return ws.response;
  });
  const { port } = server.addr as Deno.NetAddr;
  const args = ["run", "-A", new URL(import.meta.url).pathname, `--sink=${port}`, `--connections=${CONNECTIONS}`];
  const peers = new Deno.Command(Deno.execPath(), { args }).spawn();
  while (servers.size < CONNECTIONS) await new Promise((resolve) => setTimeout(resolve, 10));
  const messages = Array.from({ length: MESSAGES }, (_, i) => makeMessage(length, i));
  const written = async () => {
    for (const ws of servers) while (ws.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  const costs: Record<string, number[]> = { "a loop of send": [], "broadcast": [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, send] of Object.entries(WAYS)) {
      const before = process.cpuUsage();
      for (const message of messages) {
        send(servers, message);
        await written();
      }
      const { user, system } = process.cpuUsage(before);
      // The first round is for warming up.
      if (round > 0) costs[name].push((user + system) / (MESSAGES * CONNECTIONS));
    }
  }
  const medians = Object.values(costs).map((values) => values.toSorted((a, b) => a - b)[values.length >> 1]);
  const what = `${length} B ${compressed ? "compressed" : "plain"}`.padEnd(20);
  const figures = medians.map((value) => value.toFixed(2).padStart(10)).join("");
  console.log(`${what}${figures}   ${(medians[0] / medians[1]).toFixed(2)}`);
  for (const ws of servers) ws.terminate();
  await peers.status;
  await server.shutdown();
}

const port = option("sink", 0);
if (port > 0) {
  await sink(port);
} else {
  console.log(`${CONNECTIONS} connections; µs of CPU a delivery, medians of ${ROUNDS} rounds`);
  console.log(`${"".padEnd(20)}      loop broadcast   ratio`);
  for (const compressed of [true, false]) for (const length of [128, 4096]) await measure(length, compressed);
}
