import { assertEquals } from "@std/assert";
import { testWith } from "../support/permissions.ts";
import { SECTIONS } from "./rows.ts";
import { allRowTests, currentPage, format, page, rowTests } from "./table.ts";

Deno.test("rowTests() finds the name behind a mark, in tests and in vectors", () => {
  const source = [
    "// Row: a-row",
    'Deno.test("one() does this", () => {});',
    "// Row: b-row, a-row",
    "netTest(",
    "  `two() as ${role} does that`,",
    "// Row: c-row",
    '...["81", "82"].map((first) => ({ does: "takes \\"it\\"", frames: first })),',
    "// Row: d-row",
    'testWith({ net: true, run: true }, "three() does", () => {});',
  ].join("\n");
  assertEquals(rowTests("x.ts", source).map(({ row, name }) => [row, name]), [
    ["a-row", "one() does this"],
    ["b-row", "two() as … does that"],
    ["a-row", "two() as … does that"],
    ["c-row", 'takes \\"it\\"'],
    ["d-row", "three() does"],
  ]);
});

testWith({ read: true }, "every row has a test, and every mark a row", () => {
  const rows = SECTIONS.flatMap(({ rows }) => Object.keys(rows));
  const marked = new Set(allRowTests().map(({ row }) => row));
  assertEquals(rows.filter((row) => !marked.has(row)), [], "rows without a test");
  assertEquals([...marked].filter((row) => !rows.includes(row)), [], "marks without a row");
});

testWith({ read: true, run: true }, "docs/hostile.md is what the tests make it (deno task docs:hostile)", async () => {
  assertEquals(currentPage(), await format(page(allRowTests())));
});
