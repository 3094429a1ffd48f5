/** One measurement: a server or a client in a process of its own, and the load that it is given from another one. */
import type { Contender } from "./contenders.ts";
import { FLOOR } from "./contenders.ts";
import { checkCompressed } from "./check_compressed.ts";
import { checkEcho } from "./load/check.js";
import { makeRequest } from "./load/handshake.js";
import type { Sample } from "./load/task.js";
import { nativeCommand } from "./native_load.ts";
import type { Packages } from "./packages.ts";
import { pathOf } from "./paths.ts";
import { makeScript, writeScript } from "./script.ts";
import type { Workload } from "./workloads.ts";

/** How long a process may take beyond what it was told to take, in seconds. */
const PATIENCE = 60;

/** What all measurements of a run share. */
export interface Conditions {
  /** How long to measure, in seconds. */
  readonly seconds: number;
  /** How long to run before, in seconds. */
  readonly warmup: number;
  /** What is installed. */
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
 * @param contender Who is measured.
 * @param conditions What the measurements share.
 * @returns What was measured; null where the contender can't run here.
 * @throws {Error} Where it fails: it dies, refuses, or echoes something else.
 */
export function measure(row: Workload, contender: Contender, conditions: Conditions): Promise<Sample | null> {
  const command = contender.command(conditions.packages);
  if (command === null) return Promise.resolve(null);
  return row.side === "server"
    ? measureServer(row, contender, command, conditions)
    : measureClient(row, command, conditions);
}

/** Holds a program to the first core, where the system can. */
const ONE_CORE = Deno.build.os === "linux" ? ["taskset", "--cpu-list", "0"] : [];

/** The paths that the servers know. */
const PATHS = {
  echo: "/",
  idle: "/",
  flood: "/",
  handshakes: "/",
  fanOut: "/fan-out",
  broadcast: "/broadcast",
} as const;

/** What the load generator in C does for a row. */
const MODES = {
  echo: "echo",
  idle: "echo",
  flood: "flood",
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
  const { load, payload, fragments, tls, compressed, pinned } = row;
  const setup = { modules: packages.folder, load, payload, fragments, compressed, ...(tls ? identity : {}) };
  const { flooders = 0 } = row;
  const core = pinned ? ONE_CORE : [];
  using server = new Program([...core, ...command, JSON.stringify(setup)]);
  const port = await server.port();
  const isChecked = contender.id !== FLOOR;
  const isNative = nativeLoad !== null && !tls && load !== "idle";
  const generatorCommand = isNative
    ? await prepareNative(row, nativeLoad, { port, pid: server.pid, seconds, warmup }, isChecked)
    : prepareScripted(row, { port, pid: server.pid, seconds, warmup }, isChecked, conditions);
  using generator = new Program([...core, ...generatorCommand]);
  using flood = flooders === 0 ? null : new Program(floodCommand(flooders, generatorCommand));
  const sample = await Promise.race([generator.result(seconds + warmup + PATIENCE), server.death()]);
  const beside = await flood?.stop();
  const extra = beside === undefined ? {} : { flood: beside.units / beside.seconds };
  if (!isNative) return { ...sample, ...extra };
  return { ...sample, bytes: load === "handshakes" ? 0 : sample.units * payload.length, ...extra };
}

/** The command of a load generator in C that floods, made of that of another one, until it is stopped. */
function floodCommand(connections: number, [program, , ...rest]: readonly string[]): string[] {
  return [program, "flood", ...rest, `connections=${connections}`, "seconds=3600"];
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
    ...(compressed ? { extensions: "permessage-deflate; client_max_window_bits" } : {}),
  });
}

/** Makes the command of the load generator in JavaScript, which checks the server by itself. */
function prepareScripted(row: Workload, target: Target, check: boolean, { loadCommand }: Conditions): string[] {
  const { load, connections, inFlight, payload, fragments, tls, compressed } = row;
  if (compressed || load === "flood" || row.flooders !== undefined) {
    throw new Error("Cannot measure this row: the load generator in C is missing");
  }
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

/** A process that ends with the measurement. */
class Program implements Disposable {
  readonly #process: Deno.ChildProcess;
  readonly #name: string;
  readonly #errors: Promise<string>;
  readonly #lines: AsyncIterator<string>;
  readonly #port = Promise.withResolvers<number>();

  constructor([command, ...args]: string[]) {
    this.#name = [command, ...args.slice(0, -1)].join(" ");
    this.#process = new Deno.Command(command, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    this.#errors = new Response(this.#process.stderr).text();
    this.#lines = linesOf(this.#process.stdout);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The port that a server tells. */
  async port(): Promise<number> {
    const line = await this.#next(PATIENCE);
    const port = /^PORT (\d+)$/.exec(line)?.[1];
    if (port === undefined) throw new Error(`${this.#name} did not tell its port: ${line}`);
    return Number(port);
  }

  /** What a load generator or a client has measured. */
  async result(seconds: number): Promise<Sample> {
    return JSON.parse(await this.#next(seconds));
  }

  /** Ends a load generator before its time. */
  stop(): Promise<Sample> {
    this.#process.kill("SIGTERM");
    return this.result(PATIENCE);
  }

  /** Rejects when the process ends. */
  async death(): Promise<never> {
    const { code, signal } = await this.#process.status;
    throw new Error(`${this.#name} ended with ${signal ?? code}: ${await this.#errors}`);
  }

  /** The next line of its output. */
  async #next(seconds: number): Promise<string> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`${this.#name} took longer than ${seconds} s`)), seconds * 1000);
    try {
      const { value, done } = await Promise.race([this.#lines.next(), promise]);
      return done ? await this.death() : value;
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
