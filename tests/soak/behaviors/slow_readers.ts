import { makeClient, type Transport } from "@wsd/driver/client";
import { PATIENCE } from "../patience.ts";
import { type Behavior, below, pause, repeat, type Task, within } from "./behavior.ts";

const MIB = 1 << 20;

/** How many there are. */
const PLACES = 4;

/** How much is read at a time. */
const PORTION = 64 * 1024;

/** Clients on slow lines: they read at 1 to 8 MiB a second, and get messages of up to 100 MiB, each of them whole. */
export const slowReaders: Behavior = async (task) => {
  const counts = { "large messages": 0, "MiB read slowly": 0 };
  const faults = await repeat(PLACES, task, async () => {
    const speed = (1 + below(8)) * MIB;
    const most = Math.min(100 * MIB, speed * (task.until - performance.now()) / 1000 / 2);
    if (most < MIB) return await pause(PATIENCE, task);
    const length = MIB + below(most - MIB);
    await download(length, speed, task);
    counts["large messages"]++;
    counts["MiB read slowly"] += length / MIB;
  });
  return { counts, faults };
};

async function download(length: number, speed: number, task: Task): Promise<void> {
  const transport = await slowTransport(task.port, speed);
  const ws = makeClient(`ws://127.0.0.1:${task.port}/large`, {
    transport,
    maxLength: 128 * MIB,
    closeTimeout: PATIENCE,
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  ws.on("message", (message) => resolve(message.length));
  const what = `A slow reader of ${length} bytes at ${speed / MIB} MiB/s`;
  let cause: unknown = "no error";
  ws.on("error", (error) => cause = error);
  ws.on("close", ({ code, reason }) => reject(new Error(`${what} was closed with ${code} ${reason} (${cause})`)));
  await ws.startConnection();
  ws.send(String(length));
  const received = await within("A slow download", 1000 * length / speed * 3 + PATIENCE, promise);
  if (received !== length) throw new Error(`A message of ${length} bytes came with ${received}`);
  ws.closeConnection();
}

/** A connection that reads no faster than a given number of bytes per second. */
async function slowTransport(port: number, speed: number): Promise<Transport> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  let free = performance.now();
  return {
    retainsWrites: false,
    async read(buffer) {
      const wait = free - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const count = await conn.read(buffer.subarray(0, PORTION));
      free = Math.max(free, performance.now() - 100) + 1000 * (count ?? 0) / speed;
      return count;
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    closeWrite: () => conn.closeWrite(),
    close() {
      try {
        conn.close();
      } catch {
        // It is closed already.
      }
    },
  };
}
