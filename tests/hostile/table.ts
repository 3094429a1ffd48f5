/**
 * Makes docs/hostile.md, and docs/rfc.md: what hostile peers do, what happens then, and the tests that say so.
 *
 * A test names its rows in a comment above it, `// Row: mask, utf8`, or a vector does in its property `row: "mask"`
 * in front of `does: "…"`. Nothing is written by hand.
 *
 *     deno task docs:hostile
 *
 * @module
 */
import { sourceFiles } from "../support/import_graph.ts";
import { rfcPage } from "./rfc.ts";
import { FRAME_ROWS } from "./frame_rows.ts";
import { ANSWER_ROWS, REQUEST_ROWS } from "./handshake_rows.ts";
import { type Row, SECTIONS } from "./rows.ts";

/** A test that is about a row. */
export interface RowTest {
  /** The row's id. */
  readonly row: string;
  /** The file, from the root. */
  readonly file: string;
  /** The test's name, with `…` for what changes from one to the other of its kind. */
  readonly name: string;
}

const ROOT = new URL("../../", import.meta.url);
const FILE = new URL("docs/hostile.md", ROOT);

/** A row that is named, and then the test's name: the first text of a test, or that of `does`. */
const MARK = /\/\/ Row: ([\w, -]+)\n[\s\S]*?(?:[tT]est(?:With)?\([^"`]*|does: )(["`])((?:(?!\2)[^\\]|\\.)*)\2/g;

/** How many tests are listed a row and file; of more, the rest is counted. */
const LISTED = 3;

/**
 * Finds the tests that name a row.
 *
 * @param file The file, for what is returned.
 * @param source Its text.
 * @returns The tests in order.
 */
export function rowTests(file: string, source: string): RowTest[] {
  return [...source.matchAll(MARK)].flatMap(([, rows, , name]) =>
    rows.split(",").map((row) => ({ row: row.trim(), file, name: name.replace(/\$\{[^}]*\}/g, "…") }))
  );
}

/** Finds every test that names a row. */
export function allRowTests(): RowTest[] {
  const files = sourceFiles(ROOT, "tests/").filter((file) => !file.startsWith("tests/hostile/table"));
  return [
    ...FRAME_ROWS.map(({ row, does }) => ({ row, file: "tests/hostile/frames_test.ts", name: `… meets ${does}` })),
    ...[...REQUEST_ROWS, ...ANSWER_ROWS].map(({ row, does }) => (
      { row, file: "tests/hostile/handshake_test.ts", name: `… meets ${does}` }
    )),
    ...files.flatMap((file) => rowTests(file, Deno.readTextFileSync(new URL(file, ROOT)))),
  ];
}

/**
 * Writes the page.
 *
 * @param tests The tests that name a row.
 * @returns Markdown.
 */
export function page(tests: readonly RowTest[]): string {
  return [
    "# What hostile peers do",
    "",
    "What a hostile or broken peer does to a WebSocket endpoint, what this package does then, and the tests that say so.",
    '"Closes 1002" means: a Close frame with that code goes out, `"error"` tells a stable `code` and the `closeCode`,',
    '`"close"` comes once, and TCP ends. Memory stays bounded in every row. Every row holds for the server and for the',
    "client wherever both can meet it.",
    "",
    "Made from the tests by `deno task docs:hostile`; a test fails where this page is behind them.",
    ...SECTIONS.flatMap(({ title, rows }) => ["", `## ${title}`, "", ...table(rows, tests)]),
    "",
  ].join("\n");
}

function table(rows: Readonly<Record<string, Row>>, tests: readonly RowTest[]): string[] {
  const lines = Object.entries(rows).map(([id, row]) => {
    const named = Map.groupBy(tests.filter((test) => test.row === id), ({ file }) => file);
    const cell = [...named].flatMap(([file, tests]) => list(file, [...new Set(tests.map(({ name }) => name))]));
    return `| ${row.happens} | ${row.outcome} | ${row.seen ?? ""} | ${cell.join("<br>")} |`;
  });
  return ["| A peer | Outcome | Seen in | Tests |", "| --- | --- | --- | --- |", ...lines];
}

function list(file: string, names: string[]): string[] {
  const more = names.length - LISTED;
  const listed = names.slice(0, LISTED).map((name) => `[${escape(name)}](../${file})`);
  return more > 0 ? [...listed, `and ${more} more there`] : listed;
}

function escape(name: string): string {
  return name.replace(/\\(["`])/g, "$1").replace(/[|<>[\]_*]/g, "\\$&");
}

/** Formats Markdown as the repository does. */
export async function format(markdown: string): Promise<string> {
  const args = ["fmt", "--ext=md", `--config=${new URL("deno.json", ROOT).pathname}`, "-"];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout);
}

/** What the page holds at present. */
export function currentPage(): string {
  return Deno.readTextFileSync(FILE);
}

if (import.meta.main) {
  Deno.writeTextFileSync(FILE, await format(page(allRowTests())));
  Deno.writeTextFileSync(new URL("docs/rfc.md", ROOT), await format(rfcPage()));
}
