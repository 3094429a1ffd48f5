/** The load generator in C: it takes the least time for itself, so that it is used wherever it can be built. */
import { CACHE, pathOf } from "./paths.ts";

/**
 * Builds the load generator, if it is not there yet.
 *
 * @returns Its program; null on another system than Linux, or without a C compiler.
 */
export async function buildNativeLoad(): Promise<string | null> {
  if (Deno.build.os !== "linux") return null;
  const [source, program] = [pathOf("load/load.c"), pathOf(".cache/load")];
  await Deno.mkdir(CACHE, { recursive: true });
  if (await isNewer(program, source)) return program;
  try {
    const args = ["-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source];
    const { success, stderr } = await new Deno.Command("cc", { args }).output();
    if (!success) throw new Error(`Cannot compile load.c: ${new TextDecoder().decode(stderr)}`);
    return program;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function isNewer(file: string, other: string): Promise<boolean> {
  try {
    const [{ mtime }, { mtime: otherTime }] = await Promise.all([Deno.stat(file), Deno.stat(other)]);
    return mtime !== null && otherTime !== null && mtime > otherTime;
  } catch {
    return false;
  }
}

/** The arguments of the load generator; see `load/load.c`. */
export interface NativeTask {
  readonly mode: "echo" | "fanOut" | "handshakes";
  readonly port: number;
  readonly pid: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly script: string;
  readonly path: string;
  readonly warmup: number;
  readonly seconds: number;
  readonly extensions?: string;
  readonly every?: number;
}

/**
 * Makes the command of a run.
 *
 * @param program The load generator.
 * @param task Its task.
 * @returns The program and its arguments.
 */
export function nativeCommand(program: string, { mode, ...rest }: NativeTask): string[] {
  return [program, mode, ...Object.entries(rest).map(([name, value]) => `${name}=${value}`)];
}
