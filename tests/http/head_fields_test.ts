import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { type FieldSource, HeadFields } from "../../src/http/head_fields.ts";

Deno.test("HeadFields.get() joins the lines of a field whatever the case of its name", () => {
  const fields = new HeadFields([["Accept", "a"], ["Host", "x"], ["ACCEPT", "b"], ["accept", ""]]);
  assertEquals(fields.get("aCCept"), "a, b, ");
  assertEquals(fields.get("missing"), null);
});

Deno.test("HeadFields.getAll() keeps repeated lines separate", () => {
  const fields = new HeadFields([["Set-Cookie", "a=1, 2"], ["set-cookie", "b=2"]]);
  const lines = fields.getAll("SET-COOKIE");
  assertEquals(lines, ["a=1, 2", "b=2"]);
  lines.push("c");
  assertEquals(fields.getAll("set-cookie").length, 2);
  assertEquals(fields.getAll("missing"), []);
});

Deno.test("HeadFields keeps order and spelling, and counts lines", () => {
  const lines: [string, string][] = [["B", "1"], ["a", "2"], ["b", "3"]];
  const fields = new HeadFields(lines);
  assertEquals([...fields], lines);
  assertEquals([...fields], lines);
  assertEquals(fields.size, 3);
  assertEquals(new HeadFields(fields).get("b"), "1, 3");
});

Deno.test("HeadFields.extend() continues the last line", () => {
  const fields = new HeadFields([["A", "1"], ["B", ""], ["a", ""]]);
  fields.extend("2");
  fields.extend("");
  fields.extend("3");
  assertEquals([...fields], [["A", "1"], ["B", ""], ["a", "2 3"]]);
  assertEquals([fields.get("a"), fields.size], ["1, 2 3", 3]);
  assertThrows(() => new HeadFields().extend("1"), TypeError, "there is none");
});

// Row: prototype-names
Deno.test("HeadFields.has() knows only the names that were added", () => {
  const fields = new HeadFields([["__proto__", "1"], ["constructor", "2"]]);
  assert(fields.has("__PROTO__"));
  assertEquals(fields.get("__proto__"), "1");
  assertEquals(fields.get("constructor"), "2");
  assertFalse(new HeadFields().has("constructor"));
  for (const name of ["toString", "hasOwnProperty", "valueOf"]) {
    assertFalse(fields.has(name));
    assertEquals(fields.get(name), null);
  }
});

Deno.test("FieldSource is satisfied by the web's Headers", () => {
  const source: FieldSource = new Headers([["A", "1"], ["a", "2"]]);
  assertEquals(source.get("A"), "1, 2");
});
