// Compressed messages that are made to hurt, asked of whole drivers.
import { constants, deflateRawSync } from "node:zlib";
import { assertEquals, assertLess } from "@std/assert";
import { setCompressionBudget } from "../../mod.ts";
import { ROLES } from "../support/endpoint.ts";
import { concat, cut, frameFor } from "../support/frames.ts";
import { memoryInUse } from "../support/memory.ts";
import { meet, READ_PATHS, type ReadPath } from "./paths.ts";

const MIB = 1024 * 1024;

const BOMB = bomb();

const PATHS = READ_PATHS.filter(({ extensions }) => extensions !== null);

/** A MiB of DEFLATE that inflates to about a GiB: one block after the other, each like the last. */
function bomb(): Uint8Array<ArrayBuffer> {
  const block = deflateRawSync(new Uint8Array(MIB), { finishFlush: constants.Z_SYNC_FLUSH });
  return concat(Array.from({ length: 1024 }, () => new Uint8Array(block)));
}

for (const role of ROLES) {
  for (const path of PATHS) {
    // Row: bomb
    Deno.test(`a ${role} that reads by ${path.name} stops a GiB at maxLength, on ten connections at once`, async () => {
      const whole = [frameFor(role, 0xc2, BOMB)];
      const parts = cut(BOMB, 50_000);
      const fragments = parts.map((part, i) =>
        frameFor(role, (i === 0 ? 0x42 : 0) | (i === parts.length - 1 ? 0x80 : 0), part)
      );
      const before = memoryInUse();
      await Promise.all(Array.from({ length: 10 }, async (_, index) => {
        const { peer, events, closed } = await meet(role, path, { maxLength: 2 * MIB });
        const writing = (async () => {
          for (const bytes of index % 2 === 0 ? whole : fragments) await peer.write(bytes);
        })().catch(() => {});
        while (await peer.frame() !== "end");
        if (index === 9) assertLess(memoryInUse() - before, 200 * MIB);
        peer.leave();
        await Promise.all([closed, writing]);
        assertEquals(events, ["error WS_MESSAGE_TOO_LONG 1009", "close 1009"]);
      }));
    });
  }

  // Row: bombs
  Deno.test(`a ${role} delivers 40 bombs within maxLength one after another, within a memory budget`, async () => {
    const length = 8 * MIB;
    const bomb = frameFor(role, 0xc2, new Uint8Array(deflateRawSync(new Uint8Array(length))));
    let most = 0;
    let delivered = 0;
    const path: ReadPath = {
      ...PATHS[0],
      read: (ws, take) => {
        ws.on("message", (message) => {
          if (delivered++ % 10 === 0) most = Math.max(most, memoryInUse() - before);
          take(`${message.length}`);
        });
        return null;
      },
    };
    setCompressionBudget({ inflating: length });
    const met = await Promise.all(Array.from({ length: 40 }, () => meet(role, path, { maxLength: length })));
    const before = memoryInUse();
    await Promise.all(met.map(async ({ ws, peer, events, closed }) => {
      await peer.write(bomb);
      await peer.send(0x89);
      while (await peer.frame() !== "pong");
      ws.terminate();
      peer.leave();
      await closed;
      assertEquals(events[0], `text ${length}`);
    }));
    setCompressionBudget({ inflating: 64 * MIB });
    // Without the budget it would be 320 MiB: they would all be whole at about the same time.
    assertLess(most, 64 * MIB);
  });

  // Row: compressed-churn
  Deno.test(`a ${role} frees the memory of 1,000 compressed connections`, async () => {
    const [path] = PATHS;
    const message = deflateRawSync("Hello ".repeat(1000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    const visit = async () => {
      const { ws, peer, events, closed } = await meet(role, path);
      await peer.write(frameFor(role, 0xc1, new Uint8Array(message)));
      ws.send("Bye ".repeat(1000));
      await peer.send(0x89);
      while (await peer.frame() !== "pong");
      ws.terminate();
      peer.leave();
      await closed;
      assertEquals(events.length, 2);
    };
    const visits = async (count: number) => {
      for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: 50 }, visit));
    };
    await visits(200);
    const before = memoryInUse();
    await visits(1000);
    // Each of them has held about 200 KiB.
    assertLess(memoryInUse() - before, 16 * MIB);
  });
}
