/** The servers and the clients that are compared, and how each is started. */
import type { Packages } from "./packages.ts";
import { pathOf } from "./paths.ts";

/** A server or a client. */
export interface Contender {
  /** What it is called on the command line and in results. */
  readonly id: string;
  /** What it is called in tables. */
  readonly name: string;
  /** The program and its first arguments; null where it can't run here. */
  readonly command: (packages: Packages) => string[] | null;
}

/** Whose ratio to the others is told. */
export const OURS = "ours";

/** Bare, for what the platform itself takes. */
export const FLOOR = "floor";

const deno = (file: string, ...flags: string[]) => [Deno.execPath(), "run", "-A", "-q", ...flags, pathOf(file)];

/** The echo servers. */
export const SERVERS: readonly Contender[] = [
  { id: OURS, name: "ours on `serve`", command: () => deno("servers/ours.ts") },
  {
    id: "ours-deno-serve",
    name: "ours under `Deno.serve`",
    command: () => deno("servers/ours_under_deno_serve.ts"),
  },
  { id: "built-in", name: "Deno's built-in", command: () => deno("servers/built_in.ts") },
  {
    id: "ws-deno",
    name: "npm `ws` on Deno",
    command: ({ versions }) => versions.ws === null ? null : deno("servers/ws.js"),
  },
  {
    id: "ws-node",
    name: "npm `ws` on Node",
    command: ({ versions: { ws, node } }) => ws === null || node === null ? null : ["node", pathOf("servers/ws.js")],
  },
  {
    id: "bun",
    name: "Bun",
    command: ({ versions, bun }) => versions.bun === null ? null : [bun, "run", pathOf("servers/bun.js")],
  },
  { id: FLOOR, name: "bare `Deno.listen`", command: () => deno("servers/floor.ts") },
];

/** The clients, all on Deno. */
export const CLIENTS: readonly Contender[] = [
  { id: OURS, name: "our client", command: () => deno("clients/ours.ts") },
  { id: "built-in", name: "Deno's built-in", command: () => deno("clients/built_in.ts") },
  {
    id: "ws-deno",
    name: "npm `ws` on Deno",
    command: ({ versions }) => versions.ws === null ? null : deno("clients/ws.ts"),
  },
];
