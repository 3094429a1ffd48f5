/**
 * The examples with clients that others wrote: npm's ws, Python's websockets, Chromium; a part of
 * `deno task test:interop`. The chat has a file of its own.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { makeServer, serve } from "@wsd/driver";
import { ExampleProcess } from "../examples/_example_process.ts";
import { findChromium, MODULES, NODE, PEERS_FOLDER } from "./_peers.ts";

async function run(command: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command(command, { args, stdin: "null", stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test("examples/rpc.ts answers a client of npm's ws", async () => {
  await using example = await ExampleProcess.start("rpc.ts", ["serve", "0"]);
  assertEquals(await run(NODE, `${PEERS_FOLDER}examples_ws.mjs`, MODULES, "call", example.socketUrl), [
    '{"id":1,"result":6}',
    '{"id":2,"error":"Canceled"}',
  ]);
});

Deno.test("examples/uploads.ts saves what a client of npm's ws sends", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const file = new Uint8Array(1_000_000).map((_, index) => bytes[index % bytes.length]);
    await Deno.writeFile(`${folder}/data`, file);
    await Deno.mkdir(`${folder}/saved`);
    const flags = ["--allow-read", "--allow-write"];
    await using example = await ExampleProcess.start("uploads.ts", ["serve", `${folder}/saved`, "0"], flags);
    const args = [`${PEERS_FOLDER}examples_ws.mjs`, MODULES, "upload", example.socketUrl, `${folder}/data`];
    assertEquals(await run(NODE, ...args), ['{"saved":"from_ws.bin"}']);
    assertEquals(await Deno.readFile(`${folder}/saved/from_ws.bin`), file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("examples/gateway.ts passes on what a client of Python's websockets sends", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request, { acceptProtocols: ["chat"], perMessageDeflate: true });
    ws.on("message", (message) => message === "bye" ? ws.close(4001, "Done") : ws.send(message));
    return ws.accept();
  });
  await using example = await ExampleProcess.start("gateway.ts", [`ws://127.0.0.1:${server.addr.port}/`, "0"]);
  const [line] = await run("/usr/bin/python3", `${PEERS_FOLDER}examples_python.py`, example.socketUrl);
  assertEquals(JSON.parse(line), ["chat", "Hi", 1_024_000, 4001, "Done"]);
});

Deno.test("examples/ticker.ts shows prices and a plot of latency to 250 subscribers of a page", async () => {
  const picture = await Deno.makeTempFile({ suffix: ".png" });
  try {
    await using example = await ExampleProcess.start("ticker.ts", ["serve", "0"]);
    const args = [`${PEERS_FOLDER}ticker.mjs`, example.url, MODULES, await findChromium(), picture];
    assertEquals(await run(NODE, ...args), ['{"faults":[],"axe":[]}']);
  } finally {
    await Deno.remove(picture);
  }
});
