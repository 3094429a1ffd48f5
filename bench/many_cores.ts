/**
 * One process, two, and so on up to one for each core, all on one port: how many messages a second, and how much CPU
 * time a message takes. The system spreads the connections over the processes (`reusePort`, Linux). The load generator
 * takes a share of the cores too: `load` says how much of one.
 *
 *     deno run --allow-all bench/many_cores.ts [--rounds=3] [--seconds=3]
 */
import { parseArgs } from "node:util";
import { makeMessage } from "./load/frames.js";
import { cpuSeconds } from "./load/meter.js";
import { buildNativeLoad, nativeCommand } from "./native_load.ts";
import { pathOf } from "./paths.ts";
import { PATIENCE, Program } from "./program.ts";
import { writeScript } from "./script.ts";
import { KIB } from "./units.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "3" } },
});
const seconds = Number(values.seconds);

const ROWS = [
  { name: "128 × 16 in flight, 16 B text", payload: { length: 16, kind: "text" }, inFlight: 16 },
  { name: "128 × 4, 1 KiB binary", payload: { length: KIB, kind: "binary" }, inFlight: 4 },
] as const;

const load = await buildNativeLoad();
if (load === null) throw new Error("The load generator needs Linux and a C compiler");

/** The result of one measurement. */
interface Figures {
  /** Messages per second. */
  readonly rate: number;
  /** CPU time of a message, in microseconds. */
  readonly cpu: number;
  /** The load generator's share of a core. */
  readonly load: number;
}

async function measure(row: typeof ROWS[number], processes: number, program: string): Promise<Figures> {
  using stack = new DisposableStack();
  const servers: Program[] = [];
  let port = 0;
  while (servers.length < processes) {
    const setup = JSON.stringify({ load: "echo", sharedPort: port });
    const command = [Deno.execPath(), "run", "-A", "-q", "--unstable-net", pathOf("servers/ours.ts"), setup];
    const server = stack.use(new Program(command));
    port = await server.port();
    servers.push(server);
  }
  const script = pathOf(".cache/script");
  await writeScript({ messages: [], frames: [makeMessage(row.payload, true, 1)] }, script);
  const { inFlight } = row;
  const { pid } = servers[0];
  const task = { mode: "echo", port, pid, connections: 128, inFlight, script, path: "/", warmup: 1, seconds } as const;
  const generator = stack.use(new Program([...nativeCommand(program, task), "ready=true"]));
  await generator.ready();
  const cpu = () => servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const before = cpu();
  const { units, seconds: taken, load } = await generator.result(seconds + PATIENCE);
  return { rate: units / taken, cpu: (cpu() - before) / units * 1e6, load };
}

const middle = (figures: Figures[], name: keyof Figures) =>
  figures.map((one) => one[name]).sort((a, b) => a - b)[Math.floor(figures.length / 2)];

const cores = navigator.hardwareConcurrency;
console.log(`Deno ${Deno.version.deno}, ${cores} cores`);
for (const row of ROWS) {
  const results = Array.from({ length: cores }, (): Figures[] => []);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (let processes = 1; processes <= cores; processes++) {
      results[processes - 1].push(await measure(row, processes, load));
    }
  }
  console.log(`\n${row.name}`);
  for (const [index, figures] of results.entries()) {
    const [rate, cpu, share] = (["rate", "cpu", "load"] as const).map((name) => middle(figures, name));
    console.log(
      `${index + 1} process${index === 0 ? "  " : "es"} ${Math.round(rate).toLocaleString("en").padStart(12)}/s   ` +
        `${cpu.toFixed(2)} µs of CPU a message   load ${(100 * share).toFixed(0)} %`,
    );
  }
}
Deno.exit(0);
