/** The workloads: the rows of the table, with the goals for each. */
import type { Kind } from "./compressed_messages.ts";
import type { Payload } from "./load/frames.js";
import { KIB, MIB } from "./units.ts";

/** A row of the table. */
export interface Workload {
  /** Its name on the command line and in results. */
  readonly id: string;
  /** Its name in tables. */
  readonly name: string;
  /** Its group's name on the command line, if that is not its side. */
  readonly group?: string;
  /** Whether servers or clients are compared. */
  readonly side: "server" | "client";
  /** The task of the load generator. */
  readonly load: "echo" | "handshakes" | "fanOut" | "broadcast" | "idle";
  /** How many connections. */
  readonly connections: number;
  /** How many messages each has under way. */
  readonly inFlight: number;
  /** One message. */
  readonly payload: Payload;
  /** How many frames a message is sent in. */
  readonly fragments: number;
  /** Whether TLS is spoken. */
  readonly tls: boolean;
  /** Whether every message is compressed, both ways; those that can't compress are left out. */
  readonly compressed?: boolean;
  /** The messages of JSON, if they are not all the same. */
  readonly messages?: Kind;
  /** How often each connection sends a message, in milliseconds; by default, as soon as the last one has come back. */
  readonly every?: number;
  /** How many other connections flood the server meanwhile with the same messages, {@linkcode FLOOD} under way on each. */
  readonly flooders?: number;
  /** Whether both sides share a core: one message at a time is noise if they change between cores. */
  readonly pinned?: boolean;
  /** The least that ours should be of another's figure, by the other's id; of memory, the most. */
  readonly goals: Readonly<Record<string, number>>;
}

const ECHO = { side: "server", load: "echo", fragments: 1, tls: false, goals: {} } as const;

const bytes = (length: number) => ({ length, kind: "binary" } as const);
const text = (length: number) => ({ length, kind: "text" } as const);
const json = (length: number) => ({ length, kind: "json" } as const);

/** The length of one message of a flood, in bytes. */
const FLOOD_LENGTH = 120;

const SERVER_ROWS: readonly Workload[] = [
  {
    ...ECHO,
    id: "ping-1",
    name: "1 connection, 16 B ping-pong, on one core",
    pinned: true,
    connections: 1,
    inFlight: 1,
    payload: text(16),
  },
  {
    ...ECHO,
    id: "ping-64",
    name: "64 connections, 16 B ping-pong",
    connections: 64,
    inFlight: 1,
    payload: text(16),
    goals: { "built-in": 1 },
  },
  {
    ...ECHO,
    id: "16b",
    name: "16 × 64 in flight, 16 B text",
    connections: 16,
    inFlight: 64,
    payload: text(16),
    goals: { bun: 0.8 },
  },
  {
    ...ECHO,
    id: "1k",
    name: "16 × 16, 1 KiB binary",
    connections: 16,
    inFlight: 16,
    payload: bytes(KIB),
  },
  {
    ...ECHO,
    id: "4k",
    name: "16 × 8, 4 KiB JSON text",
    connections: 16,
    inFlight: 8,
    payload: json(4 * KIB),
    goals: { bun: 1 },
  },
  {
    ...ECHO,
    id: "64k",
    name: "8 × 2, 64 KiB binary",
    connections: 8,
    inFlight: 2,
    payload: bytes(64 * KIB),
    goals: { "built-in": 1, bun: 1 },
  },
  {
    ...ECHO,
    id: "1m",
    name: "4 × 1, 1 MiB binary",
    connections: 4,
    inFlight: 1,
    payload: bytes(MIB),
    goals: { "built-in": 1.1, bun: 1 },
  },
  {
    ...ECHO,
    id: "fan-out",
    name: "one message to 500 connections, a loop of `send`, 128 B text",
    load: "fanOut",
    connections: 500,
    inFlight: 1,
    payload: text(128),
  },
  {
    ...ECHO,
    id: "broadcast",
    name: "one message to 500 connections, `broadcast`, 128 B text",
    load: "broadcast",
    connections: 500,
    inFlight: 1,
    payload: text(128),
    goals: { "built-in": 1.05 },
  },
  {
    ...ECHO,
    id: "handshakes",
    name: "handshakes, 16 at a time",
    load: "handshakes",
    connections: 16,
    inFlight: 1,
    payload: text(16),
    goals: { "ws-deno": 1 },
  },
  {
    ...ECHO,
    id: "idle",
    name: "10,000 idle connections, memory of each",
    load: "idle",
    connections: 10_000,
    inFlight: 1,
    payload: text(16),
  },
  {
    ...ECHO,
    id: "tls-16b",
    name: "TLS, 16 × 64 in flight, 16 B text",
    connections: 16,
    inFlight: 64,
    payload: text(16),
    tls: true,
    goals: { "built-in": 1 },
  },
  {
    ...ECHO,
    id: "tls-64k",
    name: "TLS, 8 × 2, 64 KiB binary",
    connections: 8,
    inFlight: 2,
    payload: bytes(64 * KIB),
    tls: true,
    goals: { "built-in": 1 },
  },
];

/** How many messages one that floods has under way: more than the buffers of the system hold, so that there is always more. */
export const FLOOD = 131_072;

/** How fair a server is: the round trip of some while others flood it; and the rate of one that floods alone. */
const FLOOD_ROWS: readonly Workload[] = [
  ...[0, 1, 4].map((flooders): Workload => ({
    ...ECHO,
    group: "flood",
    id: `beside-${flooders}`,
    name: `4 connections, 120 B every 10 ms, beside ${flooders} that flood`,
    every: 10,
    connections: 4,
    inFlight: 1,
    payload: text(FLOOD_LENGTH),
    flooders,
  })),
  {
    ...ECHO,
    group: "flood",
    id: "flood",
    name: "1 connection that floods, alone, 120 B text",
    connections: 1,
    inFlight: FLOOD,
    payload: text(FLOOD_LENGTH),
  },
];

/** The same few messages, as in a poll; and messages whose values differ, as in a feed. */
const COMPRESSED_ROWS: readonly Workload[] = [200, 4 * KIB].flatMap((length) =>
  ([["repeated", "the same five"], ["varying", "values vary"]] as const).map(([messages, name]): Workload => ({
    ...ECHO,
    group: "compressed",
    id: `deflate-${length}-${messages}`,
    name: `8 × 8, ${length} B JSON compressed, ${name}`,
    connections: 8,
    inFlight: 8,
    payload: json(length),
    compressed: true,
    messages,
    goals: length === 200
      ? { "ws-deno": 2.5 }
      : { "ws-deno": 1.5, "ws-node": 1.5, ...(messages === "varying" ? { bun: 0.5 } : {}) },
  }))
);

/** The client's rows have the shapes of the server's. */
const CLIENT_ROWS: readonly Workload[] = SERVER_ROWS
  .filter(({ load, tls }) => load === "echo" && !tls)
  .map((row) => ({
    ...row,
    side: "client",
    pinned: false,
    id: `client-${row.id}`,
    name: `client: ${row.name.replace(", on one core", "")}`,
    goals: { "built-in": 1 },
  }));

/** All rows. */
export const WORKLOADS: readonly Workload[] = [...SERVER_ROWS, ...COMPRESSED_ROWS, ...FLOOD_ROWS, ...CLIENT_ROWS];

/** The goal of our server relative to the built-in one under `Deno.serve`, in every row. */
export const UNDER_DENO_SERVE = 0.9;
