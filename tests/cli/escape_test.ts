// What can steer a terminal is shown, and not done.
import { assert, assertEquals, assertFalse } from "@std/assert";
import { escapeControls, printableJson } from "../../src/cli/escape.ts";
import { EVIL, SHOWN } from "./_command.ts";

/** Every code unit that a terminal acts on, or that changes what other text looks like. */
const STEERING = [
  ...Array.from({ length: 0x20 }, (_, code) => code),
  ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i),
  ...[0xad, 0x61c, 0x180e, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e],
  ...[0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xd800, 0xdfff, 0xe0041],
];

// Row: terminal
Deno.test("escapeControls() leaves nothing that controls a terminal", () => {
  for (const code of STEERING) {
    const shown = escapeControls(`a${String.fromCodePoint(code)}b`);
    assert(/^a\\(x[0-9a-f]{2}|u\{[0-9a-f]{4,5}\}|[nrt])b$/.test(shown), `${code.toString(16)}: ${shown}`);
  }
  assertEquals(escapeControls(EVIL), SHOWN);
});

Deno.test("escapeControls() leaves plain text unchanged", () => {
  for (const text of ["", "Hi", "grüße", "日本語", "👩‍👩‍👧", "می‌خواهم", "a\\x1b", "e\u0301"]) {
    assertEquals(escapeControls(text), text);
  }
});

Deno.test("printableJson() escapes terminal controls, and parses to the same value", () => {
  for (const code of STEERING) {
    const value = { data: `a${String.fromCodePoint(code)}b` };
    const json = printableJson(value);
    assertFalse(json.includes(String.fromCodePoint(code)), code.toString(16));
    assertEquals(JSON.parse(json), value);
  }
});
