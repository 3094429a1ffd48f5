import { assertEquals, assertGreater } from "@std/assert";
import { type Import, type ImportGraph, readImportGraph, sourceFiles } from "./support/import_graph.ts";
import {
  hasNoCycles,
  hasNoIndex,
  isNotEmpty,
  keepsDependencies,
  keepsEntryPoints,
  keepsLayers,
  keepsPrivate,
  keepsPure,
  knowsFolders,
  type Rule,
  RULES,
  staysInSource,
} from "./support/layering_rules.ts";
import { testWith } from "./support/permissions.ts";

const ROOT = new URL("../", import.meta.url);

/** Makes a graph from lines such as `src/a.ts > src/b.ts`. */
function graphOf(...lines: string[]): ImportGraph {
  const imports: Import[] = lines.map((line) => line.split(" > ")).map(([from, to]) => ({ from, to }));
  const files = imports.flatMap(({ from, to }) => to.endsWith(".ts") ? [from, to] : [from]);
  return { files: [...new Set(files)], imports };
}

const GOOD = graphOf(
  "mod.ts > client.ts",
  "mod.ts > server.ts",
  "mod.ts > src/errors.ts",
  "client.ts > src/client/client.ts",
  "server.ts > src/server/server.ts",
  "protocol.ts > src/protocol/frame.ts",
  "src/errors.ts > src/close_code.ts",
  "src/protocol/frame.ts > src/errors.ts",
  "src/protocol/frame.ts > src/protocol/_mask.ts",
  "src/handshake/accept.ts > @std/encoding/base64",
  "src/handshake/status.ts > @std/http/status",
  "src/deflate/inflate.ts > node:zlib",
  "src/deflate/inflate.ts > src/protocol/frame.ts",
  "src/transport/socket.ts > node:net",
  "src/driver/driver.ts > src/transport/socket.ts",
  "src/client/client.ts > src/driver/driver.ts",
  "src/server/server.ts > src/handshake/accept.ts",
);

for (const rule of RULES) {
  Deno.test(`${rule.name}() passes a good graph`, () => assertEquals(rule(GOOD), []));
}

const BAD: readonly (readonly [Rule, string, ...string[]])[] = [
  [keepsLayers, "an upward import", "src/protocol/frame.ts > src/driver/driver.ts"],
  [keepsLayers, "an upward import from a root file", "src/errors.ts > src/protocol/frame.ts"],
  [keepsLayers, "a transport that knows its driver", "src/transport/socket.ts > src/driver/driver.ts"],
  [keepsLayers, "an upward import from a nested folder", "src/protocol/a/b.ts > src/handshake/accept.ts"],
  [keepsLayers, "protocol that knows handshake", "src/protocol/frame.ts > src/handshake/accept.ts"],
  [keepsLayers, "handshake that knows protocol", "src/handshake/accept.ts > src/protocol/frame.ts"],
  [keepsLayers, "client that knows server", "src/client/client.ts > src/server/server.ts"],
  [keepsLayers, "server that knows client", "src/server/server.ts > src/client/client.ts"],
  [knowsFolders, "a folder without a place", "src/utils/misc.ts > src/errors.ts"],
  [hasNoCycles, "two files in a cycle", "src/a.ts > src/b.ts", "src/b.ts > src/a.ts"],
  [
    hasNoCycles,
    "three files in a cycle",
    "mod.ts > src/a.ts",
    "src/a.ts > src/b.ts",
    "src/b.ts > src/c.ts",
    "src/c.ts > src/a.ts",
  ],
  [hasNoCycles, "a file that imports itself", "src/a.ts > src/a.ts"],
  [hasNoIndex, "an index.ts", "mod.ts > src/protocol/index.ts"],
  [keepsPrivate, "a private file of another folder", "src/driver/driver.ts > src/protocol/_mask.ts"],
  [keepsPrivate, "a private file of the folder above", "src/protocol/a/b.ts > src/protocol/_mask.ts"],
  [staysInSource, "an import of a test", "src/errors.ts > tests/support/pair.ts"],
  [staysInSource, "an import of a stand-in by path", "src/handshake/accept.ts > links/encoding/base64.ts"],
  [staysInSource, "an import of a benchmark", "src/errors.ts > bench/echo.ts"],
  [staysInSource, "an import of an example", "src/errors.ts > examples/echo.ts"],
  [staysInSource, "an import of an entry point", "src/driver/driver.ts > mod.ts"],
  [keepsDependencies, "another package of @std", "src/driver/driver.ts > @std/async/deadline"],
  [keepsDependencies, "a package with a like name", "src/driver/driver.ts > @std/http2"],
  [keepsDependencies, "an npm package", "src/deflate/inflate.ts > npm:pako@2"],
  [keepsDependencies, "a package by its full name", "src/errors.ts > jsr:@std/encoding@1/hex"],
  [keepsDependencies, "the package's own name", "src/errors.ts > @wsd/driver"],
  [keepsDependencies, "a remote module", "mod.ts > https://example.com/mod.ts"],
  [keepsPure, "protocol that uses node", "src/protocol/frame.ts > node:buffer"],
  [keepsPure, "handshake that uses node", "src/handshake/accept.ts > node:crypto"],
  [keepsPure, "a root file that uses node", "src/errors.ts > node:events"],
  [keepsEntryPoints, "client.ts that brings in the server", "client.ts > src/server/server.ts"],
  [keepsEntryPoints, "server.ts that brings in the client", "server.ts > src/client/client.ts"],
  [keepsEntryPoints, "client.ts that brings in the pair", "client.ts > src/testing/make_pair.ts"],
  [keepsEntryPoints, "server.ts that brings in the pair", "server.ts > src/testing/make_pair.ts"],
  [keepsLayers, "a client that knows the pair", "src/client/client.ts > src/testing/make_pair.ts"],
  [keepsEntryPoints, "protocol.ts that brings in a transport", "protocol.ts > src/transport/socket.ts"],
];

