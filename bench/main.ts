/**
 * The benchmarks: every server in its own process in turn, under the same load from another process, in several
 * rounds, so that what else the machine does hits all alike.
 *
 *     deno task bench --only=16b --servers=ours,built-in
 */
import { cpus } from "node:os";
import { makeCertificate } from "../tests/support/certificate.ts";
import { drawChart } from "./chart.ts";
import { FLOOR, OURS } from "./contenders.ts";
import type { Sample } from "./load/main.js";
import { type Conditions, measure, runnerOf } from "./measure.ts";
import { type BenchOptions, chooseContenders, parseOptions, USAGE } from "./options.ts";
import { installPackages, type Packages } from "./packages.ts";
import { RESULTS } from "./paths.ts";
import { formatGrowth, formatMarkdown, formatRow } from "./report.ts";
import { makeRow, type Results, type Row } from "./results.ts";
import type { Workload } from "./workloads.ts";

if (Deno.args.includes("--help")) {
  console.log(USAGE);
  Deno.exit(0);
}
let failures = 0;
await main(parseOptions(Deno.args));
if (failures > 0) console.error(`\n${failures} measurements FAILED`);
Deno.exit(failures > 0 ? 1 : 0);

async function main(options: BenchOptions): Promise<void> {
  const packages = await installPackages();
  const runtime = options.load ?? lightestRuntime(packages);
  const conditions: Conditions = {
    seconds: options.seconds,
    warmup: options.warmup,
    packages,
    loadCommand: runnerOf(runtime, packages, "load/main.js"),
    serverCommand: runnerOf(packages.versions.node === null ? "deno" : "node", packages, "load/fixed_server.js"),
    identity: await makeCertificate({ hostnames: ["localhost"] }),
  };
  const { date, machine, versions } = describe(packages);
  console.log(`${machine}; ${JSON.stringify(versions)}; load generator on ${runtime}`);
  const rows: Row[] = [];
  for (const workload of options.rows) {
    const row = await measureRow(workload, options, conditions, options.contenders);
    rows.push(row);
    console.log(formatRow(row));
  }
  const growth: Row[] = [];
  for (const workload of options.growth) {
    growth.push(await measureRow(workload, { ...options, rounds: 1 }, conditions, options.contenders ?? [OURS, FLOOR]));
  }
  if (growth.length > 0) console.log(formatGrowth(growth));
  const { rounds, seconds } = options;
  if (options.save) await save({ date, machine, versions, load: runtime, rounds, seconds, rows: [...rows, ...growth] });
}

async function measureRow(
  workload: Workload,
  { rounds, servers, clients }: BenchOptions,
  conditions: Conditions,
  chosen: readonly string[] | null,
): Promise<Row> {
  const contenders = chooseContenders(workload.side === "server" ? servers : clients, chosen)
    .filter((contender) => contender.command(conditions.packages) !== null);
  const row = makeRow(workload, contenders);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      let sample: Sample | null = null;
      try {
        sample = await measure(workload, contender, conditions);
      } catch (error) {
        failures++;
        console.error(`FAILED: ${contender.name}, ${workload.name}: ${error}`);
      }
      row.measured[index].samples.push(sample);
    }
  }
  return row;
}

/** Of those that are there, the one that takes the least time for a read and a write. */
function lightestRuntime({ versions }: Packages): string {
  if (versions.bun !== null) return "bun";
  return versions.node !== null ? "node" : "deno";
}

function describe({ versions }: Packages): Pick<Results, "date" | "machine" | "versions"> {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${cores.length} cores of ${cores[0]?.model.trim() ?? Deno.build.arch}, ${Deno.build.os}`,
    versions: { deno: Deno.version.deno, v8: Deno.version.v8, ...versions },
  };
}

async function save(results: Results): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  const name = results.date.slice(0, 10);
  await Deno.writeTextFile(new URL(`${name}.json`, RESULTS), JSON.stringify(results, null, 2) + "\n");
  await Deno.writeTextFile(new URL(`${name}.md`, RESULTS), formatMarkdown(results));
  await Deno.writeTextFile(new URL(`${name}.svg`, RESULTS), drawChart(results));
  console.log(`\nWritten: bench/results/${name}.json, .md and .svg`);
}
