/**
 * The guide says what is true: it names every code, shows every example as it is, and its links lead somewhere.
 *
 *     deno test -A tests/docs_test.ts -- --write && deno fmt docs     # writes docs/examples.md
 *
 * @module
 */
import { assertEquals, assertLessOrEqual, assertNotEquals, assertStringIncludes } from "@std/assert";
import { ErrorCode } from "@wsd/driver";
import { entryPoints } from "./support/entry_points.ts";
import { testWith } from "./support/permissions.ts";

const ROOT = new URL("../", import.meta.url);
const READ = { read: true } as const;

/** The part of `deno doc --json` that is read here. */
interface Docs {
  nodes: Record<string, { module_doc?: JsDoc; symbols: { name: string; declarations: Declaration[] }[] }>;
}

interface Declaration {
  jsDoc?: JsDoc;
  /** `"reference"` if another entry point already has it. */
  kind: string;
}

interface JsDoc {
  doc?: string;
  tags?: { kind: string; doc?: string }[];
}

/** The examples, in the order in which they are shown. */
const EXAMPLES = [
  "echo.ts",
  "client.ts",
  "chat.ts",
  "deno_serve.ts",
  "node_http.ts",
  "hono.ts",
  "files.ts",
  "uploads.ts",
  "rpc.ts",
  "gateway.ts",
  "ticker.ts",
  "cluster.ts",
  "authentication.ts",
  "tls.ts",
  "health_check.ts",
  "own_transport.ts",
];

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

/** The document that shows all examples, each as its file is. */
async function renderExamples(): Promise<string> {
  const parts = await Promise.all(EXAMPLES.map(async (name) => {
    const source = await read(`examples/${name}`);
    const [comment] = source.match(/^\/\*\*[^]*?\*\/\n/) ?? [""];
    const text = comment.split("\n").slice(1, -2).map((line) => line.replace(/^ \* ?/, "")).join("\n");
    const [about, ...runs] = text.split(/\n\n(?= {4})/);
    const shell = runs.join("\n").replace(/^ {4}/gm, "").trim();
    const code = source.slice(comment.length).trim();
    return `## ${name}\n\n${about}\n\n\`\`\`sh\n${shell}\n\`\`\`\n\n\`\`\`ts ignore\n${code}\n\`\`\`\n`;
  }));
  return `# Examples\n\nThe files of [examples/](../examples), each as it is; a test runs each.\n\n${parts.join("\n")}`;
}

testWith({ read: true, write: true }, "docs/examples.md shows every example as it is", async () => {
  const names = (await Array.fromAsync(Deno.readDir(new URL("examples/", ROOT)))).map(({ name }) => name);
  assertEquals([...EXAMPLES].sort(), names.filter((name) => name.endsWith(".ts")).sort());
  const document = await renderExamples();
  if (Deno.args.includes("--write")) await Deno.writeTextFile(new URL("docs/examples.md", ROOT), document);
  // `deno fmt` wraps the prose, and leaves the code as it is.
  const shown = await read("docs/examples.md");
  const advice = "Run: deno test -A tests/docs_test.ts -- --write && deno fmt docs";
  assertEquals(shown.replace(/\s+/g, " "), document.replace(/\s+/g, " "), advice);
  for (const block of document.matchAll(/```ts ignore\n[^]*?\n```/g)) assertStringIncludes(shown, block[0]);
});

testWith(READ, "docs/errors.md names every code and its logged string, and no others", async () => {
  const rows = (await read("docs/errors.md")).matchAll(/^\| `([A-Z][A-Z0-9_]+)` +\| `(WS_\w+)` /gm);
  assertEquals(Object.fromEntries([...rows].map(([, name, code]) => [name, code])), { ...ErrorCode });
});

testWith(READ, "every link of the README and the guide leads to a file, and to a heading in it", async () => {
  const broken: string[] = [];
  const pages = ["README.md", "CONTRIBUTING.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) pages.push(`docs/${name}`);
  }
  for (const page of pages) {
    for (const [, path, heading] of (await read(page)).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)) {
      const target = path === "" ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      const found = await Deno.stat(target).then(() => true, () => false);
      const leads = found && (heading === "" || headings(await Deno.readTextFile(target)).includes(heading));
      if (!leads) broken.push(`${page} links to ${path}#${heading}`);
    }
  }
  assertEquals(broken, []);
});

