import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { sharedEngine } from "../../src/deflate/engine.ts";
import { ROLES } from "../support/endpoint.ts";
import { Random } from "../support/random.ts";
import { decode, makeDeflate, randomMessage, ZlibPeer } from "./_pair.ts";

function compress(message: Uint8Array, options: { windowBits?: number; level?: number; memLevel?: number } = {}) {
  return sharedEngine.compress(message, { windowBits: 15, level: 6, memLevel: 8, ...options });
}

for (const windowBits of [8, 9, 12, 15]) {
  // RFC 7692 §7.2.1 MUST window
  Deno.test(`DeflateEngine.compress() with ${windowBits} bits fits every window from there up, between other messages`, async () => {
    for (const role of ROLES) {
      for (let bits = windowBits; bits <= 15; bits++) {
        const windows = { serverMaxWindowBits: bits, clientMaxWindowBits: bits };
        const sender = makeDeflate(role, windows);
        const receiver = makeDeflate(role === "server" ? "client" : "server", windows);
        using zlib = new ZlibPeer(15, Math.max(9, bits));
        const random = new Random(bits);
        assertEquals(sender.windowBits, bits);
        for (let i = 0; i < 30; i++) {
          const message = randomMessage(random, random.next(random.pick([10, 300, 5000, 40_000])));
          const shared = random.next(3) === 0;
          const payload = shared ? compress(message, { windowBits }) : await sender.encode(message);
          if (shared) sender.forget();
          assertEquals(await zlib.decode(payload), message);
          assertEquals(await decode(receiver, payload.slice()), message);
        }
      }
    }
  });
}

Deno.test("DeflateEngine.compress() compresses by level and memLevel, even an empty message", () => {
  const message = randomMessage(new Random(3), 3).fill(97);
  assertEquals(compress(new Uint8Array(0)).toHex(), "00");
  assertEquals(compress(message, { level: 0 }).toHex(), "000300fcff61616100");
  const text = new TextEncoder().encode("What was said before is said again. ".repeat(3000));
  for (const memLevel of [1, 9]) assertLess(compress(text, { memLevel, level: 9 }).length, text.length / 50);
});

Deno.test("forget() lets the next message refer to nothing before it", async () => {
  const extension = makeDeflate("server");
  const message = new Random(4).bytes(2000);
  const first = await extension.encode(message);
  const again = await extension.encode(message);
  assertLess(again.length, first.length / 4);
  extension.forget();
  const forgotten = await extension.encode(message);
  assertEquals(forgotten, first);
  assert((await extension.encode(message)).length < first.length / 4);
  makeDeflate("client").forget();
});

// Row: detached-buffer
for (const serverNoContextTakeover of [false, true]) {
  Deno.test(`encode() ${serverNoContextTakeover ? "without" : "with"} context takeover rejects if its buffer is transferred meanwhile`, async () => {
    const extension = makeDeflate("server", { serverNoContextTakeover });
    const message = new Random(5).bytes(300_000);
    const encoded = extension.encode(message);
    structuredClone(message.buffer, { transfer: [message.buffer] });
    const error = await assertRejects(() => Promise.resolve(encoded), TypeError);
    assertStringIncludes(error.message, "expected its 300000 bytes");
    extension.close();
  });
}
