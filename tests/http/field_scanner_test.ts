import { assert, assertEquals, assertFalse } from "@std/assert";
import { FieldScanner } from "../../src/http/field_scanner.ts";

Deno.test("FieldScanner.takeToken() stops at the first separator", () => {
  const scanner = new FieldScanner("abc;d");
  assertEquals(scanner.takeToken(), "abc");
  assertEquals(scanner.takeToken(), "");
  assert(scanner.take(";"));
  assertFalse(scanner.take(";"));
  assertEquals(scanner.takeToken(), "d");
  assert(scanner.atEnd);
});

Deno.test("FieldScanner.skipWhitespace() steps over spaces and tabs only", () => {
  const scanner = new FieldScanner(" \t \t\v");
  scanner.skipWhitespace();
  assertFalse(scanner.atEnd);
  assert(scanner.take("\v"));
});

Deno.test("FieldScanner.skipEmptyElements() steps over commas too", () => {
  const scanner = new FieldScanner(" ,\t,, a");
  scanner.skipEmptyElements();
  assertEquals(scanner.takeToken(), "a");
});

Deno.test("FieldScanner.takeQuotedToken() removes quotes and backslashes", () => {
  const scanner = new FieldScanner('"a\\bc\\d";');
  assertEquals(scanner.takeQuotedToken(), "abcd");
  assert(scanner.take(";"));
});

Deno.test("FieldScanner.takeQuotedToken() is empty for anything but a quoted token", () => {
  for (const text of ["", "a", '"', '"a', '""', '"a b"', '"a\\', '"a\\"', '"\\""', '"\\\\"', '"a\\ b"', '"\xe9"']) {
    assertEquals(new FieldScanner(text).takeQuotedToken(), "", text);
  }
});
