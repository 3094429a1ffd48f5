/**
 * The chat room of the examples, in a browser; a part of `deno task test:interop`. With `--write`, its picture becomes
 * that of the documentation.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ExampleProcess } from "../examples/_example_process.ts";
import { findChromium, MODULES, NODE, PEERS_FOLDER } from "./_peers.ts";

const PICTURE = new URL("../../docs/chat.png", import.meta.url);

/** The page in its states: nothing that axe finds wrong, and nothing lost while the server is away. */
Deno.test("three tabs talk in the chat room, and what is written offline arrives later", async () => {
  const pictures = await Deno.makeTempDir();
  try {
    await using first = await ExampleProcess.start("chat.ts", ["0"]);
    const { port } = new URL(first.url);
    const args = [`${PEERS_FOLDER}chat.mjs`, first.url, MODULES, await findChromium(), pictures];
    const command = new Deno.Command(NODE, { args, stdin: "piped", stdout: "piped", stderr: "inherit" });
    await using tabs = command.spawn();
    const writer = tabs.stdin.getWriter();
    const next = linesOf(tabs.stdout);

    assertEquals(await next(), "cut");
    first.kill("SIGINT");
    await first.end();
    await writer.write(new TextEncoder().encode("done\n"));
    assertEquals(await next(), "restore");
    await using _second = await ExampleProcess.start("chat.ts", [port]);
    await writer.write(new TextEncoder().encode("done\n"));

    assertEquals(JSON.parse(await next() ?? "null"), {
      guests: "Ada (you), Grace, Alan",
      mine: 2,
      left: "Ada (you), Alan",
      kept: 1,
      axe: [],
      faults: [],
    });
    await writer.close();
    await tabs.status;
    if (Deno.args.includes("--write")) await Deno.copyFile(`${pictures}/chat.png`, PICTURE);
  } finally {
    await Deno.remove(pictures, { recursive: true });
  }
});

/** Gives what a program prints, a line each call. */
function linesOf(output: ReadableStream<Uint8Array<ArrayBuffer>>): () => Promise<string | undefined> {
  const reader = output.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return async () => {
    while (!rest.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest += value;
    }
    const end = rest.indexOf("\n");
    const line = rest.slice(0, end);
    rest = rest.slice(end + 1);
    return line;
  };
}
