/** The packages of npm that ours is compared with. They are installed for the benchmarks alone. */
import { CACHE, pathOf } from "./paths.ts";

/** Bun's program comes as a package of its own for each platform. */
const BUN = `@oven/bun-${Deno.build.os}-${Deno.build.arch === "aarch64" ? "aarch64" : "x64"}`;

const PACKAGES = ["ws@8", "bufferutil@4"];

/** The programs and packages to compare with. */
export interface Packages {
  /** The folder, with a slash at its end. */
  readonly folder: string;
  /** The version of each program and package, by its name; null if it is not available. */
  readonly versions: Readonly<Record<"node" | "bun" | "ws" | "bufferutil", string | null>>;
  /** Bun's program. */
  readonly bun: string;
}

/**
 * Installs what is missing.
 *
 * @returns The available ones.
 */
export async function installPackages(): Promise<Packages> {
  const folder = pathOf(".cache/");
  await Deno.mkdir(CACHE, { recursive: true });
  if (await packageVersion("ws") === null) {
    await Deno.writeTextFile(new URL("package.json", CACHE), "{}\n");
    await run("npm", ["install", "--no-fund", "--no-audit", ...PACKAGES]);
    await run("npm", ["install", "--no-fund", "--no-audit", BUN]);
  }
  const bun = `${folder}node_modules/${BUN}/bin/bun`;
  const versions = {
    node: await run("node", ["--version"]),
    bun: await run(bun, ["--version"]),
    ws: await packageVersion("ws"),
    bufferutil: await packageVersion("bufferutil"),
  };
  return { folder, versions, bun };
}

async function packageVersion(name: string): Promise<string | null> {
  try {
    return JSON.parse(await Deno.readTextFile(new URL(`node_modules/${name}/package.json`, CACHE))).version;
  } catch {
    return null;
  }
}

/** Runs a program in the cache's folder; null if it is missing, or fails. */
async function run(command: string, args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, cwd: CACHE, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim().replace(/^v/, "") : null;
  } catch {
    return null;
  }
}
