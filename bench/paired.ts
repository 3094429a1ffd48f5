/**
 * An echo in memory by several checkouts of this project, each in many short processes, in turn: shows differences of
 * about a percent.
 *
 *     deno run -A bench/paired.ts [--pairs=20] . ../other
 *
 * Give a folder twice to see how far two of the same differ.
 *
 * @module
 */
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type * as driver from "@wsd/driver";

/** How many messages of 16 bytes are under way, and how many there are in a round: a few milliseconds. */
const IN_FLIGHT = 64;
const MESSAGES = 6400;

/** How many rounds a process runs, and how many of them only warm up. */
const ROUNDS = 160;
const WARMUP = 40;

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** In a process of its own: the CPU time of a message there and back, in µs. */
async function measure(folder: string): Promise<number> {
  const { makePair } = await import(pathToFileURL(resolve(folder, "mod.ts")).href) as typeof driver;
  const { client, server } = await makePair({ pingInterval: 0 });
  let [left, done] = [0, () => {}];
  server.on("message", (message) => server.send(message));
  client.on("message", (message) => {
    if (--left >= IN_FLIGHT) client.send(message);
    else if (left === 0) done();
  });
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    await new Promise<void>((resolve) => {
      [left, done] = [MESSAGES, resolve];
      for (let i = 0; i < IN_FLIGHT; i++) client.send("0123456789abcdef");
    });
    const { user, system } = process.cpuUsage(before);
    if (round >= WARMUP) costs.push((user + system) / MESSAGES);
  }
  return median(costs);
}

async function run(folder: string): Promise<number> {
  const args = ["run", "-A", new URL(import.meta.url).pathname, `--measure=${folder}`];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return Number(new TextDecoder().decode(stdout));
}

const { values, positionals: folders } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { pairs: { type: "string", default: "20" }, measure: { type: "string" } },
});
if (values.measure !== undefined) {
  console.log(await measure(values.measure));
  Deno.exit();
}
const costs: number[][] = folders.map(() => []);
for (let pair = 0; pair < Number(values.pairs); pair++) {
  // Each is the first in turn.
  for (let i = 0; i < folders.length; i++) {
    const index = (i + pair) % folders.length;
    costs[index].push(await run(folders[index]));
  }
}
for (const [index, folder] of folders.entries()) {
  const ratio = median(costs[index].map((cost, pair) => cost / costs[0][pair]));
  console.log(`${folder}: ${median(costs[index]).toFixed(3)} µs of CPU a message, ÷ the first ${ratio.toFixed(3)}`);
}