for (const [rule, what, ...lines] of BAD) {
  Deno.test(`${rule.name}() finds ${what}`, () => {
    const found = rule({
      files: [...new Set([...GOOD.files, ...graphOf(...lines).files])],
      imports: [...GOOD.imports, ...graphOf(...lines).imports],
    });
    assertEquals(found.length, 1, found.join("\n"));
  });
}

Deno.test("every rule is shown to fail", () => {
  const shown = new Set<Rule>([isNotEmpty, ...BAD.map(([rule]) => rule)]);
  assertEquals(RULES.filter((rule) => !shown.has(rule)), []);
});

Deno.test("isNotEmpty() finds an empty graph", () => {
  assertEquals(isNotEmpty({ files: [], imports: [] }).length, 1);
  assertEquals(isNotEmpty({ files: ["mod.ts", "src/errors.ts"], imports: [] }).length, 1);
  assertEquals(isNotEmpty({ files: ["mod.ts"], imports: [{ from: "mod.ts", to: "node:net" }] }).length, 1);
});

testWith({ read: true, run: true }, "the project keeps every rule of its layout", async (t) => {
  const graph = await readImportGraph(ROOT);
  for (const rule of RULES) {
    await t.step(rule.name, () => assertEquals(rule(graph).join("\n"), ""));
  }
});

testWith({ read: true, run: true }, "readImportGraph() sees every file and imports of types too", async () => {
  const { files, imports } = await readImportGraph(ROOT);
  assertEquals(sourceFiles(ROOT, "src/").filter((file) => !files.includes(file)), []);
  assertGreater(imports.filter(({ to }) => to === "src/close_code.ts").length, 0);
  for (const { to } of imports) assertEquals(to.startsWith("."), false, to);
});

testWith(
  { read: true, run: true, write: true },
  "readImportGraph() reads types, packages and dynamic imports",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/src`);
      await Deno.writeTextFile(`${folder}/src/b.ts`, "export type B = 1;\nexport const b = 1;\n");
      const lines = [
        'import type { B } from "./b.ts";',
        'import "node:net";',
        "export type A = B;",
        'await import("./c.ts");',
      ];
      await Deno.writeTextFile(`${folder}/src/a.ts`, lines.join("\n"));
      await Deno.writeTextFile(`${folder}/src/c.ts`, 'export type C = import("./b.ts").B;\n');
      await Deno.writeTextFile(`${folder}/deno.json`, "{}");
      const { files, imports } = await readImportGraph(new URL(`file://${folder}/`));
      assertEquals(files.sort(), ["src/a.ts", "src/b.ts", "src/c.ts"]);
      assertEquals(imports.map(({ from, to }) => `${from} > ${to}`).sort(), [
        "src/a.ts > node:net",
        "src/a.ts > src/b.ts",
        "src/a.ts > src/c.ts",
        "src/c.ts > src/b.ts",
      ]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
