// What stands in the documents to be copied, in an empty folder and word for word but for the port.
import { assert, assertEquals } from "@std/assert";
import { connect } from "@wsd/driver";
import { testWith } from "../support/permissions.ts";
import { ExampleProcess } from "./_example_process.ts";

const NEEDS = { net: true, run: true, read: true, write: true };
const ROOT = new URL("../../", import.meta.url);

/** The programs of a document that run until they are stopped, and so can't be run as examples by a test. */
async function programs(document: string): Promise<{ server?: string; client?: string }> {
  const sources = await ignoredSources(document);
  return {
    server: sources.find((source) => source.includes("serve(")),
    client: sources.find((source) => source.includes("connect(")),
  };
}

/** The examples of a page, or of a module's first comment, that are not run in place. */
async function ignoredSources(document: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(document, ROOT));
  const page = document.endsWith(".md") ? text : text.slice(0, text.indexOf("*/")).replace(/^ \* ?/gm, "");
  return [...page.matchAll(/^```ts ignore\n([^]*?)^```$/gm)].map(([, source]) => source);
}

for (const document of ["README.md", "mod.ts"]) {
  testWith(NEEDS, `the server and the client of ${document} talk, and Ctrl-C ends the server`, () => talk(document));
}

async function talk(document: string): Promise<void> {
  const { server, client } = await programs(document);
  const free = server!.replace("port: 5000", "port: 0");
  await using serving = await ExampleProcess.start("server.ts", [], ["--check"], free);
  const there = client!.replace("ws://localhost:5000/", serving.socketUrl);
  await using talking = await ExampleProcess.spawn("client.ts", [], ["--check"], there);
  await talking.until(/Got: Welcome\nGot: Hi\nClosed: 1000 That was all/);
  assertEquals(await talking.end(), 0);
  await serving.until(/Closed: 1000 That was all/);
  serving.kill("SIGINT");
  assertEquals(await serving.end(), 0);
}

testWith(NEEDS, "the examples of mod.ts pass the type check", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const sources = await ignoredSources("mod.ts");
    const files = sources.map((_, index) => `${folder}/${index}.ts`);
    await Promise.all(files.map((file, index) => Deno.writeTextFile(file, sources[index])));
    const args = ["check", "--config", new URL("deno.json", ROOT).pathname, ...files];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith(NEEDS, "the servers of docs/tutorial.md start, and answer", async () => {
  const sources = await ignoredSources("docs/tutorial.md");
  for (const source of sources.filter((source) => source.includes("serve("))) {
    const free = source.replace("port: 5000", "port: 0");
    await using serving = await ExampleProcess.start("server.ts", [], ["--check"], free);
    const additionalHeaders = { origin: new URL(serving.url).origin };
    await using ws = await connect(`${serving.socketUrl}?token=secret`, { additionalHeaders });
    assertEquals(ws.readyState, "open");
  }
});

testWith(NEEDS, "the client of README.md says so if nothing listens on the port", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const { client } = await programs("README.md");
  await using talking = await ExampleProcess.spawn("client.ts", [], [], client!.replace(":5000", `:${port}`));
  await talking.until(/Cannot connect to ws:\/\/localhost:\d+\/: .* can't be reached/);
  assertEquals(await talking.end(), 1);
});
