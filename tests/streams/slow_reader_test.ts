import { assertEquals, assertLess } from "@std/assert";
import type { WebSocketDriver } from "../../mod.ts";
import { memoryInUse } from "../support/memory.ts";
import { testWith } from "../support/permissions.ts";
import { type PairKind, pairKinds, turn } from "../support/stream_pair.ts";

const COUNT = 10_000;
const LENGTH = 64 * 1024;
const MIB = 1024 * 1024;
/** How often the reader lets the writer run ahead as far as it can, and memory is measured. */
const EVERY = 500;

for (const kind of pairKinds) {
  for (const from of ["client", "server"] as const) {
    testWith(kind.permissions, `${kind.name}: a slow reader holds back the ${from}, and loses nothing`, async () => {
      await holdsBack(kind, from);
    });
  }
}

async function holdsBack(kind: PairKind, from: "client" | "server"): Promise<void> {
  await using pair = await kind.open();
  const [sender, receiver] = from === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
  const reader = receiver.readable.getReader();
  const state = { written: 0 };
  const before = memoryInUse();
  const writing = write(sender, state);
  let most = 0;
  for (let read = 0; read < COUNT; read++) {
    if (read % EVERY === 0) {
      await untilItStalls(state);
      most = Math.max(most, memoryInUse() - before);
    }
    const { value } = await reader.read();
    assertEquals(value!.length, LENGTH);
    assertEquals(new DataView((value as Uint8Array).buffer, (value as Uint8Array).byteOffset).getUint32(0), read);
  }
  assertEquals((await reader.read()).done, true);
  await writing;
  assertLess(most, 4 * MIB);
}

async function write(sender: WebSocketDriver, state: { written: number }): Promise<void> {
  const writer = sender.writable.getWriter();
  for (; state.written < COUNT; state.written++) {
    const message = new Uint8Array(LENGTH);
    new DataView(message.buffer).setUint32(0, state.written);
    await writer.write(message);
  }
  await writer.close();
}

/** The writer has nothing to hope for but the reader. */
async function untilItStalls(state: { written: number }): Promise<void> {
  for (let quiet = 0, last = -1; quiet < 5; quiet = state.written === last ? quiet + 1 : 0) {
    last = state.written;
    await turn();
  }
}
