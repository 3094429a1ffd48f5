/**
 * Properties that hold for any input, tried by fast-check.
 *
 *     deno task fuzz [-- --runs=20000] [--seed=1]
 *
 * Each test prints its seed. A run that fails is told with `seed` and `path`: they go into `SEEDS`, and are tried first
 * from then on.
 *
 * @module
 */
import type * as FastCheck from "npm:fast-check@4.10.2";

export type { FastCheck };

/** A property, and what it is about. */
export interface Fuzz {
  /** The test's name. */
  readonly name: string;
  /** How often it is tried where nothing else is said; less for what takes long. */
  readonly runs: number;
  /** Makes the property. */
  readonly property: (fc: typeof FastCheck) => FastCheck.IAsyncProperty<unknown> | FastCheck.IProperty<unknown>;
}

/** Runs that have failed once, by the test's name. */
const SEEDS: Readonly<Record<string, readonly { seed: number; path: string }[]>> = {};

/**
 * Registers a test for a property, and one for each of its seeds.
 *
 * @param fuzz The property.
 */
export function fuzzTest({ name, runs, property }: Fuzz): void {
  for (const { seed, path } of SEEDS[name] ?? []) {
    Deno.test(`${name}, once more with seed ${seed} and path ${path}`, async () => {
      const fc = await load();
      await fc.assert(property(fc) as FastCheck.IAsyncProperty<unknown>, { seed, path, endOnFailure: true });
    });
  }
  Deno.test(name, async () => {
    const fc = await load();
    const seed = argument("seed") ?? crypto.getRandomValues(new Int32Array(1))[0];
    const numRuns = argument("runs") ?? runs;
    console.log(`seed ${seed}, ${numRuns} runs`);
    await fc.assert(property(fc) as FastCheck.IAsyncProperty<unknown>, { seed, numRuns });
  });
}

/** It looks at the environment when it is loaded, so that it is loaded in a test. */
function load(): Promise<typeof FastCheck> {
  return import("npm:fast-check@4.10.2");
}

function argument(name: string): number | undefined {
  const value = Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  return value === undefined ? undefined : Number(value);
}
