/**
 * Broadcasts and sends, mixed, to peers of npm `ws`, Python's `websockets` and undici, with every agreement of
 * permessage-deflate: each peer echoes what it got, which must be what was sent, in order.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import { testWith } from "../support/permissions.ts";
import { COMBINATIONS, talk } from "./_conversation.ts";

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

/** A Python that has the package, null if there is none; another than Debian's may come first on the path. */
async function findPython(): Promise<string | null> {
  if ((await Deno.permissions.query({ name: "run" })).state !== "granted") return "python3";
  const args = ["-c", "import websockets.extensions.permessage_deflate"];
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const { success } = await new Deno.Command(python, { args, stdout: "null", stderr: "null" }).output();
      if (success) return python;
    } catch {
      // It is not there.
    }
  }
  return null;
}

const python = await findPython() ?? "";
const ignore = python === "";

testWith(
  NEEDS,
  "broadcast() and send(), mixed, reach Python's websockets in order with every agreement of compression" +
    (ignore ? " (ignored for want of python3 with websockets)" : ""),
  async () => {
    const options = COMBINATIONS.map((combination) => {
      const entries = Object.entries(combination);
      return JSON.stringify(Object.fromEntries(
        entries.map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
      ));
    });
    const extensions = await talk(16, async (port) => {
      const command = new Deno.Command(python, { args: [PEERS, `${port}`, ...options], stderr: "piped" });
      const { success, stderr } = await command.output();
      assert(success, new TextDecoder().decode(stderr));
    });
    assertEquals(new Set(extensions).size, 16);
  },
  { ignore },
);
