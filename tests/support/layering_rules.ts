import type { Import, ImportGraph } from "./import_graph.ts";

/** A rule of the layout: returns its violations, one line each. */
export type Rule = (graph: ImportGraph) => string[];

/** The folders of `src/`, the lowest first; "" is `src/` itself. */
export const LAYERS = [
  "",
  "http",
  "handshake",
  "protocol",
  "deflate",
  "transport",
  "connection",
  "streams",
  "driver",
  "client",
  "server",
  "web",
  "topics",
  "telemetry",
  "testing",
  "cli",
] as const;

/** Folders on the same level that must not import each other. */
export const STRANGERS = [["protocol", "http"], ["protocol", "handshake"], ["client", "server"], ["topics", "client"], [
  "topics",
  "server",
]] as const;

/** The folders that use no platform. */
export const PURE = ["http", "handshake", "protocol"] as const;

/** The folders that an entry point must not import, so that it doesn't load the other half. */
export const FORBIDDEN_TO_ENTRY: Record<string, readonly string[]> = {
  "client.ts": ["server", "topics", "testing", "cli"],
  "server.ts": ["client", "testing", "cli"],
  "protocol.ts": [
    "transport",
    "connection",
    "streams",
    "driver",
    "client",
    "server",
    "web",
    "topics",
    "testing",
    "cli",
  ],
};

/** There are files to check. */
export function isNotEmpty({ files, imports }: ImportGraph): string[] {
  const hasSource = files.some((file) => file.startsWith("src/"));
  return hasSource && imports.length > 0 ? [] : ["no imports were found below src/"];
}

/** A folder imports only itself and the folders below it in the stack, and not its neighbor. */
export function keepsLayers({ imports }: ImportGraph): string[] {
  return imports.filter(({ from, to }) => {
    const [a, b] = [layerOf(from), layerOf(to)];
    if (a === null || b === null || a === b) return false;
    const strangers = STRANGERS.some((pair) => pair.includes(a as never) && pair.includes(b as never));
    return strangers || rank(b) > rank(a);
  }).map(line);
}

/** Every folder of `src/` has its place in the stack. */
export function knowsFolders({ files }: ImportGraph): string[] {
  return files.filter((file) => layerOf(file) !== null && rank(layerOf(file)!) < 0)
    .map((file) => `${file} is in a folder that no rule names`);
}

/** No file imports itself through others. */
export function hasNoCycles({ files, imports }: ImportGraph): string[] {
  const targets = new Map(files.map((file) => [file, [] as string[]]));
  for (const { from, to } of imports) targets.get(from)?.push(to);
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    targets.get(file)?.forEach(visit);
    path.pop();
    done.add(file);
  };
  files.forEach(visit);
  return cycles;
}

/** A folder's public file is called mod.ts. */
export function hasNoIndex({ files }: ImportGraph): string[] {
  return files.filter((file) => /(^|\/)index\.[cm]?[jt]sx?$/.test(file)).map((file) => `${file} should be mod.ts`);
}

/** A file called `_name.ts` is imported from its own folder only. */
export function keepsPrivate({ imports }: ImportGraph): string[] {
  return imports.filter(({ from, to }) => nameOf(to).startsWith("_") && folderOf(from) !== folderOf(to)).map(line);
}

/** Files in `src/` import files in `src/` only: no entry points, tests, benchmarks, examples, stand-ins. */
export function staysInSource({ imports }: ImportGraph): string[] {
  return imports.filter(({ from, to }) => from.startsWith("src/") && isLocal(to) && !to.startsWith("src/")).map(line);
}

/** The package imports only @std/encoding, @std/http and Deno's `node:` modules from elsewhere. */
export function keepsDependencies({ imports }: ImportGraph): string[] {
  return imports.filter(({ to }) => !isLocal(to) && !/^(node:|@std\/(encoding|http)(\/|$))/.test(to)).map(line);
}

/** The pure folders, and the root files that they use, import no `node:` module. */
export function keepsPure({ imports }: ImportGraph): string[] {
  const pure: readonly (string | null)[] = ["", ...PURE];
  return imports.filter(({ from, to }) => pure.includes(layerOf(from)) && to.startsWith("node:")).map(line);
}

/** An entry point doesn't load the folders that its name excludes. */
export function keepsEntryPoints({ imports }: ImportGraph): string[] {
  return imports.filter(({ from, to }) => FORBIDDEN_TO_ENTRY[from]?.includes(layerOf(to) ?? "")).map(line);
}

/** All of the rules. */
export const RULES: readonly Rule[] = [
  isNotEmpty,
  knowsFolders,
  keepsLayers,
  hasNoCycles,
  hasNoIndex,
  keepsPrivate,
  staysInSource,
  keepsDependencies,
  keepsPure,
  keepsEntryPoints,
];

/** The folder of `src/` that a file is in, at any depth; null for a file elsewhere. */
function layerOf(path: string): string | null {
  if (!path.startsWith("src/")) return null;
  const parts = path.split("/");
  return parts.length === 2 ? "" : parts[1];
}

function rank(layer: string): number {
  return LAYERS.indexOf(layer as typeof LAYERS[number]);
}

function isLocal(to: string): boolean {
  return to.endsWith(".ts") && !/^(@|[a-z]+:)/.test(to);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function line({ from, to }: Import): string {
  return `${from} imports ${to}`;
}
