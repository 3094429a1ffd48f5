/** The command line of the benchmarks. */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { CLIENTS, type Contender, contendersOf, SERVERS } from "./contenders.ts";
import { GROWTH } from "./growth.ts";
import { type Workload, WORKLOADS } from "./workloads.ts";

export const USAGE = `Usage: deno task bench [options]

  --only=A,B      which rows: their names, or "server", "compressed", "flood", "client", "growth"; all by default
  --servers=A,B   which servers or clients to compare; all by default
  --ours=FOLDER   another checkout of this project, compared in the same run; may be given several times
  --rounds=3      how many rounds, in each of which all that are compared take their turn
  --seconds=2     how long one measurement takes
  --warmup=1      how long it runs before, unmeasured
  --load=c        the load generator: c, or the one in JavaScript on bun, node or deno; the first that is there
  --quick         one round of a second
  --save          write the results to bench/results/

Rows:    ${[...WORKLOADS, ...GROWTH].map(({ id }) => id).join(", ")}
Servers: ${SERVERS.map(({ id }) => id).join(", ")}
Clients: ${CLIENTS.map(({ id }) => id).join(", ")}`;

/** The options, checked. */
export interface BenchOptions {
  /** The rows to measure. */
  readonly rows: readonly Workload[];
  /** The curves to measure. */
  readonly growth: readonly Workload[];
  /** Rows that were chosen, but need more descriptors than a process may have here, by id. */
  readonly leftOut: readonly string[];
  /** Those to compare, by id; null for all. */
  readonly contenders: readonly string[] | null;
  /** The servers that there are, those of other checkouts among them. */
  readonly servers: readonly Contender[];
  /** The clients that there are, likewise. */
  readonly clients: readonly Contender[];
  /** How many rounds. */
  readonly rounds: number;
  /** How long one measurement takes, in seconds. */
  readonly seconds: number;
  /** How long it runs before, in seconds. */
  readonly warmup: number;
  /** The load generator: `"c"` or a runtime; null for the lightest one available. */
  readonly load: string | null;
  /** Whether to write the results to a file. */
  readonly save: boolean;
}

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @returns The options.
 * @throws {TypeError} If an argument is unknown or malformed.
 */
export function parseOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      servers: { type: "string" },
      ours: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      seconds: { type: "string" },
      warmup: { type: "string" },
      load: { type: "string" },
      quick: { type: "boolean", default: false },
      save: { type: "boolean", default: false },
    },
  });
  const names = values.only?.split(",") ?? null;
  const known = [...WORKLOADS, ...GROWTH].flatMap(({ id, side, group }) => [id, group ?? side]);
  checkKnown("only", names, known);
  const contenders = values.servers?.split(",") ?? null;
  checkKnown("servers", contenders, [...SERVERS, ...CLIENTS].map(({ id }) => id));
  const others = contendersOf(values.ours.map((folder) => checkCheckout(resolve(folder))));
  const chosen = ({ id, side, group }: Workload) =>
    names === null || names.includes(id) || names.includes(group ?? side);
  const descriptors = descriptorLimit();
  const fits = ({ connections }: Workload) => connections + SPARE < descriptors;
  const growth = GROWTH.filter(chosen);
  return {
    rows: WORKLOADS.filter(chosen),
    growth: growth.filter(fits),
    leftOut: growth.filter((row) => !fits(row)).map(({ id }) => id),
    contenders,
    servers: [...SERVERS, ...others.servers],
    clients: [...CLIENTS, ...others.clients],
    rounds: toNumber("rounds", values.rounds, values.quick ? 1 : 3),
    seconds: toNumber("seconds", values.seconds, values.quick ? 1 : 2),
    warmup: toNumber("warmup", values.warmup, values.quick ? 0.5 : 1),
    load: values.load ?? null,
    save: values.save,
  };
}

/**
 * Selects those that were chosen.
 *
 * @param all All of them.
 * @param chosen Their ids, null for all. Those of other checkouts go with ours.
 * @returns Those to run.
 */
export function chooseContenders(all: readonly Contender[], chosen: readonly string[] | null): readonly Contender[] {
  return all.filter(({ id }) => chosen === null || chosen.includes(id) || chosen.includes(id.split("@")[0]));
}

/** Descriptors that a process needs in addition to those of its connections. */
const SPARE = 100;

/** How many descriptors a process may have; unlimited if the system doesn't say. */
function descriptorLimit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))?.[1]);
  } catch {
    return Infinity;
  }
}

function checkCheckout(folder: string): string {
  const { isFile } = statOf(`${folder}/deno.json`) ?? { isFile: false };
  if (isFile) return folder;
  throw new TypeError(`Cannot take --ours=${folder}: expected a checkout of this project, found no deno.json there`);
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

function checkKnown(option: string, names: readonly string[] | null, known: readonly string[]): void {
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(
    `Cannot take --${option}: received ${unknown}, expected some of ${[...new Set(known)].join(", ")}`,
  );
}

function toNumber(option: string, value: string | undefined, otherwise: number): number {
  const number = value === undefined ? otherwise : Number(value);
  if (number > 0) return number;
  throw new TypeError(`Cannot take --${option} as a number above 0: received ${value}`);
}
