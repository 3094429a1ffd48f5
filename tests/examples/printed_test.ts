// An example shows what it prints in a comment behind `console.log(…)`, in place of an assertion that nobody would paste.
import { assertEquals, assertGreater } from "@std/assert";
import { type CodeBlock, codeBlocks, promisedOutput } from "../support/code_blocks.ts";
import { sourceFiles } from "../support/import_graph.ts";
import { testWith } from "../support/permissions.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("codeBlocks() finds the code blocks of a page that run, and leaves out the rest", () => {
  const page = "# A\n\n```ts\nconst a = 1;\n```\n\n```ts ignore\nno\n```\n\n```sh\nls\n```\n";
  assertEquals(codeBlocks("a.md", page), [{ where: "a.md:3", code: "const a = 1;" }]);
});

Deno.test("codeBlocks() finds the code blocks of a doc comment that run", () => {
  const module = "/**\n * A.\n *\n * ```ts\n * f({\n *   a,\n * });\n * ```\n */\nexport const f = 1;\n";
  assertEquals(codeBlocks("a.ts", module), [{ where: "a.ts:4", code: "f({\n  a,\n});" }]);
});

Deno.test("promisedOutput() reads the comments after console.log()", () => {
  const code = 'console.log("a"); // a\nconsole.log("b");\nws.on("x", (v) => console.log(v)); // Hi\nf(); // no';
  assertEquals(promisedOutput(code), ["a", "Hi"]);
});

testWith(
  { read: true, write: true, run: true, net: true },
  "every example of a comment and of the guide prints what it says that it prints",
  async () => {
    const blocks = (await allBlocks()).filter(({ code }) => promisedOutput(code).length > 0);
    assertGreater(blocks.length, 0);
    const printed = await run(blocks);
    for (const [index, { where, code }] of blocks.entries()) {
      assertEquals(inOrder(printed[index], promisedOutput(code)), promisedOutput(code), where);
    }
  },
);

/** Of the lines that are printed, those that are promised, in the order of the promise. */
function inOrder(printed: readonly string[], promised: readonly string[]): string[] {
  let next = 0;
  return printed.filter((line) => line === promised[next] && ++next > 0);
}

async function allBlocks(): Promise<CodeBlock[]> {
  const pages = ["README.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) pages.push(`docs/${name}`);
  }
  const entries = [...Deno.readDirSync(ROOT)].map(({ name }) => name).filter((name) => /^[a-z]+\.ts$/.test(name));
  const files = [...pages.sort(), ...entries.sort(), ...sourceFiles(ROOT, "src/")];
  return files.flatMap((file) => codeBlocks(file, Deno.readTextFileSync(new URL(file, ROOT))));
}

/** What each example prints, a line each. */
async function run(blocks: readonly CodeBlock[]): Promise<string[][]> {
  const folder = await Deno.makeTempDir();
  try {
    const urls = await Promise.all(blocks.map(async ({ code }, index) => {
      const path = `${folder}/${index}.ts`;
      await Deno.writeTextFile(path, `${code}\nexport {};\n`);
      return new URL(path, "file:///").href;
    }));
    const config = new URL("deno.json", ROOT).pathname;
    const runner = new URL("_run_blocks.ts", import.meta.url).pathname;
    const args = ["run", "-A", "--no-check", "--config", config, runner, ...urls];
    const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, env, stdin: "null" }).output();
    const [, ...parts] = new TextDecoder().decode(stdout).split("\u0001");
    return parts.slice(0, -1).map((part) => part.split("\n").slice(1, -1));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
