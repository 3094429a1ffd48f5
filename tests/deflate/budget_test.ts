import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { deflateRawSync } from "node:zlib";
import { setCompressionBudget } from "../../mod.ts";
import { DeflateEngine, sharedEngine } from "../../src/deflate/engine.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { frameFor } from "../support/frames.ts";
import { Random } from "../support/random.ts";
import { DEFAULT, makeDeflate, randomMessage, zlibEncode, ZlibPeer } from "./_pair.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What the engine takes before it has any slot. */
const ENGINE = 512 * KIB;

Deno.test("setCompressionBudget() sets the budget, and refuses anything but a number of bytes", () => {
  const before = [sharedEngine.compressors, sharedEngine.inflations.limit];
  assertEquals(before, [32 * MIB, 64 * MIB]);
  try {
    setCompressionBudget({ compressors: MIB });
    assertEquals([sharedEngine.compressors, sharedEngine.inflations.limit], [MIB, 64 * MIB]);
    setCompressionBudget({ inflating: 0 });
    assertEquals([sharedEngine.compressors, sharedEngine.inflations.limit], [MIB, 0]);
  } finally {
    setCompressionBudget({ compressors: before[0], inflating: before[1] });
  }
  assertThrows(() => setCompressionBudget({ compressors: -1, inflating: 5 }), RangeError, "compressors");
  assertThrows(() => setCompressionBudget({ inflating: "1" as unknown as number }), TypeError, "inflating");
  assertThrows(() => setCompressionBudget({ inflater: 1 } as object), TypeError, "inflating");
  assertEquals([sharedEngine.compressors, sharedEngine.inflations.limit], before);
});

for (const slots of [1, 3, 8]) {
  for (const windowBits of [9, 15]) {
    Deno.test(`PerMessageDeflate and zlib read each other on 20 connections with ${slots} slots and ${windowBits} bits`, async () => {
      const engine = new DeflateEngine({ compressors: slots * 196 * KIB, inflaters: slots * 74 * KIB });
      const windows = { serverMaxWindowBits: windowBits, clientMaxWindowBits: windowBits };
      const random = new Random(slots + windowBits);
      const connections = Array.from({ length: 20 }, (_, index) => ({
        ours: makeDeflate(index % 2 === 0 ? "server" : "client", windows, { level: random.pick([1, 6, 9]) }, engine),
        peer: new ZlibPeer(windowBits, windowBits),
      }));
      for (let i = 0; i < 600; i++) {
        const { ours, peer } = random.pick(connections);
        const length = random.next(random.pick([10, 300, 5000, random.next(20) === 0 ? 600_000 : 70_000]));
        const message = randomMessage(random, length);
        const read = await ours.decode(await peer.encode(message), 2 ** 26);
        assertEquals(Buffer.compare(read, message), 0, `${i}`);
        assertEquals(Buffer.compare(await peer.decode(await ours.encode(message)), message), 0, `${i}`);
        if (random.next(10) === 0) ours.forget();
      }
      assertLess(engine.memory, ENGINE + slots * 2 * 270 * KIB);
      for (const { ours, peer } of connections) {
        ours.close();
        peer[Symbol.dispose]();
      }
    });
  }
}

Deno.test("PerMessageDeflate on 10,000 connections uses a shared budget to compress, and a window each to inflate", async () => {
  const engine = new DeflateEngine();
  const message = new TextEncoder().encode(JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id }))));
  const payload = zlibEncode(message);
  let memory = 0;
  for (let i = 0; i < 10_000; i++) {
    const extension = makeDeflate("server", {}, {}, engine);
    await extension.encode(message);
    await extension.decode(payload, 10_000);
    memory += extension.memory;
  }
  // Slots change hands: each connection counted what it had when it was its turn.
  assertGreater(memory, 10_000 * 200 * KIB);
  assertLess(engine.memory, ENGINE + 37 * MIB);
});

Deno.test("PerMessageDeflate forgets on the connection that was used least recently, and on no other", async () => {
  const engine = new DeflateEngine({ compressors: 3 * 193 * KIB });
  const [a, b, c, d] = Array.from({ length: 4 }, () => makeDeflate("server", {}, {}, engine));
  const message = new Random(7).bytes(3000);
  const alone = (await a.encode(message)).length;
  assertLess((await a.encode(message)).length, 100);
  for (const other of [b, c]) await other.encode(message);
  await a.encode(message);
  await d.encode(message);
  const lengths = [];
  for (const each of [a, c, d, b]) lengths.push((await each.encode(message)).length);
  assertEquals(lengths.map((length) => length > 100), [false, false, false, true]);
  assertEquals(lengths[3], alone);
  // What is closed gives its slot back, and nobody has to forget for the next one.
  b.close();
  await makeDeflate("server", {}, {}, engine).encode(message);
  for (const each of [c, d]) assertLess((await each.encode(message)).length, 100);
});

