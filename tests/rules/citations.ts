/**
 * Finds the rules that tests cite. A citation is a comment line above a test, or above a vector that becomes a test:
 *
 *     // RFC 6455 §5.1 MUST client-masks
 *     // Row: mask, utf8
 *     Deno.test("receive() as server refuses a frame without a mask", …)
 *
 * The first names a rule of `rfc_6455.ts`, the second rows of `hostile_rows.ts`. A section without a level is a remark
 * and no citation: `// RFC 7692 §7.2.3.4: a final block may end a message`.
 *
 * @module
 */
import { sourceFiles } from "../support/import_graph.ts";
import { HOSTILE_SECTIONS } from "./hostile_rows.ts";
import { RFCS } from "./rfcs.ts";

/** A rule, and a test that cites it. */
export interface Citation {
  /** The rule: `"RFC 6455 §5.1 MUST client-masks"`, `"Row: mask"`. */
  readonly rule: string;
  /** The file of the test, from the root. */
  readonly file: string;
  /** The name of the test, with `…` for what differs among tests of its kind; null if no test follows. */
  readonly test: string | null;
}

const ROOT = new URL("../../", import.meta.url);

/** Comment lines that begin as citations do, and what follows up to the next of them. */
const BLOCK =
  /((?:^[ \t]*\/\/ (?:RFC \d+ §[\d.]*\d [A-Z]|Row: ).*\n)+)((?:(?!^[ \t]*\/\/ (?:RFC \d+ §[\d.]*\d [A-Z]|Row: )).*\n?)*)/gm;

/** The name of a vector in a tuple, at the very beginning. */
const TUPLE = /^\s*\[?\s*(?<quote>["`])(?<name>(?:(?!\k<quote>)[^\\]|\\.)*)\k<quote>,/;

/** The name of a test, or of a vector that says what a test `does`. */
const NAMED = /(?:\b\w*[tT]est(?:With)?\([^"`]*|\bdoes: )(?<quote>["`])(?<name>(?:(?!\k<quote>)[^\\]|\\.)*)\k<quote>/;

/**
 * Finds the citations in a file.
 *
 * @param file The file, for what is returned.
 * @param source Its text.
 * @returns The citations in order.
 */
export function findCitations(file: string, source: string): Citation[] {
  return [...source.matchAll(BLOCK)].flatMap(([, comments, code]) => {
    const test = nameIn(code);
    return comments.trim().split("\n").flatMap(rulesIn).map((rule) => ({ rule, file, test }));
  });
}

function rulesIn(comment: string): string[] {
  const cited = comment.trim().slice("// ".length);
  if (!cited.startsWith("Row: ")) return [cited];
  return cited.slice("Row: ".length).split(", ").map((row) => `Row: ${row}`);
}

function nameIn(code: string): string | null {
  const name = (TUPLE.exec(code) ?? NAMED.exec(code))?.groups?.name;
  return name?.replace(/\$\{[^}]*\}/g, "…").replace(/\\(["`])/g, "$1") ?? null;
}

/**
 * Finds the citations of all tests.
 *
 * @returns The citations, by file and in order; none of this folder, whose tests are about citations.
 */
export function allCitations(): Citation[] {
  return sourceFiles(ROOT, "tests/")
    .filter((file) => !file.startsWith("tests/rules/"))
    .flatMap((file) => findCitations(file, Deno.readTextFileSync(new URL(file, ROOT))));
}

/**
 * Finds what is wrong with citations.
 *
 * @param citations All citations.
 * @returns A line for each rule without a test, and for each citation of no rule or above no test.
 */
export function citationFaults(citations: readonly Citation[]): string[] {
  const rules = allRules();
  const cited = new Set(citations.map(({ rule }) => rule));
  const faults = [...rules].flatMap(([rule, { untested }]) => {
    if (untested === cited.has(rule)) {
      return [untested ? `${rule} is untested, but a test cites it` : `${rule} has no test`];
    }
    return [];
  });
  for (const { rule, file, test } of citations) {
    if (!rules.has(rule)) faults.push(`${file} cites ${rule}, expected ${choices(rule, [...rules.keys()])}`);
    else if (test === null) faults.push(`${file} cites ${rule} above no test`);
  }
  return faults;
}

function allRules(): Map<string, { untested: boolean }> {
  return new Map([
    ...RFCS.flatMap(({ number, rules }) =>
      Object.entries(rules).map(([key, rule]) =>
        [`RFC ${number} ${key}`, { untested: typeof rule !== "string" }] as const
      )
    ),
    ...HOSTILE_SECTIONS.flatMap(({ rows }) =>
      Object.keys(rows).map((id) => [`Row: ${id}`, { untested: false }] as const)
    ),
  ]);
}

/** The rules that a wrong citation may have meant: those of its section. */
function choices(rule: string, rules: readonly string[]): string {
  const section = rule.split(" ").slice(0, 3).join(" ");
  const near = rule.startsWith("Row: ") ? [] : rules.filter((known) => known.startsWith(`${section} `));
  return near.length > 0 ? near.join(" or ") : "a rule of tests/rules/";
}
