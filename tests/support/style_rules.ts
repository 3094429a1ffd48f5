/** The maximum length of a file in `src/`, in lines, including its documentation. */
export const MAX_LINES = 450;

const COMMENTS = /\/\*[\s\S]*?\*\/|(?<![:"'`\w])\/\/.*/g;

// Parts are joined, so that this file doesn't find itself.
const TEST_RULES: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`\bDeno\.test\.` + String.raw`only\b|\bonly:` + String.raw`\s*true`), "runs only one test"],
  [/\bsanitize(Ops|Resources|Exit):\s*false/, "turns a sanitizer off"],
  [/\b(?:await|return)\s+(?:delay|sleep|wait)\(\s*[\d_]+/, "sleeps"],
  [/new Promise(?:<[^>]*>)?\(\s*\(?(\w+)\)?\s*=>\s*\{?\s*setTimeout\(\s*\1\s*,(?!\s*0\s*\))/, "sleeps"],
  [/\bDeno\.(?:listen|listenTls|serve)\(\s*\{[^}]*\bport:\s*[1-9]/, "listens on a fixed port"],
  [/\bserve\(\s*\{[^}]*\bport:\s*[1-9]/, "listens on a fixed port"],
  [/\.listen\(\s*[1-9]\d*/, "listens on a fixed port"],
];

/**
 * Finds mistakes in a test: running alone, sleeping, listening on a fixed port.
 *
 * These are heuristics over the text; a reviewer must find the rest.
 *
 * @param source The text of a test, or of a file that tests share.
 * @returns The mistakes, none if there is none.
 */
export function testFaults(source: string): string[] {
  const code = source.replace(COMMENTS, "");
  return [...new Set(TEST_RULES.filter(([pattern]) => pattern.test(code)).map(([, fault]) => fault))];
}

/**
 * Checks the length and the name of a file in `src/`.
 *
 * @param path Its path.
 * @param source Its text.
 * @returns The mistakes, none if there is none.
 */
export function fileFaults(path: string, source: string): string[] {
  const faults: string[] = [];
  const lines = source.split("\n").length - 1;
  if (lines > MAX_LINES) faults.push(`has ${lines} lines, more than ${MAX_LINES}`);
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!/^_?[a-z0-9]+(_[a-z0-9]+)*(\.d)?\.ts$/.test(name)) faults.push("is not named in snake_case");
  return faults;
}
