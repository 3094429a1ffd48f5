// Every window, level and size of table against zlib, in both directions, and long messages cut at every kind of place.
import { assertEquals, assertLess } from "@std/assert";
import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw, inflateRawSync } from "node:zlib";
import { Random } from "../support/random.ts";
import { KINDS, makeMessages } from "../../bench/compressed_messages.ts";
import { decode, makeDeflate, randomMessage, zlibEncode, ZlibPeer } from "./_pair.ts";

const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);

const same = (a: Uint8Array, b: Uint8Array, what: string) => {
  if (Buffer.compare(a, b) !== 0) throw new Error(`${what}: expected ${b.length} bytes as they were, received others`);
};

for (let bits = 8; bits <= 15; bits++) {
  // RFC 7692 §7.1.2
  Deno.test(`PerMessageDeflate and zlib read each other with windows of ${bits} bits at every level`, async () => {
    for (let level = 0; level <= 9; level++) {
      const random = new Random(10 * bits + level);
      const memLevel = 1 + random.next(9);
      // zlib can't compress with 8, and takes 9 in its place.
      using peer = new ZlibPeer(Math.max(9, bits), bits, level);
      const windows = { clientMaxWindowBits: bits, serverMaxWindowBits: bits };
      const extension = makeDeflate("server", windows, { level, memLevel });
      const sizes = [0, 1, 2, 3, 4, 5, 2 ** bits - 1, 2 ** bits, 2 ** bits + 1, 32_767, 32_768, 32_769, 65_537];
      for (const size of [...sizes, ...sizes.toReversed()]) {
        const message = randomMessage(random, size);
        same(await decode(extension, await peer.encode(message)), message, `inflated, level ${level}, ${size}`);
        same(await peer.decode(await extension.encode(message)), message, `compressed, level ${level}, ${size}`);
      }
      extension.close();
    }
  });
}

/** How a peer with zlib may write a message: in one go, or flushed at many places, as blocks of every kind. */
const STRATEGIES = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];
const FLUSHES = [constants.Z_NO_FLUSH, constants.Z_PARTIAL_FLUSH, constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH];

for (const strategy of STRATEGIES) {
  // RFC 7692 §7.2.3.5
  Deno.test(`PerMessageDeflate inflates what zlib writes by strategy ${strategy}, flushed at many places`, async () => {
    const random = new Random(strategy + 3);
    const extension = makeDeflate("server");
    const stream = createDeflateRaw({ strategy, level: 6, memLevel: random.pick([1, 8, 9]) });
    const chunks: Uint8Array[] = [];
    stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
    for (let i = 0; i < 60; i++) {
      const message = randomMessage(random, 1 + random.next(random.pick([50, 4000, 300_000])));
      for (const part of random.cut(message, message.length)) {
        stream.write(part);
        if (random.next(20) !== 0) continue;
        await new Promise<void>((resolve) => stream.flush(random.pick(FLUSHES), resolve));
      }
      await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
      const payload = Buffer.concat(chunks.splice(0)).subarray(0, -TAIL.length);
      same(await decode(extension, payload), message, `${i}`);
    }
    stream.close();
    extension.close();
  });
}

for (const takeover of [true, false]) {
  Deno.test(`PerMessageDeflate and zlib read 64 MiB of each other, ${takeover ? "with" : "without"} takeover`, async () => {
    const random = new Random(64);
    const block = Buffer.concat([randomMessage(random, 300_000), random.bytes(100_000), ...makeMessages(150, 4096)]);
    const message = Buffer.concat(Array(Math.ceil(2 ** 26 / block.length)).fill(block)).subarray(0, 2 ** 26);
    const extension = makeDeflate("client", { clientNoContextTakeover: !takeover, serverNoContextTakeover: !takeover });
    for (let i = 0; i < (takeover ? 2 : 1); i++) {
      const payload = await extension.encode(message);
      if (i === 0) same(await inflate(payload), message, "compressed");
      else assertLess(payload.length, message.length / 3);
    }
    same(await decode(extension, zlibEncode(message, 1), 2 ** 26), message, "inflated");
    extension.close();
  });
}

async function inflate(payload: Uint8Array): Promise<Uint8Array> {
  if (payload.length < 1e5) {
    return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
  }
  const stream = createInflateRaw({ chunkSize: 2 ** 20 });
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  stream.write(payload);
  stream.write(TAIL);
  await new Promise<void>((resolve) => stream.flush(resolve));
  stream.close();
  return Buffer.concat(chunks);
}

for (const kind of KINDS) {
  for (const length of [200, 4096]) {
    Deno.test(`PerMessageDeflate sends at most 5 % more bytes than zlib of level 6: ${length} bytes, ${kind}`, async () => {
      const extension = makeDeflate("server");
      using peer = new ZlibPeer(15, 15);
      let [ours, theirs] = [0, 0];
      for (const message of makeMessages(Math.round(1_000_000 / length), length, kind)) {
        const payload = await extension.encode(message);
        ours += payload.length;
        theirs += (await peer.encode(message)).length;
      }
      assertLess(ours / theirs, 1.05);
    });
  }
}

// RFC 7692 §7.2.3.3 to §7.2.3.5
Deno.test("PerMessageDeflate inflates stored, empty and final blocks one after another, cut into steps anywhere", async () => {
  const random = new Random(11);
  for (let i = 0; i < 300; i++) {
    const blocks: Uint8Array[] = [];
    const parts: Uint8Array[] = [];
    for (let count = random.next(12); count > 0; count--) {
      const part = randomMessage(random, random.next(random.pick([1, 20, 3000, 70_000])));
      const kind = random.next(4);
      // An empty block of the fixed code with the header of a stored one says nothing.
      if (kind === 0) blocks.push(Uint8Array.of(2, 0), TAIL);
      else blocks.push(...kind === 1 ? [zlibEncode(part), TAIL] : stored(part, kind === 2));
      if (kind > 0) parts.push(part);
    }
    blocks.push(Uint8Array.of(0));
    const extension = makeDeflate("server");
    same(await decode(extension, Buffer.concat(blocks)), Buffer.concat(parts), `${i}`);
    assertEquals((await decode(extension, Uint8Array.of(0))).length, 0);
    extension.close();
  }
});

function stored(bytes: Uint8Array, final: boolean): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += 0xffff) {
    const block = bytes.subarray(at, at + 0xffff);
    const { length } = block;
    const last = final && at + length === bytes.length;
    blocks.push(Uint8Array.of(last ? 1 : 0, length, length >> 8, ~length, ~length >> 8), block);
  }
  return blocks;
}
