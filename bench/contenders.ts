/** The servers and the clients that are compared, and how each is started. */
import type { Packages } from "./packages.ts";
import { pathOf } from "./paths.ts";

/** A server or a client. */
export interface Contender {
  /** Its name on the command line and in results. */
  readonly id: string;
  /** Its name in tables. */
  readonly name: string;
  /** The program and its first arguments; null if it can't run here. */
  readonly command: (packages: Packages) => string[] | null;
  /** False if it can't compress. */
  readonly compresses?: false;
}

/** The contender whose ratio to the others is shown. */
export const OURS = "ours";

/** Bare, for what the platform itself takes. */
export const FLOOR = "floor";

const deno = (file: string, ...flags: string[]) => [Deno.execPath(), "run", "-A", "-q", ...flags, pathOf(file)];

/** Runs one of our programs, optionally with the driver of another checkout, whose deno.json maps `@wsd/driver`. */
const ours = (file: string, checkout?: string) =>
  deno(file, ...(checkout === undefined ? [] : [`--config=${checkout}/deno.json`]));

/** Ours under the runtime's own server. */
export const OURS_DENO_SERVE = "ours-deno-serve";

const ourServers = (checkout?: string): Contender[] => [
  { id: OURS, name: "ours on `serve`", command: () => ours("servers/ours.ts", checkout) },
  {
    id: OURS_DENO_SERVE,
    name: "ours under `Deno.serve`",
    compresses: false,
    command: () => ours("servers/ours_under_deno_serve.ts", checkout),
  },
];

const ourClients = (checkout?: string): Contender[] => [
  { id: OURS, name: "our client", command: () => ours("clients/ours.ts", checkout) },
];

/** The echo servers. */
export const SERVERS: readonly Contender[] = [
  ...ourServers(),
  { id: "built-in", name: "Deno's built-in", compresses: false, command: () => deno("servers/built_in.ts") },
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
  { id: FLOOR, name: "bare `Deno.listen`", compresses: false, command: () => deno("servers/floor.ts") },
];

/** The clients, all on Deno. */
export const CLIENTS: readonly Contender[] = [
  ...ourClients(),
  { id: "built-in", name: "Deno's built-in", command: () => deno("clients/built_in.ts") },
  {
    id: "ws-deno",
    name: "npm `ws` on Deno",
    command: ({ versions }) => versions.ws === null ? null : deno("clients/ws.ts"),
  },
];

/**
 * Other checkouts of this project, which run the same programs with their own driver.
 *
 * @param checkouts Their folders.
 * @returns Their servers and clients, called `ours@` and the folder's name.
 */
export function contendersOf(checkouts: readonly string[]): { servers: Contender[]; clients: Contender[] } {
  const named = (contenders: Contender[], label: string) =>
    contenders.map((one) => ({ ...one, id: `${one.id}@${label}`, name: `${one.name}, ${label}` }));
  const labels = checkouts.map((path) => path.replace(/\/+$/, "").split("/").at(-1)!);
  const labelOf = (index: number) =>
    labels.indexOf(labels[index]) === labels.lastIndexOf(labels[index]) ? labels[index] : checkouts[index];
  return {
    servers: checkouts.flatMap((path, index) => named(ourServers(path), labelOf(index))),
    clients: checkouts.flatMap((path, index) => named(ourClients(path), labelOf(index))),
  };
}
