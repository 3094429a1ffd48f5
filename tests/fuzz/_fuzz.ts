/**
 * Properties that hold for any input, tried by fast-check: a few times as tests, and for long by `deno task fuzz`.
 *
 * Each test prints its seed. A failed run is reported with `seed` and `path`: they go into `SEEDS`, and are tried first
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
  /** How often it is tried by default; less often if it takes long. */
  readonly runs: number;
  /** Makes the property. */
  readonly property: (fc: typeof FastCheck) => FastCheck.IAsyncProperty<unknown> | FastCheck.IProperty<unknown>;
}

/** Runs that have failed once, by the test's name. */
const SEEDS: Readonly<Record<string, readonly { seed: number; path: string }[]>> = {};

/** All properties that were registered. */
export const PROPERTIES: Fuzz[] = [];

/**
 * Registers a property: a test for it, and one for each of its seeds.
 *
 * @param fuzz The property.
 */
export function fuzzTest(fuzz: Fuzz): void {
  const { name, runs } = fuzz;
  PROPERTIES.push(fuzz);
  for (const { seed, path } of SEEDS[name] ?? []) {
    Deno.test(`${name}, once more with seed ${seed} and path ${path}`, () => {
      return check(fuzz, { seed, path, endOnFailure: true });
    });
  }
  Deno.test(name, async () => {
    const seed = argument("seed") ?? crypto.getRandomValues(new Int32Array(1))[0];
    const numRuns = argument("runs") ?? runs;
    console.log(`seed ${seed}, ${numRuns} runs`);
    await check(fuzz, { seed, numRuns });
  });
}

/**
 * Tries a property.
 *
 * @param fuzz The property.
 * @param parameters How often, and with which seed.
 * @param onRun Called before each run, with its number.
 */
export async function check(
  fuzz: Fuzz,
  parameters: FastCheck.Parameters<unknown>,
  onRun: (run: number) => void = () => {},
): Promise<void> {
  // It looks at the environment when it is loaded, so that it is loaded in a test.
  const fc = await import("npm:fast-check@4.10.2");
  const property = fuzz.property(fc);
  const run = property.run.bind(property) as FastCheck.IAsyncProperty<unknown>["run"];
  let runs = 0;
  property.run = (value: unknown) => {
    onRun(++runs);
    return run(value) as never;
  };
  await fc.assert(property as FastCheck.IAsyncProperty<unknown>, parameters);
}

/**
 * Reads a number from the command line.
 *
 * @param name The option's name.
 * @returns The number; undefined if it is not there.
 */
export function argument(name: string): number | undefined {
  const value = Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  return value === undefined ? undefined : Number(value);
}