/** What links call the headings of a page: in lower case, with hyphens for spaces, without punctuation. */
function headings(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
    text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
  );
}

testWith(READ, "README.md links to every page of the guide", async () => {
  const linked = [...(await read("README.md")).matchAll(/\]\(docs\/([a-z_-]+\.md)[)#]/g)].map(([, name]) => name);
  const pages = (await Array.fromAsync(Deno.readDir(new URL("docs/", ROOT)))).map(({ name }) => name);
  // What others do with the hostile rows is linked from the page of these.
  const missing = pages.filter((name) => name.endsWith(".md") && !linked.includes(name));
  assertEquals(missing, ["hostile-report.md"]);
});

testWith(READ, "every picture of the README and the guide is published with it", async () => {
  const { publish } = JSON.parse(await read("deno.json"));
  const pages = ["README.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) pages.push(`docs/${name}`);
  const shown: string[] = [];
  for (const page of pages.filter((path) => path.endsWith(".md"))) {
    for (const [, target] of (await read(page)).matchAll(/!\[[^\]]*\]\((?!https?:)([^)]+)/g)) {
      shown.push(new URL(target, new URL(page, "file:///")).pathname.slice(1));
    }
  }
  assertNotEquals(shown, []);
  const published = (path: string) => publish.include.some((pattern: string) => globToRegExp(pattern).test(path));
  assertEquals(shown.filter((path) => !published(path)), []);
});

/** Of the patterns in deno.json: names, `*` for a part of a name, and `**` for folders at any depth. */
function globToRegExp(glob: string): RegExp {
  const source = RegExp.escape(glob).replaceAll("\\*\\*\\/", "(?:.+\\/)?").replaceAll("\\*", "[^\\/]*");
  return new RegExp(`^${source}$`);
}

testWith(
  { read: true, run: true },
  "each entry point and all it exports have a description and an example",
  async () => {
    const files = entryPoints(ROOT);
    const { nodes } = await readDocs(files);
    assertEquals(Object.keys(nodes).map((url) => url.replace(ROOT.href, "")).sort(), files.toSorted());
    const faults = Object.entries(nodes).flatMap(([url, { module_doc, symbols }]) => [
      ...lacks(url.replace(ROOT.href, ""), [module_doc]),
      ...symbols.flatMap(({ name, declarations }) => {
        const own = declarations.filter(({ kind }) => kind !== "reference");
        return own.length === 0 ? [] : lacks(name, own.map(({ jsDoc }) => jsDoc));
      }),
    ]);
    assertEquals(faults.join("\n"), "");
  },
);

testWith({ read: true, run: true }, "each export is in a category, which groups it with others", async () => {
  const { nodes } = await readDocs(entryPoints(ROOT));
  const symbols = Object.values(nodes).flatMap(({ symbols }) => symbols);
  const without = symbols.filter(({ declarations }) =>
    declarations.some(({ kind, jsDoc }) =>
      kind !== "reference" && !jsDoc?.tags?.some(({ kind }) => kind === "category")
    )
  );
  assertEquals(without.map(({ name }) => name), []);
});

testWith({ read: true, run: true }, "mod.ts exports what users need, and first what a newcomer needs", async () => {
  const { nodes } = await readDocs(["mod.ts"]);
  const [{ symbols }] = Object.values(nodes);
  assertEquals(symbols.slice(0, 3).map(({ name }) => name), ["serve", "makeServer", "connect"]);
  // The types of single options are in client.ts and server.ts.
  assertLessOrEqual(symbols.length, 55);
});

/** What `deno doc` knows of the files. */
async function readDocs(files: readonly string[]): Promise<Docs> {
  const args = ["doc", "--json", ...files];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** What is missing. A constant and the type of its name share an example, but each is described. */
function lacks(name: string, docs: (JsDoc | undefined)[]): string[] {
  if (!docs.every((doc) => doc?.doc)) return [`${name} has no description`];
  return docs.some((doc) => doc?.tags?.some(({ kind }) => kind === "example")) ? [] : [`${name} has no example`];
}
