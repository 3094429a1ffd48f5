/** The measurements of a run, and what follows from them. */
import { type Contender, OURS, OURS_DENO_SERVE } from "./contenders.ts";
import type { Sample } from "./load/task.js";
import { UNDER_DENO_SERVE, type Workload } from "./workloads.ts";

/** The measurements of one contender under one workload, a sample a round. */
export interface Measured {
  /** The contender's id. */
  readonly id: string;
  /** The contender's name. */
  readonly name: string;
  /** The samples; null for a round that has failed. */
  readonly samples: (Sample | null)[];
}

/** A row of the table. */
export interface Row {
  /** The workload. */
  readonly workload: Workload;
  /** Those compared. */
  readonly measured: Measured[];
}

/** A whole run. */
export interface Results {
  /** When it began, ISO 8601. */
  readonly date: string;
  /** The processor, its cores, the system. */
  readonly machine: string;
  /** The versions that were compared, by name. */
  readonly versions: Readonly<Record<string, string | null>>;
  /** The load generator. */
  readonly load: string;
  /** How many rounds, and how long each measurement took, in seconds. */
  readonly rounds: number;
  /** See `rounds`. */
  readonly seconds: number;
  /** The rows. */
  readonly rows: Row[];
}

/** The medians of one contender's samples. */
export interface Medians {
  /** Messages, deliveries or handshakes a second. */
  readonly rate: number;
  /** Payload, in MB a second. */
  readonly throughput: number;
  /** CPU seconds per million messages. */
  readonly cpu: number;
  /** Microseconds of a round trip; NaN if that was not measured. */
  readonly p50: number;
  /** See `p50`. */
  readonly p90: number;
  /** See `p50`. */
  readonly p99: number;
  /** Messages per second that came back to the connections that flood; NaN if there are none. */
  readonly flood: number;
  /** Bytes per connection; NaN if that was not measured. */
  readonly memory: number;
  /** Bytes that came back for each message, with headers; NaN if they were not counted. */
  readonly wire: number;
  /** The load generator's share of a core; for a client, the fixed server's. */
  readonly load: number;
  /** How many cores other programs have taken meanwhile. */
  readonly others: number;
}

/**
 * @param values Some numbers.
 * @returns Their median, NaN if there are none.
 */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Messages per second. */
const rateOf = ({ units, seconds }: Sample) => units / seconds;
/** CPU seconds per million messages. */
const cpuOf = ({ cpu, units }: Sample) => cpu / units * 1e6;

/**
 * Sums up the rounds.
 *
 * @param measured One contender's samples.
 * @returns The medians; null if no round succeeded.
 */
export function mediansOf({ samples }: Measured): Medians | null {
  const good = samples.filter((sample) => sample !== null);
  if (good.length === 0) return null;
  const of = (value: (sample: Sample) => number) => median(good.map(value));
  return {
    rate: of(rateOf),
    throughput: of(({ bytes, seconds }) => bytes / seconds / 1e6),
    cpu: of(cpuOf),
    p50: of(({ p50 }) => p50 ?? NaN),
    p90: of(({ p90 }) => p90 ?? NaN),
    p99: of(({ p99 }) => p99 ?? NaN),
    flood: of(({ flood }) => flood ?? NaN),
    memory: of(({ memory }) => memory ?? NaN),
    wire: of(({ wire, units }) => (wire ?? NaN) / units),
    load: of(({ load }) => load),
    others: of(({ others }) => others),
  };
}

/**
 * Tells whether a row compares what should be small: memory, or the round trip of connections that send at intervals.
 *
 * @param workload The row's workload.
 */
export function lessIsBetter({ load, every }: Workload): boolean {
  return load === "idle" || every !== undefined;
}

/** The comparison of a row. */
function figureOf({ load, every }: Workload): (sample: Sample) => number {
  if (load === "idle") return ({ memory = NaN }) => memory;
  return every === undefined ? rateOf : ({ p90 = NaN }) => p90;
}

/** How ours stands against another contender. */
export interface Ratio {
  /** Ours divided by the other's: messages a second; or memory or a round trip, of which less is better. */
  readonly value: number;
  /** The other's CPU time per message divided by ours. */
  readonly cpu: number;
  /** The goal, null if there is none. */
  readonly goal: number | null;
  /** Whether the goal is met; null if there is none. */
  readonly met: boolean | null;
}

/**
 * Compares ours with another contender, round by round, and takes the median. Another checkout's server under
 * `Deno.serve` is compared with ours there.
 *
 * @param row The row.
 * @param other The other contender.
 * @returns The ratio; null if there is nothing to compare.
 */
export function ratioTo(row: Row, other: Measured): Ratio | null {
  const counterpart = other.id.startsWith(`${OURS_DENO_SERVE}@`) ? OURS_DENO_SERVE : OURS;
  const ours = row.measured.find(({ id }) => id === counterpart);
  if (ours === undefined || ours === other) return null;
  const value = medianRatio(ours, other, figureOf(row.workload));
  if (Number.isNaN(value)) return null;
  const cpu = 1 / medianRatio(ours, other, cpuOf);
  const goal = row.workload.goals[other.id] ?? null;
  return { value, cpu, goal, met: goal === null ? null : lessIsBetter(row.workload) ? value <= goal : value >= goal };
}

/**
 * Compares ours under `Deno.serve` with the built-in socket used bare.
 *
 * @param row The row.
 * @returns The ratio; null if there is nothing to compare.
 */
export function ratioUnderDenoServe(row: Row): Ratio | null {
  const find = (wanted: string) => row.measured.find(({ id }) => id === wanted);
  const ours = find(OURS_DENO_SERVE);
  const bare = find("built-in");
  if (ours === undefined || bare === undefined || row.workload.load === "idle") return null;
  const value = medianRatio(ours, bare, rateOf);
  if (Number.isNaN(value)) return null;
  return { value, cpu: 1 / medianRatio(ours, bare, cpuOf), goal: UNDER_DENO_SERVE, met: value >= UNDER_DENO_SERVE };
}

function medianRatio(ours: Measured, other: Measured, figure: (sample: Sample) => number): number {
  return median(ours.samples.map((sample, round) => {
    const against = other.samples[round] ?? null;
    return sample === null || against === null ? NaN : figure(sample) / figure(against);
  }));
}

/**
 * Begins a row.
 *
 * @param workload The workload.
 * @param contenders Those to compare.
 * @returns The row, without samples yet.
 */
export function makeRow(workload: Workload, contenders: readonly Contender[]): Row {
  return { workload, measured: contenders.map(({ id, name }) => ({ id, name, samples: [] })) };
}
