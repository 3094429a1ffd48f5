/** Where the benchmarks keep things. */

/** The folder of the benchmarks. */
export const BENCH: URL = new URL("./", import.meta.url);

/** The files that are only fetched and built for the benchmarks; git ignores them. */
export const CACHE: URL = new URL(".cache/", BENCH);

/** The results, one file a run. */
export const RESULTS: URL = new URL("results/", BENCH);

/**
 * The path of a file of the benchmarks.
 *
 * @param name The file, relative to their folder.
 * @returns The path, for a program's command line.
 */
export function pathOf(name: string): string {
  return decodeURIComponent(new URL(name, BENCH).pathname);
}
