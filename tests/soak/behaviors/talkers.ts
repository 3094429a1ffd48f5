import { type Client, makeClient } from "@wsd/driver";
import { PATIENCE } from "../patience.ts";
import { type Behavior, below, pause, repeat, type Task } from "./behavior.ts";

/** How many connections are opened at once. */
const AT_ONCE = 50;

/** One connection in so many is broken on purpose, each time that it acts. */
const BROKEN = 200;

/** Random bytes, of which messages are made. */
const NOISE = new Uint8Array(256 * 1024);
for (let at = 0; at < NOISE.length; at += 65_536) crypto.getRandomValues(NOISE.subarray(at, at + 65_536));

/** What all talkers together saw. */
class Tally {
  sent = 0;
  received = 0;
  opened = 0;
  broken = 0;
  lost = 0;
  changed = 0;
  readonly roundTrips: number[] = [];
  readonly #opening = { free: AT_ONCE, waiting: [] as (() => void)[] };

  /** Lets only so many handshakes be under way. */
  async open(ws: Client): Promise<void> {
    const { waiting } = this.#opening;
    if (this.#opening.free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else this.#opening.free--;
    try {
      await ws.startConnection();
      this.opened++;
    } finally {
      const next = waiting.shift();
      if (next === undefined) this.#opening.free++;
      else next();
    }
  }
}

/** Random messages and random faults: every message comes back, unless its connection is broken on purpose. */
export const talkers: Behavior = async (task) => {
  const tally = new Tally();
  const faults = await repeat(task.connections, task, () => visit(task, tally));
  const { sent, received, opened, broken, lost, changed, roundTrips } = tally;
  if (sent !== received || lost > 0) faults.push(`${sent - received} messages and ${lost} connections were lost`);
  if (changed > 0) faults.push(`${changed} messages came back changed`);
  roundTrips.sort((a, b) => a - b);
  const counts = {
    "connections opened": opened,
    "broken on purpose": broken,
    "messages sent on the others": sent,
    "came back": received,
    "ms round trip at p50": roundTrips[Math.floor(roundTrips.length * 0.5)] ?? 0,
    "ms at p99": roundTrips[Math.floor(roundTrips.length * 0.99)] ?? 0,
  };
  return { counts, faults };
};

/** One connection, from its opening to its end. */
async function visit(task: Task, tally: Tally): Promise<void> {
  const ws = makeClient(`ws://127.0.0.1:${task.port}/`, {
    perMessageDeflate: below(4) === 0,
    handshakeTimeout: PATIENCE,
    closeTimeout: PATIENCE,
    pingInterval: below(2) * 15_000,
    pingTimeout: PATIENCE,
  });
  let [sent, received] = [0, 0];
  const expected: (string | Uint8Array)[] = [];
  ws.on("message", (message) => {
    received++;
    if (!isSame(message, expected.shift())) tally.changed++;
  });
  const closed = new Promise<number>((resolve) => ws.on("close", ({ code }) => resolve(code)));
  await tally.open(ws);
  while (performance.now() < task.until) {
    await pause(500 + below(4000), task);
    if (ws.readyState !== "open") break;
    if (below(BROKEN) === 0) {
      breakOff(ws);
      await closed;
      tally.broken++;
      return;
    }
    for (let left = below(4); left > 0; left--) {
      const message = randomMessage();
      if (!ws.send(message)) break;
      expected.push(message);
      sent++;
    }
  }
  // The echo of the last message stands in front of the Pong.
  const start = performance.now();
  await Promise.race([closed, new Promise<void>((resolve) => ws.sendPing("last", resolve) || resolve())]);
  tally.roundTrips.push(performance.now() - start);
  ws.closeConnection();
  if (await closed !== 1000) tally.lost++;
  tally.sent += sent;
  tally.received += received;
}

/** What broken peers do: vanish, close with what they sent unread, send and vanish. */
function breakOff(ws: Client): void {
  const kind = below(3);
  if (kind === 1) ws.send(NOISE.subarray(0, 100_000));
  if (kind === 2) {
    for (let count = 0; count < 20; count++) ws.send(NOISE.subarray(0, 5000));
    ws.pause();
  }
  ws.terminate();
}

function randomMessage(): string | Uint8Array {
  const length = below(20) === 0 ? below(100_000) : below(300);
  if (below(2) === 0) return "é€😀 lorem ipsum ".repeat(Math.ceil(length / 15));
  const start = below(NOISE.length - length);
  return NOISE.subarray(start, start + length);
}

function isSame(one: string | Uint8Array, other: string | Uint8Array | undefined): boolean {
  if (typeof one === "string" || other === undefined || typeof other === "string") return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
