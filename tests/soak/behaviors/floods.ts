import { repeat as repeatBytes } from "../../../bench/load/frames.js";
import { concat, frame, KEY } from "../../support/frames.ts";
import { type Behavior, below, pause, repeat, type Task } from "./behavior.ts";
import { openRaw } from "./open_raw.ts";

/** How many there are. */
const PLACES = 2;

/** Texts of 120 bytes, as many as the socket takes, for some seconds; the echoes are read and dropped. */
export const floods: Behavior = async (task) => {
  const counts = { floods: 0, "MiB of floods": 0 };
  const faults = await repeat(PLACES, task, async () => {
    counts["MiB of floods"] += await flood(task) / 2 ** 20;
    counts.floods++;
    await pause(below(5000), task);
  });
  return { counts, faults };
};

async function flood(task: Task): Promise<number> {
  const { conn } = await openRaw(task.port, {});
  const block = repeatBytes(frame(0x81, "x".repeat(120), { key: KEY }), 500);
  const until = Math.min(task.until, performance.now() + 1000 + below(9000));
  const reading = (async () => {
    const buffer = new Uint8Array(256 * 1024);
    while (await conn.read(buffer) !== null);
  })().catch(() => {});
  let sent = 0;
  while (performance.now() < until) {
    for (let at = 0; at < block.length;) at += await conn.write(block.subarray(at));
    sent += block.length;
  }
  await conn.write(concat([frame(0x88, Uint8Array.of(3, 232), { key: KEY })]));
  await reading;
  conn.close();
  return sent;
}
