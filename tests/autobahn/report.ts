/**
 * Judges the report that Autobahn|Testsuite has written: every case has to be OK, and has to be there.
 *
 *     deno run --allow-read tests/autobahn/report.ts reports/servers/index.json
 */

/** What the suite says of one case. */
interface Verdict {
  behavior: string;
  behaviorClose: string;
}

/** A report's `index.json`: by agent, by case. */
export type Report = Record<string, Record<string, Verdict>>;

/** The families of cases that a whole report has; there is no eleventh. */
const FAMILIES = ["1", "2", "3", "4", "5", "6", "7", "9", "10", "12", "13"];

/** A few cases have no right answer; the suite notes what it has seen. */
const PASSED = ["OK", "INFORMATIONAL"];

/**
 * Finds what is not as it should be.
 *
 * @param report What the suite has written.
 * @returns A line for each case that isn't OK and each family that is missing.
 */
export function faultsOf(report: Report): string[] {
  const agents = Object.entries(report);
  if (agents.length === 0) return ["The report names no agent"];
  return agents.flatMap(([agent, cases]) => {
    const ids = Object.keys(cases);
    const missing = FAMILIES.filter((family) => !ids.some((id) => id.startsWith(`${family}.`)));
    const failed = Object.entries(cases)
      .filter(([, { behavior, behaviorClose }]) => !PASSED.includes(behavior) || !PASSED.includes(behaviorClose))
      .map(([id, verdict]) => `${agent}: case ${id} is ${verdict.behavior}, its closing ${verdict.behaviorClose}`);
    return [...missing.map((family) => `${agent}: no case of ${family}.* was run`), ...failed];
  });
}

if (import.meta.main) {
  const [path] = Deno.args;
  if (path === undefined) {
    console.error("Usage: deno run --allow-read tests/autobahn/report.ts INDEX_JSON");
    Deno.exit(2);
  }
  const report: Report = JSON.parse(await Deno.readTextFile(path));
  const faults = faultsOf(report);
  for (const fault of faults) console.error(fault);
  const count = Object.values(report).reduce((sum, cases) => sum + Object.keys(cases).length, 0);
  console.log(`${count - faults.length} of ${count} cases are OK`);
  if (faults.length > 0) Deno.exit(1);
}
