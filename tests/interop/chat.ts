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

Deno.test("three tabs talk to each other in the chat room", async () => {
  await using example = await ExampleProcess.start("chat.ts", ["0"]);
  const picture = Deno.args.includes("--write") ? PICTURE.pathname : await Deno.makeTempFile({ suffix: ".png" });
  const args = [`${PEERS_FOLDER}chat.mjs`, example.url, MODULES, await findChromium(), picture];
  const { stdout } = await new Deno.Command(NODE, { args, stderr: "inherit" }).output();
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
    who: "Ada, Grace, Alan",
    mine: 2,
    left: "Ada, Alan",
    faults: [],
  });
  if (picture !== PICTURE.pathname) await Deno.remove(picture);
});
