/**
 * Tries all properties of this folder for long, and shows how far it is.
 *
 *     deno task fuzz [--runs=20000] [--seed=1]
 *
 * @module
 */
import { Progress } from "../support/progress.ts";
import { argument, check, PROPERTIES } from "./_fuzz.ts";

for (const { name } of Deno.readDirSync(new URL("./", import.meta.url))) {
  if (name.endsWith("_test.ts")) await import(new URL(name, import.meta.url).href);
}
const runs = argument("runs") ?? 20_000;
const seed = argument("seed") ?? crypto.getRandomValues(new Int32Array(1))[0];
let failures = 0;
{
  using progress = new Progress(PROPERTIES.length * runs);
  progress.print(`seed ${seed}, ${runs} runs of ${PROPERTIES.length} properties`);
  for (const [index, fuzz] of PROPERTIES.entries()) {
    try {
      await check(fuzz, { seed, numRuns: runs }, (run) => progress.update(index * runs + run, fuzz.name));
      progress.print(`ok: ${fuzz.name}`);
    } catch (error) {
      failures++;
      progress.print(`FAILED: ${fuzz.name}\n${error instanceof Error ? error.message : error}`);
    }
  }
}
Deno.exit(failures === 0 ? 0 : 1);
