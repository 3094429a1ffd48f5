/**
 * The clients of the soak test: random messages, random faults. Prints what they saw, as JSON.
 *
 * @module
 */
import { type Client, makeClient } from "@wsd/driver";
import { argument, type Told } from "./soak.ts";

const port = argument("port", 0);
const connections = argument("connections", 0);
const until = performance.now() + 1000 * argument("seconds", 0);

/** How many connections are opened at once. */
const AT_ONCE = 50;

/** One connection in so many is broken on purpose, each time that it acts. */
const BROKEN = 200;

const told = { sent: 0, received: 0, opened: 0, broken: 0, lost: 0, faults: [] as string[] } satisfies Told;

const pool = new Uint8Array(256 * 1024);
for (let at = 0; at < pool.length; at += 65_536) crypto.getRandomValues(pool.subarray(at, at + 65_536));

function below(count: number): number {
  return Math.floor(Math.random() * count);
}

/** One place among the connections: one after the other, until the time is over. */
async function place(): Promise<void> {
  while (performance.now() < until) {
    try {
      await visit();
    } catch (error) {
      if (told.faults.length < 10) told.faults.push(String(error));
      await turn(100);
    }
  }
}

async function visit(): Promise<void> {
  const ws = makeClient(`ws://127.0.0.1:${port}/`, {
    perMessageDeflate: below(4) === 0,
    handshakeTimeout: 60_000,
    closeTimeout: 60_000,
    pingInterval: below(2) * 15_000,
    pingTimeout: 60_000,
  });
  let [sent, received, broken] = [0, 0, false];
  const wanted: (string | Uint8Array)[] = [];
  ws.on("message", (message) => {
    received++;
    if (!isSame(message, wanted.shift())) told.faults.push("A message came back changed");
  });
  const closed = new Promise<number>((resolve) => ws.on("close", ({ code }) => resolve(code)));
  await opening.run(() => ws.startConnection());
  told.opened++;
  while (performance.now() < until && !broken) {
    await turn(500 + below(4000));
    if (ws.readyState !== "open") break;
    if (below(BROKEN) === 0) {
      broken = true;
      breakIt(ws);
      break;
    }
    for (let left = below(4); left > 0; left--) {
      const message = randomMessage();
      if (!ws.send(message)) break;
      wanted.push(message);
      sent++;
    }
  }
  if (!broken) {
    // The echo of the last message stands in front of the pong.
    await new Promise<void>((resolve) => {
      void closed.then(() => resolve());
      if (!ws.sendPing("last", resolve)) resolve();
    });
    ws.closeConnection();
  }
  const code = await closed;
  if (broken) {
    told.broken++;
    return;
  }
  if (code !== 1000) told.lost++;
  told.sent += sent;
  told.received += received;
}

/** What broken peers do: vanish, close with what they sent unread, send and vanish. */
function breakIt(ws: Client): void {
  const kind = below(3);
  if (kind === 1) ws.send(pool.subarray(0, 100_000));
  if (kind === 2) {
    for (let count = 0; count < 20; count++) ws.send(pool.subarray(0, 5000));
    ws.pause();
  }
  ws.terminate();
}

function randomMessage(): string | Uint8Array {
  const length = below(20) === 0 ? below(100_000) : below(300);
  if (below(2) === 0) return "é€😀 lorem ipsum ".repeat(Math.ceil(length / 15));
  const start = below(pool.length - length);
  return pool.subarray(start, start + length);
}

function isSame(one: string | Uint8Array, other: string | Uint8Array | undefined): boolean {
  if (typeof one === "string" || other === undefined || typeof other === "string") return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** Waits, as clients do between messages; this is a program, no test. */
function turn(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, Math.max(0, Math.min(milliseconds, until - performance.now())));
  return promise;
}

/** Lets only so many handshakes be under way. */
const opening = {
  free: AT_ONCE,
  waiting: [] as (() => void)[],
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.free--;
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    }
  },
};

await Promise.all(Array.from({ length: connections }, place));
console.log(JSON.stringify(told));
