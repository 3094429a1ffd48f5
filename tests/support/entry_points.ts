/**
 * Prints the files that deno.json exports, for `deno doc`:
 *
 *     deno doc $(deno run --allow-read tests/support/entry_points.ts)
 *
 * @module
 */

/**
 * Reads what the package exports.
 *
 * @param root The repository.
 * @returns The entry points, relative to it, the main one first.
 */
export function entryPoints(root: URL): string[] {
  const { exports = {} } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  return (Object.values(exports) as string[]).map((path) => path.replace(/^\.\//, ""));
}

if (import.meta.main) console.log(entryPoints(new URL("../../", import.meta.url)).join(" "));
