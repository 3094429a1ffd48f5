/** One measurement: a server or a client in a process of its own, and the load that it is given from another one. */
import { checkCompressed } from "./check_compressed.ts";
import { type Contender, FLOOR } from "./contenders.ts";
import { checkEcho } from "./load/check.js";
import { makeRequest } from "./load/handshake.js";
import type { Sample } from "./load/task.js";
import { nativeCommand } from "./native_load.ts";
import type { Packages } from "./packages.ts";
import { pathOf } from "./paths.ts";
import { PATIENCE, Program } from "./program.ts";
import { makeScript, writeScript } from "./script.ts";
import { FLOOD, type Workload } from "./workloads.ts";

/** The conditions that all measurements of a run share. */
export interface Conditions {
  /** How long to measure, in seconds. */
  readonly seconds: number;
  /** How long to run before, in seconds. */
  readonly warmup: number;
  /** The installed packages. */
  readonly packages: Packages;
  /** The load generator in C; null if another one is used. */
  readonly nativeLoad: string | null;
  /** The program that runs the load generator in JavaScript, with its first arguments. */
  readonly loadCommand: readonly string[];
  /** The program that runs the fixed server, with its first arguments. */
  readonly serverCommand: readonly string[];
  /** The certificate and the key for TLS. */
  readonly identity: { readonly cert: string; readonly key: string };
}

/**
 * Measures one contender under one workload.
 *
 * @param row The workload.
 * @param contender The contender.
 * @param conditions The conditions that the measurements share.
 * @returns The measurement; null if the contender can't run here.
 * @throws {Error} If it fails: it dies, refuses, or echoes something else.
 */
export function measure(row: Workload, contender: Contender, conditions: Conditions): Promise<Sample | null> {
  const command = contender.command(conditions.packages);
  if (command === null) return Promise.resolve(null);
  return row.side === "server"
    ? measureServer(row, contender, command, conditions)
    : measureClient(row, command, conditions);
}

/**
 * Checks whether only the load generator in C can measure a row.
 *
 * @param row The row.
 */
export function needsNativeLoad({ compressed, every }: Workload): boolean {
  return compressed === true || every !== undefined;
}

/** Holds a program to the first core, if the system can. */
const ONE_CORE = Deno.build.os === "linux" ? ["taskset", "--cpu-list", "0"] : [];

/** The paths that the servers know. */
const PATHS = {
  echo: "/",
  idle: "/",
  handshakes: "/",
  fanOut: "/fan-out",
  broadcast: "/broadcast",
} as const;

/** The task of the load generator in C for a row. */
const MODES = {
  echo: "echo",
  idle: "echo",
  handshakes: "handshakes",
  fanOut: "fanOut",
  broadcast: "fanOut",
} as const;

async function measureServer(
  row: Workload,
  contender: Contender,
  command: string[],
  conditions: Conditions,
): Promise<Sample> {
  const { seconds, warmup, packages, identity, nativeLoad } = conditions;
  const { load, payload, fragments, tls, compressed, pinned, flooders = 0 } = row;
  const setup = { modules: packages.folder, load, payload, fragments, compressed, ...(tls ? identity : {}) };
  const core = pinned ? ONE_CORE : [];
  using server = new Program([...core, ...command, JSON.stringify(setup)]);
  const port = await server.port();
  const isChecked = contender.id !== FLOOR;
  const isNative = nativeLoad !== null && !tls && load !== "idle";
  const generatorCommand = isNative
    ? await prepareNative(row, nativeLoad, { port, pid: server.pid, seconds, warmup }, isChecked)
    : prepareScripted(row, { port, pid: server.pid, seconds, warmup }, isChecked, conditions);
  const beside = flooders === 0 ? [] : besideFlood(warmup);
  using generator = new Program([...core, ...generatorCommand, ...beside]);
  if (flooders > 0) await generator.ready();
  using flood = flooders === 0 ? null : new Program(floodCommand(flooders, generatorCommand));
  await flood?.ready();
  const sample = await Promise.race([generator.result(seconds + warmup + 2 * PATIENCE), server.death()]);
  const flooded = await flood?.stop();
  const extra = flooded === undefined ? {} : { flood: flooded.units / flooded.seconds };
  if (!isNative) return { ...sample, ...extra };
  return { ...sample, bytes: load === "handshakes" ? 0 : sample.units * payload.length, ...extra };
}

/**
 * The task of the load generator in C next to a flood. Its connections are open before the flood begins, since some
 * servers answer no handshake during one; so it begins a second later.
 */
function besideFlood(warmup: number): string[] {
  return ["ready=true", `warmup=${warmup + 1}`];
}

/** The command of a load generator in C that floods until it is stopped, made of that of another one. */
function floodCommand(connections: number, command: readonly string[]): string[] {
  return [...command, "every=0", `connections=${connections}`, `inFlight=${FLOOD}`, "seconds=3600", "ready=true"];
}

/** Where a server listens, its process, and how long it is measured. */
interface Target {
  readonly port: number;
  readonly pid: number;
  readonly seconds: number;
  readonly warmup: number;
}

/** Checks the server, and makes the command of the load generator in C. */
async function prepareNative(row: Workload, program: string, target: Target, isChecked: boolean): Promise<string[]> {
  const { load, connections, inFlight, compressed } = row;
  const script = await makeScript(row);
  if (isChecked && compressed) await checkCompressed(target.port, script);
  if (isChecked && !compressed) {
    await checkEcho({ host: "127.0.0.1", port: target.port, tls: false }, makeRequest("/"));
  }
  const file = pathOf(".cache/script");
  await writeScript(script, file);
  return nativeCommand(program, {
    ...target,
    mode: MODES[load],
    ...{ connections, inFlight, script: file, path: PATHS[load] },
    ...(row.every === undefined ? {} : { every: row.every }),
    ...(compressed ? { extensions: "permessage-deflate; client_max_window_bits" } : {}),
  });
}

/** Makes the command of the load generator in JavaScript, which checks the server by itself. */
function prepareScripted(row: Workload, target: Target, check: boolean, { loadCommand }: Conditions): string[] {
  const { load, connections, inFlight, payload, fragments, tls } = row;
  const run = load === "broadcast" ? "fanOut" : load;
  const task = { ...target, load: run, connections, inFlight, payload, fragments, tls, path: PATHS[load], check };
  return [...loadCommand, JSON.stringify(task)];
}

async function measureClient(row: Workload, command: string[], conditions: Conditions): Promise<Sample> {
  const { seconds, warmup, packages, serverCommand } = conditions;
  const { connections, inFlight, payload } = row;
  using server = new Program([...serverCommand, JSON.stringify({ payload })]);
  const port = await server.port();
  const task = { port, pid: server.pid, connections, inFlight, payload, warmup, seconds, modules: packages.folder };
  using client = new Program([...command, JSON.stringify(task)]);
  return await Promise.race([client.result(seconds + warmup + PATIENCE), server.death()]);
}

/** The program and its first arguments that run a script of the benchmarks. */
export function runnerOf(runtime: string, packages: Packages, script: string): string[] {
  const file = pathOf(script);
  if (runtime === "bun") return [packages.bun, "run", file];
  return runtime === "node" ? ["node", file] : [Deno.execPath(), "run", "-A", "-q", file];
}
