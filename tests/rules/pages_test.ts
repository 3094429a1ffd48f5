import { assert, assertEquals, assertLess } from "@std/assert";
import { testWith } from "../support/permissions.ts";
import { currentPage, makePages } from "./pages.ts";

testWith({ read: true, run: true }, "docs/rfc.md and docs/hostile.md are what the tests make them", async () => {
  for (const { file, text } of await makePages()) {
    assertEquals(currentPage(file), text, `${file} is stale: run deno task docs:rules`);
    for (const line of text.split("\n")) assertLess(line.length, 300, line);
  }
});

testWith(
  { read: true, run: true },
  "publish.exclude in deno.json keeps generated pages out of the package",
  async () => {
    const { publish } = JSON.parse(currentPage("deno.json"));
    for (const { file } of await makePages()) assert(publish.exclude.includes(file), file);
  },
);
