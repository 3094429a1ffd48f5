/**
 * The benchmarks: every server in its own process in turn, under the same load from another process, in several
 * rounds, so that other load on the machine affects all alike.
 *
 *     deno task bench --only=16b --servers=ours,built-in
 */
import { cpus } from "node:os";
import { makeCertificate } from "../tests/support/certificate.ts";
import { Progress } from "../tests/support/progress.ts";
import { drawChart } from "./chart.ts";
import { type Contender, FLOOR, OURS } from "./contenders.ts";
import type { Sample } from "./load/task.js";
import { type Conditions, measure, needsNativeLoad, runnerOf } from "./measure.ts";
import { type BenchOptions, chooseContenders, parseOptions, USAGE } from "./options.ts";
import { buildNativeLoad } from "./native_load.ts";
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

/** A row that is to be measured. */
interface Plan {
  readonly workload: Workload;
  readonly contenders: readonly Contender[];
  readonly rounds: number;
}

async function main(options: BenchOptions): Promise<void> {
  const packages = await installPackages();
  const { conditions, load } = await prepare(options, packages);
  const described = { ...describe(packages), load };
  console.log(`${described.machine}; ${JSON.stringify(described.versions)}; load generator ${load}`);
  const { leftOut } = options;
  if (leftOut.length > 0) console.error(`Left out, as a process may have too few descriptors (ulimit -n): ${leftOut}`);
  const plans = options.rows.filter((row) => conditions.nativeLoad !== null || !needsNativeLoad(row)).map((workload) =>
    makePlan(workload, options, packages, options.contenders)
  );
  const curves = options.growth
    .map((workload) => makePlan(workload, { ...options, rounds: 1 }, packages, options.contenders ?? [OURS, FLOOR]));
  const all = [...plans, ...curves];
  const rows: Row[] = [];
  {
    using progress = new Progress(all.reduce((sum, { contenders, rounds }) => sum + contenders.length * rounds, 0));
    let done = 0;
    for (const plan of all) {
      const row = await measureRow(
        plan,
        conditions,
        (name) => progress.update(done++, `${name}: ${plan.workload.name}`),
      );
      rows.push(row);
      if (!curves.includes(plan)) progress.print(formatRow(row));
    }
  }
  if (curves.length > 0) console.log(formatGrowth(rows));
  const { rounds, seconds } = options;
  if (options.save) await save({ ...described, rounds, seconds, rows });
}

/** Prepares what all measurements share; `load` says what loads the servers. */
async function prepare(options: BenchOptions, packages: Packages): Promise<{ conditions: Conditions; load: string }> {
  const { seconds, warmup, load } = options;
  const nativeLoad = load === null || load === "c" ? await buildNativeLoad() : null;
  if (load === "c" && nativeLoad === null) {
    throw new Error("Cannot build bench/load/load.c: expected Linux and a C compiler");
  }
  const runtime = load === null || load === "c" ? lightestRuntime(packages) : load;
  const conditions: Conditions = {
    ...{ seconds, warmup, packages, nativeLoad },
    loadCommand: runnerOf(runtime, packages, "load/main.js"),
    serverCommand: runnerOf(packages.versions.node === null ? "deno" : "node", packages, "load/fixed_server.js"),
    identity: await makeCertificate({ hostnames: ["localhost"] }),
  };
  return {
    conditions,
    load: nativeLoad === null ? `on ${runtime}` : `in C; for TLS and idle connections on ${runtime}`,
  };
}

function makePlan(
  workload: Workload,
  { rounds, servers, clients }: BenchOptions,
  packages: Packages,
  chosen: readonly string[] | null,
): Plan {
  const contenders = chooseContenders(workload.side === "server" ? servers : clients, chosen)
    .filter(({ command, compresses }) => command(packages) !== null && !(workload.compressed && compresses === false));
  return { workload, contenders, rounds };
}

async function measureRow(
  { workload, contenders, rounds }: Plan,
  conditions: Conditions,
  onMeasure: (name: string) => void,
): Promise<Row> {
  const row = makeRow(workload, contenders);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      onMeasure(contender.name);
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
