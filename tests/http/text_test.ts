import { assert, assertEquals, assertFalse } from "@std/assert";
import { equalsIgnoreCase } from "../../src/http/equals_ignore_case.ts";
import { latin1Decode, latin1Encode } from "../../src/http/latin1.ts";
import { listContains } from "../../src/http/list_contains.ts";
import { printable } from "../../src/http/printable.ts";
import { trimWhitespace } from "../../src/http/trim_whitespace.ts";
import { growth } from "./_bytes.ts";

Deno.test("equalsIgnoreCase() folds the case of ASCII letters only", () => {
  assert(equalsIgnoreCase("WebSocket", "wEBsOCKET"));
  assert(equalsIgnoreCase("AZ", "az"));
  assert(equalsIgnoreCase("", ""));
  assertFalse(equalsIgnoreCase("websoc\u212aet", "websocket"));
  assertFalse(equalsIgnoreCase("\xc9", "\xe9"));
  assertFalse(equalsIgnoreCase("a", "ab"));
  assertFalse(equalsIgnoreCase("@[", "`{"));
});

// RFC 9110 §5.6.1.2 MUST
Deno.test("listContains() finds an element whatever its case and place", () => {
  for (
    const value of ["upgrade", "Upgrade", "keep-alive, Upgrade", "UPGRADE,x", "\tupgrade\t", "a,,upgrade", "(,upgrade"]
  ) {
    assert(listContains(value, "upgrade"), value);
  }
  for (const value of [null, "", ",", "upgrades", "upgrade/1", "an upgrade", '"upgrade"', "up,grade", "\xa0upgrade"]) {
    assertFalse(listContains(value, "upgrade"), String(value));
  }
});

Deno.test("listContains() takes linear time on a hostile list", () => {
  for (const filler of [",", " ", ", ", "a"]) {
    const ratio = growth((size) => listContains(filler.repeat(size), "upgrade"), 50_000);
    assert(ratio < 32, `${JSON.stringify(filler)}: ${ratio}`);
  }
});

Deno.test("trimWhitespace() removes spaces and tabs at both ends only", () => {
  assertEquals(trimWhitespace(" \ta \t b\t "), "a \t b");
  assertEquals(trimWhitespace(" \t "), "");
  assertEquals(trimWhitespace("\xa0a\v"), "\xa0a\v");
});

Deno.test("printable() quotes, escapes and bounds what was received", () => {
  assertEquals(printable(null), "none");
  assertEquals(printable(""), '""');
  assertEquals(printable("GET /~"), '"GET /~"');
  assertEquals(printable("\xff\u0100"), '"\\xff\\u{100}"');
  assertEquals(printable('a\r\n\0"\\\x7f\xe9\u212a'), '"a\\x0d\\x0a\\x00\\x22\\x5c\\x7f\\xe9\\u{212a}"');
  assertEquals(printable("<b>&'"), '"\\x3cb\\x3e\\x26\\x27"');
  assertEquals(printable("a".repeat(64)), `"${"a".repeat(64)}"`);
  assertEquals(printable("a".repeat(65)), `"${"a".repeat(64)}"... (65 characters)`);
  assert(printable("\u212a".repeat(1_000_000)).length < 700);
});

Deno.test("latin1Decode() decodes each byte to one character", () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i % 256);
  const text = latin1Decode(bytes);
  assertEquals(text.length, bytes.length);
  assertEquals(text.charCodeAt(0x80), 0x80);
  assertEquals(latin1Encode(text), bytes);
});