// Row: bomb
Deno.test("PerMessageDeflate inflates any number of bombs within a limit, and finishes all of them", async () => {
  const engine = new DeflateEngine({ inflating: 2 * MIB, inflaters: MIB });
  const maxLength = 2 * MIB;
  const bomb = zlibEncode(new Uint8Array(maxLength));
  const order: number[] = [];
  let most = 0;
  const messages = await Promise.all(Array.from({ length: 100 }, async (_, index) => {
    const message = await makeDeflate("server", {}, {}, engine).decode(bomb, maxLength);
    most = Math.max(most, engine.inflations.held);
    order.push(index);
    return message.length;
  }));
  assertEquals(new Set(messages), new Set([maxLength]));
  // The limit and one step, what messages make at once, 64 KiB each, and what the oldest takes alone.
  assertLess(most, 2 * MIB + 512 * KIB + 100 * 64 * KIB + 2 * MIB);
  assertEquals(order.indexOf(0), 0);
  assertLess(engine.memory, ENGINE + MIB);
});

Deno.test("PerMessageDeflate inflates a short message at once, whatever other connections inflate", async () => {
  const engine = new DeflateEngine({ inflating: MIB });
  const long = zlibEncode(new Uint8Array(8 * MIB));
  const bombs = Array.from({ length: 100 }, () => makeDeflate("server", {}, {}, engine).decode(long, 8 * MIB));
  const short = makeDeflate("client", {}, {}, engine);
  assert(engine.inflations.full);
  assertEquals(short.decode(zlibEncode(new Uint8Array(10_000)), 10_000), new Uint8Array(10_000));
  assertEquals(new Set((await Promise.all(bombs)).map(({ length }) => length)), new Set([8 * MIB]));
});

Deno.test("PerMessageDeflate stops inflating when it is closed, and others continue", async () => {
  const engine = new DeflateEngine({ inflating: MIB });
  const long = deflateRawSync(new Uint8Array(4 * MIB));
  const extensions = Array.from({ length: 100 }, () => makeDeflate("server", {}, {}, engine));
  const answers: number[] = [];
  const pending = extensions.map(async (extension, index) => {
    await extension.decode(long, 4 * MIB);
    answers.push(index);
  });
  for (const [index, extension] of extensions.entries()) if (index % 3 !== 0) extension.close();
  await Promise.all(pending.filter((_, index) => index % 3 === 0));
  assertEquals(answers.toSorted((a, b) => a - b), extensions.flatMap((_, index) => index % 3 === 0 ? [index] : []));
  assertEquals(engine.inflations.held, 0);
});

for (const role of ROLES) {
  Deno.test(`PerMessageDeflate on a ${role} fails only its own connection if memory runs out`, async () => {
    const engine = new DeflateEngine();
    const other = makeDeflate(role, {}, {}, engine);
    const message = randomMessage(new Random(2), 3000);
    await other.decode(await makeDeflate(role === "server" ? "client" : "server").encode(message), 3000);
    await other.encode(message);
    const { grow } = WebAssembly.Memory.prototype;
    const fault = new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
    const sender = new Endpoint(role, { extension: makeDeflate(role, {}, {}, engine) });
    const longSender = new Endpoint(role, { extension: makeDeflate(role, {}, {}, engine) });
    const receiver = new Endpoint(role, { extension: makeDeflate(role, {}, {}, engine) });
    const before = engine.memory;
    WebAssembly.Memory.prototype.grow = () => {
      throw fault;
    };
    try {
      // Until there is no room left in the page that was taken last.
      while (engine.memory === before && sender.events.length === 0) {
        const extra = makeDeflate(role, { serverMaxWindowBits: 9 }, { memLevel: 1 }, engine);
        try {
          await extra.encode(message);
        } catch {
          break;
        }
      }
      sender.protocol.sendBinary(message);
      longSender.protocol.sendBinary(new Uint8Array(MIB));
      receiver.protocol.receive(frameFor(role, 0xc2, zlibEncode(message)));
      await Promise.resolve();
    } finally {
      WebAssembly.Memory.prototype.grow = grow;
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
    const failed = ["error WS_EXTENSION_FAILED 1011"];
    assertEquals([sender.events, longSender.events, receiver.events], [failed, failed, failed]);
    assert((await other.encode(message)).length < 200);
  });

  Deno.test(`close() of PerMessageDeflate on a ${role} releases the compressor of a long message, own or borrowed`, () => {
    for (const noTakeover of [false, true]) {
      const agreement = { ...DEFAULT, serverNoContextTakeover: noTakeover, clientNoContextTakeover: noTakeover };
      const engine = new DeflateEngine();
      const leave = () => {
        const extension = makeDeflate(role, agreement, {}, engine);
        void extension.encode(new Uint8Array(300_000));
        extension.close();
      };
      leave();
      const { memory } = engine;
      for (let i = 0; i < 10; i++) leave();
      assertEquals(engine.memory, memory);
    }
  });

  Deno.test(`PerMessageDeflate on a ${role} fails only its own connection if a buffer is transferred away`, async () => {
    const message = new Uint8Array(300_000);
    const endpoint = new Endpoint(role, { extension: makeDeflate(role, { ...DEFAULT }) });
    endpoint.protocol.sendBinary(message);
    message.buffer.transfer();
    const { promise, resolve } = Promise.withResolvers<string>();
    const { onError } = endpoint;
    endpoint.onError = (error) => {
      onError.call(endpoint, error);
      resolve(error.message);
    };
    const told = await promise;
    assert(told.includes("transferred"), told);
    assertEquals(endpoint.events, ["error WS_SOURCE_FAILED 1011"]);
  });
}
