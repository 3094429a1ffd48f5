/**
 * Writes docs/rfc.md and docs/hostile.md: the rules of `rfc_6455.ts` and its like, the rows of `hostile_rows.ts`, and
 * the tests that cite them.
 *
 *     deno task docs:rules
 *
 * @module
 */
import { formatMarkdown } from "../support/format_markdown.ts";
import { allCitations, type Citation } from "./citations.ts";
import { HOSTILE_SECTIONS } from "./hostile_rows.ts";
import { RFCS } from "./rfcs.ts";
import type { HostileSection, Rfc } from "./rule.ts";

const ROOT = new URL("../../", import.meta.url);

/** How many tests of a rule are shown; the others are counted. */
const SHOWN = 3;

/** A page that is generated from the tests. */
export interface Page {
  /** Its file, from the root. */
  readonly file: string;
  /** Its Markdown. */
  readonly text: string;
}

/**
 * Generates the pages, formatted like the rest of the repository.
 *
 * @param citations The rules that the tests cite.
 * @returns The pages.
 */
export function makePages(citations: readonly Citation[] = allCitations()): Promise<Page[]> {
  const byRule = Map.groupBy(citations, ({ rule }) => rule);
  const testsOf = (rule: string) => byRule.get(rule) ?? [];
  return Promise.all([
    { file: "docs/rfc.md", lines: rfcPage(testsOf) },
    { file: "docs/hostile.md", lines: hostilePage(testsOf) },
  ].map(async ({ file, lines }) => ({ file, text: await formatMarkdown(lines.join("\n")) })));
}

/**
 * Reads a page as it is on disk.
 *
 * @param file Its file, from the root.
 * @returns Its Markdown.
 */
export function currentPage(file: string): string {
  return Deno.readTextFileSync(new URL(file, ROOT));
}

type TestsOf = (rule: string) => readonly Citation[];

function rfcPage(testsOf: TestsOf): string[] {
  const untested = (rfc: Rfc) => Object.values(rfc.rules).filter((rule) => typeof rule !== "string").length;
  const summary = RFCS.map((rfc) => {
    const total = Object.keys(rfc.rules).length;
    return `| [RFC ${rfc.number}](#rfc-${rfc.number}), ${rfc.title} | ${total} | ${total - untested(rfc)} | ${
      untested(rfc)
    } |`;
  });
  return [
    "# The rules of the RFCs",
    "",
    "Every MUST and SHOULD of RFC 6455, 7692, 9112 and 9110 that applies to a WebSocket endpoint, in brief, with the tests",
    "that check it, or the reason why there is none.",
    "",
    "| Document | Rules | With tests | Without |",
    "| --- | --- | --- | --- |",
    ...summary,
    "",
    'MUST NOT, SHALL and REQUIRED are listed as MUST, SHOULD NOT and RECOMMENDED as SHOULD; "Text" is a rule that the RFC',
    "states without these words. Rules for proxies, caches, browsers, extension authors and registries are left out, and from",
    "RFC 9110 also those for content, ranges, conditions and methods that don't occur in a handshake.",
    "",
    "This page is generated from the tests by `deno task docs:rules`.",
    ...RFCS.flatMap((rfc) => rfcSection(rfc, testsOf)),
    "",
  ];
}

function rfcSection({ number, title, rules }: Rfc, testsOf: TestsOf): string[] {
  const sections = Map.groupBy(Object.entries(rules), ([key]) => key.split(" ")[0]);
  return [
    "",
    `## RFC ${number}`,
    "",
    `${title}.`,
    ...[...sections].flatMap(([section, entries]) => [
      "",
      `### ${section}`,
      "",
      ...entries.map(([key, rule]) => {
        const level = key.split(" ")[1];
        if (typeof rule !== "string") return `- **${level}** ${rule.rule}. _No test: ${uncapitalize(rule.untested)}._`;
        return `- **${level}** ${rule}. ${testList(testsOf(`RFC ${number} ${key}`))}`;
      }),
    ]),
  ];
}

function hostilePage(testsOf: TestsOf): string[] {
  const count = (rows: HostileSection["rows"]) =>
    Object.keys(rows).reduce((sum, id) => sum + testsOf(`Row: ${id}`).length, 0);
  return [
    "# What hostile peers do",
    "",
    "What a hostile or broken peer can do to a WebSocket endpoint, how this package responds, and the tests that check it.",
    "",
    "| About | Cases | Tests |",
    "| --- | --- | --- |",
    ...HOSTILE_SECTIONS.map(({ title, rows }) =>
      `| [${title}](#${title.toLowerCase().replaceAll(" ", "-")}) | ${Object.keys(rows).length} | ${count(rows)} |`
    ),
    "",
    '"Closes 1002" means: a Close frame with that code is sent, `"error"` is emitted with a stable `code` and the `closeCode`,',
    '`"close"` is emitted once, and TCP ends. Memory stays bounded in every case. Each case applies to the server and the',
    "client if it can happen to both. Many of the tests run for both roles, for every way to read, and with the bytes cut at",
    "every position; they count once here. The [comparison](hostile-report.md) runs the same cases against npm `ws` and",
    "Deno's built-in socket.",
    "",
    "This page is generated from the tests by `deno task docs:rules`.",
    ...HOSTILE_SECTIONS.flatMap(({ title, rows }) => [
      "",
      `## ${title}`,
      "",
      ...Object.entries(rows).map(([id, { happens, outcome, seen }]) => {
        const source = seen === undefined ? "" : ` (${seen})`;
        return `- **${happens}**${source}: ${uncapitalize(outcome)}. ${testList(testsOf(`Row: ${id}`))}`;
      }),
    ]),
    "",
  ];
}

function testList(tests: readonly Citation[]): string {
  const links = [...new Set(tests.map(({ test, file }) => `[${escape(test ?? "")}](../${file})`))];
  const more = links.length - SHOWN;
  return `Tests: ${links.slice(0, SHOWN).join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
}

/** Makes the first letter lowercase, unless it starts a name. */
function uncapitalize(sentence: string): string {
  return /^[A-Z][a-z]*(?=[ ,]|$)/.test(sentence) && !/^(RFC|TCP|HandshakeError|TypeError)\b/.test(sentence)
    ? sentence[0].toLowerCase() + sentence.slice(1)
    : sentence;
}

function escape(name: string): string {
  return name.replace(/[|<>[\]_*]/g, "\\$&");
}

if (import.meta.main) {
  for (const { file, text } of await makePages()) Deno.writeTextFileSync(new URL(file, ROOT), text);
}
