import { assertEquals } from "@std/assert";
import { testWith } from "../support/permissions.ts";
import { allCitations, type Citation, citationFaults, findCitations } from "./citations.ts";

Deno.test("findCitations() finds the test or the vector below a citation", () => {
  const source = [
    "// RFC 6455 §5.1 MUST client-masks",
    'Deno.test("one() does this", () => {});',
    "// Row: mask, utf8",
    "// RFC 6455 §8.1 MUST",
    "netTest(",
    "  `two() as ${role} does that`,",
    "// Row: bomb",
    '...["81", "82"].map((first) => ({ does: "takes \\"it\\"", frames: first })),',
    "// Row: views",
    'testWith({ net: true, run: true }, "three() does", () => {});',
    "// RFC 6455 §5.2 MUST opcode",
    '  ["a tuple", "81 00"],',
    '  ["another one", "81 00"],',
    "// Row: lost",
    "for (const way of WAYS) {",
    "  // Why it is done so.",
    "  test(`four() does, ${way.name}`, () => {});",
    "}",
    "// Row: shutdown",
    "const nothing = 1;",
  ].join("\n");
  assertEquals(findCitations("x.ts", source).map(({ rule, test }) => [rule, test]), [
    ["RFC 6455 §5.1 MUST client-masks", "one() does this"],
    ["Row: mask", "two() as … does that"],
    ["Row: utf8", "two() as … does that"],
    ["RFC 6455 §8.1 MUST", "two() as … does that"],
    ["Row: bomb", 'takes "it"'],
    ["Row: views", "three() does"],
    ["RFC 6455 §5.2 MUST opcode", "a tuple"],
    ["Row: lost", "four() does, …"],
    ["Row: shutdown", null],
  ]);
});

Deno.test("findCitations() passes over quotes and remarks", () => {
  const source =
    '// RFC 7692 §7.2.3.4: a final block may end a message.\n// RFC 7692 §7.1.2\nDeno.test("a", () => {});\n';
  assertEquals(findCitations("x.ts", source), []);
});

/** What is wrong with changed citations, beyond what was wrong before. */
function newFaults(change: (all: Citation[]) => Citation[]): string[] {
  const before = citationFaults(allCitations());
  return citationFaults(change(allCitations())).filter((fault) => !before.includes(fault));
}

testWith({ read: true }, "citationFaults() finds a rule without a test", () => {
  const without = (rule: string) => newFaults((all) => all.filter((citation) => citation.rule !== rule));
  assertEquals(without("RFC 6455 §5.1 MUST client-masks"), ["RFC 6455 §5.1 MUST client-masks has no test"]);
  assertEquals(without("Row: mask"), ["Row: mask has no test"]);
});

testWith({ read: true }, "citationFaults() finds a citation of no rule, and above no test", () => {
  const cite = (rule: string, test: string | null = "a") => newFaults((all) => [...all, { rule, test, file: "x.ts" }]);
  const choices = ["client-masks", "unmasked-frame", "server-masks-nothing", "masked-frame"]
    .map((word) => `RFC 6455 §5.1 MUST ${word}`).join(" or ");
  assertEquals(cite("RFC 6455 §5.1 MUST"), [`x.ts cites RFC 6455 §5.1 MUST, expected ${choices}`]);
  assertEquals(cite("Row: masks"), ["x.ts cites Row: masks, expected a rule of tests/rules/"]);
  assertEquals(cite("Row: mask", null), ["x.ts cites Row: mask above no test"]);
  assertEquals(cite("RFC 9112 §8 MUST"), ["RFC 9112 §8 MUST is untested, but a test cites it"]);
});

testWith({ read: true }, "every rule has a test or says why it has none, and every citation names a rule", () => {
  assertEquals(citationFaults(allCitations()).join("\n"), "");
});
