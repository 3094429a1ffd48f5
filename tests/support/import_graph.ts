import { relative } from "node:path/posix";
import { entryPoints } from "./entry_points.ts";

/** One import, of values or of types, in one file. */
export interface Import {
  /** The importing file, relative to the repository. */
  from: string;
  /** The imported file, relative to the repository; the specifier as written if it is not a relative path. */
  to: string;
}

/** Files and what they import. */
export interface ImportGraph {
  /** Paths relative to the repository. */
  files: string[];
  /** In the order in which they were found. */
  imports: Import[];
}

/** The part of `deno info --json` that is used here. */
interface Info {
  modules: { specifier: string; dependencies?: { specifier: string; code?: Resolved; type?: Resolved }[] }[];
}

interface Resolved {
  specifier?: string;
}

/**
 * Reads every import of the entry points and of all files in `src/`, whether or not an entry point imports them.
 *
 * @param root The repository.
 * @returns The graph of the files in `root`, without imports from packages.
 */
export async function readImportGraph(root: URL): Promise<ImportGraph> {
  const graph: ImportGraph = { files: [], imports: [] };
  const files = [...entryPoints(root), ...sourceFiles(root, "src/")];
  for (const file of files) {
    if (!graph.files.includes(file)) addInfo(graph, await info(root, file), root);
  }
  return graph;
}

/**
 * Lists the TypeScript files below a folder.
 *
 * @param root The repository.
 * @param folder The folder, relative to the repository, with a slash at its end.
 * @returns Their paths, relative to the repository, in order; none if there is no such folder.
 */
export function sourceFiles(root: URL, folder: string): string[] {
  if (!exists(new URL(folder, root))) return [];
  return [...Deno.readDirSync(new URL(folder, root))]
    .flatMap(({ name, isDirectory }) => isDirectory ? sourceFiles(root, `${folder}${name}/`) : [`${folder}${name}`])
    .filter((path) => path.endsWith(".ts"))
    .sort();
}

async function info(root: URL, file: string): Promise<Info> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", file], cwd: root, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot read the imports of ${file}: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function addInfo(graph: ImportGraph, { modules }: Info, root: URL): void {
  for (const { specifier, dependencies = [] } of modules) {
    const from = pathIn(root, specifier);
    if (from === null || from.startsWith("links/") || graph.files.includes(from)) continue;
    graph.files.push(from);
    for (const dependency of dependencies) {
      const target = dependency.code?.specifier ?? dependency.type?.specifier;
      const isRelative = dependency.specifier.startsWith(".") && target !== undefined;
      graph.imports.push({ from, to: (isRelative ? pathIn(root, target) : null) ?? dependency.specifier });
    }
  }
}

function pathIn(root: URL, specifier: string): string | null {
  if (!specifier.startsWith("file:")) return null;
  const path = relative(root.pathname, new URL(specifier).pathname);
  return path.startsWith("..") ? null : path;
}

function exists(url: URL): boolean {
  try {
    Deno.statSync(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
