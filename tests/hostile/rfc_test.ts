import { assert, assertEquals } from "@std/assert";
import { testWith } from "../support/permissions.ts";
import { rfcPage } from "./rfc.ts";
import { DOCUMENTS } from "./rfc_rules.ts";
import { format } from "./table.ts";

const ROOT = new URL("../../", import.meta.url);

testWith({ read: true }, "every rule of the RFCs names a test that exists, or says why there is none", () => {
  const missing: string[] = [];
  for (const { rule, test, why } of DOCUMENTS.flatMap(({ rules }) => rules)) {
    if (test === null) assert(why, rule);
    else if (!Deno.readTextFileSync(new URL(`tests/${test[0]}`, ROOT)).includes(test[1])) missing.push(test.join(": "));
  }
  assertEquals(missing, []);
});

testWith({ read: true, run: true }, "docs/rfc.md is what the rules make it (deno task docs:hostile)", async () => {
  assertEquals(Deno.readTextFileSync(new URL("docs/rfc.md", ROOT)), await format(rfcPage()));
});
