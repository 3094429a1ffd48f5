/**
 * Broadcasts and sends, mixed, to Chromium; a part of `deno task test:interop`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { talk } from "../topics/_conversation.ts";
import { findChromium, MODULES, NODE, PEERS_FOLDER } from "./_peers.ts";

/** The combinations that a browser can agree to: it only offers the size of its own window. */
const PATHS = [0, 1, 4, 5];

/** A page that echoes on a connection for each of the paths, until all are closed. */
const PAGE = `<!doctype html><title>Echo</title><script type="module">
  const closed = await Promise.all(${JSON.stringify(PATHS)}.map((path) => new Promise((resolve) => {
    const socket = new WebSocket(new URL("/" + path, location.href.replace("http", "ws")));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket.send(data);
    socket.onclose = ({ code }) => resolve(code);
  })));
  globalThis.results = closed;
</script>`;

Deno.test("broadcast() and send(), mixed, reach Chromium in order", async () => {
  const extensions = await talk(PATHS.length, async (port) => {
    const args = [`${PEERS_FOLDER}browser.mjs`, `http://127.0.0.1:${port}/`, MODULES, await findChromium()];
    const { success, stdout, stderr } = await new Deno.Command(NODE, { args, stdin: "null" }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), PATHS.map(() => 1000));
  }, PAGE);
  assert(extensions.every((value) => value.startsWith("permessage-deflate")), extensions.join());
});
