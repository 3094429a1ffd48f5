/**
 * Broadcasts and sends, mixed, to peers of npm `ws`, Python's `websockets` and undici, with every agreement of
 * permessage-deflate: each peer echoes what it got, which must be what was sent, in order.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import { testWith } from "../support/permissions.ts";
import { COMBINATIONS } from "../support/deflate_combinations.ts";
import { ignore, python, PYTHON_COMBINATIONS, WHY } from "../support/python_websockets.ts";
import { talk } from "./_conversation.ts";

const NEEDS = { net: true, read: true, env: true, run: true, sys: true, write: true };

// deno-lint-ignore no-explicit-any
type Untyped = any;

testWith(
  NEEDS,
  "broadcast() and send(), mixed, reach npm ws in order with every agreement of compression",
  async () => {
    const { WebSocket }: Untyped = await import("npm:ws@8.18.3");
    const extensions = await talk(17, async (port) => {
      await Promise.all(Array.from({ length: 17 }, async (_, index) => {
        // The last one has no compression at all.
        const perMessageDeflate = index < 16 ? { ...COMBINATIONS[index], threshold: 0 } : false;
        const socket = new WebSocket(`ws://127.0.0.1:${port}/${index}`, { perMessageDeflate, maxPayload: 2 ** 21 });
        socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
        await once(socket, "close");
      }));
    });
    assertEquals(extensions.filter((value) => value === "").length, 1);
    assertEquals(new Set(extensions).size, 17);
  },
);

testWith(NEEDS, "broadcast() and send(), mixed, reach undici in order", async () => {
  const peers = new URL("./_undici_peers.ts", import.meta.url).pathname;
  const extensions = await talk(4, async (port) => {
    const args = ["run", "-A", peers, `${port}`, "0", "1", "4", "5"];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stderr: "piped" }).output();
    assert(success, new TextDecoder().decode(stderr));
  });
  assert(extensions.every((value) => value.startsWith("permessage-deflate")), extensions.join());
});

const PEERS = new URL("./_websockets_peers.py", import.meta.url).pathname;

testWith(
  NEEDS,
  `broadcast() and send(), mixed, reach Python's websockets in order with every agreement of compression${WHY}`,
  async () => {
    const extensions = await talk(16, async (port) => {
      const command = new Deno.Command(python, { args: [PEERS, `${port}`, ...PYTHON_COMBINATIONS], stderr: "piped" });
      const { success, stderr } = await command.output();
      assert(success, new TextDecoder().decode(stderr));
    });
    assertEquals(new Set(extensions).size, 16);
  },
  { ignore },
);
