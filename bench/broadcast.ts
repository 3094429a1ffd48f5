/**
 * One message to many connections: `broadcast` next to a loop of `send`, in CPU time per delivery.
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

/** In the other process: connects so many times, and drops everything that arrives. */
async function sink(port: number): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(HEAD);
    const buffer = new Uint8Array(64 * 1024);
    while (await conn.read(buffer) !== null);
  }));
}

/** JSON of a given length, with varying values. */
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
interface Way {
  readonly name: string;
  readonly send: (message: string) => void;
  /** The connections that it sends to. */
  readonly targets: Iterable<{ readonly bufferedAmount: number }>;
}

/** Servers with connections of peers in another process. */
interface Crowd extends AsyncDisposable {
  readonly ways: readonly Way[];
}

async function gatherOurs(compressed: boolean): Promise<Crowd> {
  const targets = new Set<Server>();
  const full = Promise.withResolvers<void>();
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request, { pingInterval: 0, perMessageDeflate: compressed ? { threshold: 0 } : false });
    ws.on("open", () => targets.add(ws).size === CONNECTIONS && full.resolve());
    ws.startConnection();
    return ws.response;
  });
  const peers = startPeers(server.addr.port);
  await full.promise;
  const loop = (message: string) => targets.forEach((ws) => ws.send(message));
  return {
    ways: [
      { name: "loop", send: loop, targets },
      { name: "broadcast", send: (message) => void broadcast(targets, message), targets },
    ],
    async [Symbol.asyncDispose]() {
      for (const ws of targets) ws.terminate();
      await peers.status;
      await server.shutdown();
    },
  };
}

/** The runtime's own sockets. */
async function gatherBuiltIn(): Promise<Crowd> {
  const targets = new Set<WebSocket>();
  const full = Promise.withResolvers<void>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.onopen = () => targets.add(socket).size === CONNECTIONS && full.resolve();
    return response;
  });
  const peers = startPeers(server.addr.port);
  await full.promise;
  const send = (message: string) => {
    for (const socket of targets) socket.send(message);
  };
  return {
    ways: [{ name: "built-in", send, targets }],
    async [Symbol.asyncDispose]() {
      // They don't answer a Close; without them, the sockets end.
      peers.kill();
      await peers.status;
      await server.shutdown();
    },
  };
}

function startPeers(port: number): Deno.ChildProcess {
  const args = ["run", "-A", new URL(import.meta.url).pathname, `--sink=${port}`, `--connections=${CONNECTIONS}`];
  return new Deno.Command(Deno.execPath(), { args }).spawn();
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Sends all messages to all, and returns the CPU time and the time of a delivery, in µs. */
async function run({ send, targets }: Way, messages: readonly string[]): Promise<[cpu: number, time: number]> {
  const [before, start] = [process.cpuUsage(), performance.now()];
  for (const message of messages) {
    send(message);
    for (const target of targets) while (target.bufferedAmount > 0) await turn();
  }
  const { user, system } = process.cpuUsage(before);
  const deliveries = messages.length * CONNECTIONS;
  return [(user + system) / deliveries, (performance.now() - start) * 1000 / deliveries];
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function measure(length: number, compressed: boolean): Promise<void> {
  await using ours = await gatherOurs(compressed);
  // It compresses nothing, so there is nothing to compare then.
  await using builtIn = compressed ? null : await gatherBuiltIn();
  const ways = [...ours.ways, ...builtIn?.ways ?? []];
  const messages = Array.from({ length: MESSAGES }, (_, i) => makeMessage(length, i));
  const rounds: [cpu: number, time: number][][] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const figures: [number, number][] = [];
    for (const way of ways) figures.push(await run(way, messages));
    // The first round is for warming up.
    if (round > 0) rounds.push(figures);
  }
  const costs = ways.map((_, way) => median(rounds.map((figures) => figures[way][0])).toFixed(2));
  const cell = (text: string) => text.padStart(11);
  const ratios = (which: 0 | 1) =>
    ["loop", "built-in"].map((name) => {
      const other = ways.findIndex((way) => way.name === name);
      return other < 0 ? "" : median(rounds.map((figures) => figures[other][which] / figures[1][which])).toFixed(2);
    });
  const what = `${length} B ${compressed ? "compressed" : "plain"}`.padEnd(18);
  console.log(what + [...costs, ...Array(3 - costs.length).fill(""), ...ratios(0), ...ratios(1)].map(cell).join(""));
}

const port = option("sink", 0);
if (port > 0) {
  await sink(port);
} else {
  console.log(
    `${CONNECTIONS} connections; µs of CPU a delivery, and what the others take for each that broadcast takes`,
  );
  const titles = ["loop", "broadcast", "built-in", "÷ loop", "÷ built-in", "in time", "in time"];
  console.log(" ".repeat(18) + titles.map((title) => title.padStart(11)).join(""));
  for (const compressed of [true, false]) for (const length of [128, 4096]) await measure(length, compressed);
}
