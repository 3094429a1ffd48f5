import { assertEquals, assertGreater } from "@std/assert";
import { sourceFiles } from "./support/import_graph.ts";
import { testWith } from "./support/permissions.ts";
import { fileFaults, MAX_LINES, testFaults } from "./support/style_rules.ts";

const ROOT = new URL("../", import.meta.url);

const FAULTY = [
  ['Deno.test.only("a", () => {});', "runs only one test"],
  ['Deno.test({ name: "a", only: true, fn() {} });', "runs only one test"],
  ["Deno.test({ name, fn, sanitizeOps: false });", "turns a sanitizer off"],
  ["await delay(100);", "sleeps"],
  ["await new Promise((resolve) => setTimeout(resolve, 5));", "sleeps"],
  ["await new Promise<void>((r) => {\n  setTimeout(r, 5);\n});", "sleeps"],
  ["Deno.listen({ port: 8080 });", "listens on a fixed port"],
  ['Deno.serve({ hostname: "localhost", port: 3000 }, handler);', "listens on a fixed port"],
  ["using server = serve({ port: 9001 }, handler);", "listens on a fixed port"],
  ["server.listen(8080);", "listens on a fixed port"],
] as const;

for (const [source, fault] of FAULTY) {
  Deno.test(`testFaults() finds that ${JSON.stringify(source)} ${fault}`, () => {
    assertEquals(testFaults(source), [fault]);
  });
}

const FAULTLESS = [
  "Deno.listen({ port: 0 });",
  "server.listen(0);",
  "await new Promise((resolve) => setTimeout(resolve));",
  "await new Promise((resolve) => setTimeout(resolve, 0));",
  "const timer = setTimeout(abort, 5); clearTimeout(timer);",
  "// Not Deno.test.only, and no port: serve({ port: 80 })",
  "const url = 'ws://localhost:8080/';",
  "assertEquals(parse(text), { port: 8080 });",
] as const;

for (const source of FAULTLESS) {
  Deno.test(`testFaults() passes ${JSON.stringify(source)}`, () => assertEquals(testFaults(source), []));
}

Deno.test("fileFaults() finds long files and wrong names", () => {
  assertEquals(fileFaults("src/protocol/frame_decoder.ts", "\n".repeat(MAX_LINES)), []);
  assertEquals(fileFaults("src/protocol/_mask.ts", ""), []);
  assertEquals(fileFaults("src/a.ts", "\n".repeat(MAX_LINES + 1)).length, 1);
  assertEquals(fileFaults("src/FrameDecoder.ts", "").length, 1);
  assertEquals(fileFaults("src/frame-decoder.ts", "").length, 1);
});

testWith({ read: true }, "no test runs alone, sleeps, listens on a fixed port or leaves a sanitizer off", () => {
  // The soak is a program, whose traffic has a rhythm; the others are tests, or what tests share.
  const files = sourceFiles(ROOT, "tests/").filter((file) =>
    file !== "tests/style_test.ts" && !file.startsWith("tests/soak/")
  );
  assertGreater(files.length, 3);
  assertEquals(faultsOf(files, (_, source) => testFaults(source)), []);
});

testWith({ read: true }, "no file of src is too long or wrongly named", () => {
  const files = sourceFiles(ROOT, "src/");
  assertGreater(files.length, 1);
  assertEquals(faultsOf(files, fileFaults), []);
});

function faultsOf(files: string[], check: (file: string, source: string) => string[]): string[] {
  return files.flatMap((file) => {
    const source = Deno.readTextFileSync(new URL(file, ROOT));
    return check(file, source).map((fault) => `${file} ${fault}`);
  });
}
