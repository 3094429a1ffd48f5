/** How cost grows: the same work with more connections, longer messages, more frames a message. */
import type { Payload } from "./load/frames.js";
import { KIB, MIB } from "./units.ts";
import type { Workload } from "./workloads.ts";

const BASE = {
  group: "growth",
  side: "server",
  load: "echo",
  inFlight: 1,
  fragments: 1,
  tls: false,
  goals: {},
} as const;

const text = (length: number): Payload => ({ length, kind: "text" });

const CONNECTIONS = [1, 10, 100, 1000, 10_000, 50_000].map((connections): Workload => ({
  ...BASE,
  id: `connections-${connections}`,
  name: `${connections} connections, 16 B ping-pong`,
  connections,
  payload: text(16),
}));

const BYTES = [16, 256, 4 * KIB, 64 * KIB, MIB, 16 * MIB, 64 * MIB].map((length): Workload => ({
  ...BASE,
  id: `bytes-${length}`,
  name: `4 connections, ${length} B binary`,
  connections: 4,
  payload: { length, kind: "binary" },
}));

const FRAGMENTS = [1, 10, 100, 1000, 10_000].map((fragments): Workload => ({
  ...BASE,
  id: `fragments-${fragments}`,
  name: `4 connections, text in ${fragments} frames of 16 B`,
  connections: 4,
  payload: text(16 * fragments),
  fragments,
}));

const RECEIVERS = [500, 2000, 5000, 10_000, 20_000].map((connections): Workload => ({
  ...BASE,
  id: `receivers-${connections}`,
  name: `one message to ${connections} connections, \`broadcast\`, 128 B text`,
  load: "broadcast",
  connections,
  payload: text(128),
}));

/** All points of all curves. */
export const GROWTH: readonly Workload[] = [...CONNECTIONS, ...BYTES, ...FRAGMENTS, ...RECEIVERS];

/** A curve: rows whose cost should grow no faster than their size. */
export interface Curve {
  /** The quantity that grows, in words. */
  readonly name: string;
  /** The rows, by size. */
  readonly rows: readonly Workload[];
  /** The unit whose cost is reported. */
  readonly unit: string;
  /** How many units a message of a row is. */
  readonly units: (row: Workload) => number;
}

/** The curves. */
export const CURVES: readonly Curve[] = [
  { name: "connections", rows: CONNECTIONS, unit: "message", units: () => 1 },
  { name: "bytes a message", rows: BYTES, unit: "KiB", units: ({ payload }) => payload.length / KIB },
  { name: "receivers", rows: RECEIVERS, unit: "delivery", units: () => 1 },
  { name: "frames a message", rows: FRAGMENTS, unit: "frame", units: ({ fragments }) => fragments },
];

/** By how much the cost of a unit may grow from one point of a curve to the next, for noise and for caches. */
export const TOLERANCE = 1.5;
