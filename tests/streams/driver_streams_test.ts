import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { ConnectionError, ErrorCode, makeClient, makePair, WebSocketError } from "../../mod.ts";
import { hostKinds } from "../support/hosts.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { rawServer } from "../support/raw_server.ts";
import { inMemory, openStreams, pairKinds, readAll, turn } from "../support/stream_pair.ts";

for (
  const kind of [
    ...pairKinds,
    ...hostKinds.filter(({ name }) => name === "Deno.serve").map((host) => ({
      name: host.name,
      permissions: host.permissions,
      open: () => openStreams(host),
    })),
  ]
) {
  testWith(kind.permissions, `${kind.name}: pipeTo() goes in both directions, and ends cleanly`, async () => {
    await using pair = await kind.open();
    const echoing = pair.server.readable.pipeTo(pair.server.writable).catch((error) => error);
    const messages = ["text", "", new Uint8Array([1, 2]), new Uint8Array(0), "é".repeat(40_000)];
    const writer = pair.client.writable.getWriter();
    const reader = pair.client.readable.getReader();
    for (const message of messages) {
      await writer.write(message);
      assertEquals((await reader.read()).value, message);
    }
    await writer.close();
    assertEquals(await pair.server.closed, { code: 1000, reason: "" });
    assertEquals((await reader.read()).done, true);
    await echoing;
  });
}

Deno.test("for await takes messages, and leaving the loop closes with 1000", async () => {
  const { server, client } = await makePair();
  for (let i = 0; i < 3; i++) server.send(`message ${i}`);
  const seen: unknown[] = [];
  for await (const message of client) {
    seen.push(message);
    if (seen.length === 2) break;
  }
  assertEquals(seen, ["message 0", "message 1"]);
  assertEquals(await server.closed, { code: 1000, reason: "" });
  assertEquals(await client.closed, { code: 1000, reason: "" });
});

Deno.test("await using closes with 1000 and waits for the end, though messages wait unread", async () => {
  const { server, client } = await makePair();
  {
    await using ws = client;
    void ws.readable;
    server.send(new Uint8Array(1_000_000));
    server.send("unread");
    await turn();
  }
  assertEquals(client.readyState, "closed");
  assertEquals(await server.closed, { code: 1000, reason: "" });
});

Deno.test("opened and closed resolve to the same values however late they are read", async () => {
  const { server, client } = await makePair();
  await client.opened;
  server.closeConnection("Bye", 4000);
  assertEquals(await client.closed, { code: 4000, reason: "Bye" });
  assertEquals(await client.closed, { code: 4000, reason: "Bye" });
  await client.opened;
});

Deno.test("a stream has one consumer, and a second one gets an error", async () => {
  await using pair = await makePair();
  const { server, client } = pair;
  server.on("message", () => {});
  assertThrows(() => server.readable, TypeError, "listeners");
  assertThrows(() => server.messages, TypeError, "listeners");
  assert(client.readable === client.readable);
  assertThrows(() => client.messages, TypeError, "not both");
  assertThrows(() => client.on("message", () => {}), TypeError, "stream");
  assertThrows(() => client.pause(), TypeError, "stream");
  client.on("close", () => {});
});

Deno.test("abort() of writable sends the code of a WebSocketError, and of no other error", async () => {
  for (
    const [reason, code] of [[new WebSocketError("", { closeCode: 4001, reason: "why" }), 4001], [new Error(), 1005]]
  ) {
    const { server, client } = await makePair();
    await client.writable.abort(reason);
    assertEquals((await server.closed).code, code);
  }
});

Deno.test("abort() gets through though a write is stuck", async () => {
  const { server, client } = await makePair({ closeTimeout: 1 });
  const held = server.readable;
  const writer = client.writable.getWriter();
  const stuck = (async () => {
    while (true) await writer.write(new Uint8Array(64 * 1024));
  })();
  stuck.catch(() => {});
  for (let i = 0; i < 20; i++) await turn();
  await writer.abort(new WebSocketError("", { closeCode: 4002 }));
  await assertRejects(() => stuck);
  assertEquals((await client.closed).code, 1006);
  await held.cancel();
  await server.closed;
});

Deno.test("a source that fails aborts the writable through pipeTo()", async () => {
  const { server, client } = await makePair();
  const source = new ReadableStream<string>({
    start: (controller) => controller.enqueue("first"),
    pull: (controller) => controller.error(new WebSocketError("", { closeCode: 4003, reason: "source" })),
  });
  await assertRejects(() => source.pipeTo(client.writable), WebSocketError);
  assertEquals(await server.closed, { code: 4003, reason: "source" });
});

Deno.test("write() rejects once the connection is closed, and for anything but a message", async () => {
  const { server, client } = await makePair();
  const bad = server.writable.getWriter();
  await assertRejects(() => bad.write(5 as never), TypeError);
  client.closeConnection();
  await client.closed;
  const error = await assertRejects(() => client.writable.getWriter().write("x"), DOMException);
  assertEquals(error.name, "InvalidStateError");
});

Deno.test("readable delivers the complete messages before the peer was lost, and then fails", async () => {
  const { server, client } = await makePair();
  const reader = client.readable.getReader();
  for (let i = 0; i < 5; i++) server.send(`message ${i}`);
  await turn();
  server.terminate();
  await client.closed;
  for (let i = 0; i < 5; i++) assertEquals((await reader.read()).value, `message ${i}`);
  const error = await assertRejects(() => reader.read(), WebSocketError);
  assertEquals(error.closeCode, 1006);
});

Deno.test("readable ends cleanly after everything sent before the peer's Close, read late or not", async () => {
  const { server, client } = await makePair();
  const { readable } = client;
  for (let i = 0; i < 1000; i++) server.send("x".repeat(1000));
  server.closeConnection("", 4000);
  assertEquals((await readAll(readable)).length, 1000);
  assertEquals((await client.closed).code, 4000);
});

// Row: not-reading
Deno.test("backpressureLimit closes with 1013 if desiredSize is ignored, and bounds the queue", async () => {
  const { server, client } = await makePair({ backpressureLimit: 100_000, closeTimeout: 1 });
  const errors: unknown[] = [];
  client.on("error", (error) => errors.push(error.code));
  const unread = server.readable;
  let sent = 0;
  while (client.send(new Uint8Array(10_000))) sent++;
  assert(sent > 9 && sent < 12, `${sent}`);
  assertEquals(errors, [ErrorCode.BACKPRESSURE_LIMIT]);
  assertEquals((await client.closed).code, 1013);
  await unread.cancel();
});

Deno.test("onBackpressure: refuse makes send() return false, and keeps the connection open", async () => {
  await using pair = await makePair({ backpressureLimit: 100_000, onBackpressure: "refuse" });
  const { client, server } = pair;
  const drained = new Promise<void>((resolve) => client.once("drain", resolve));
  while (client.send(new Uint8Array(10_000)));
  assertFalse(client.send("one more"));
  assertFalse(client.sendText("one more"));
  assertFalse(client.send("one more", { callback: () => {} }));
  await drained;
  assert(client.send("last"));
  for await (const message of server) if (message === "last") break;
});

for (const options of [{ backpressureLimit: 0 }, { streamCloseCode: 1006 }, { streamCloseCode: 999 }]) {
  Deno.test(`makePair() refuses ${JSON.stringify(options)}`, async () => {
    await assertRejects(() => makePair(options), RangeError);
  });
}

Deno.test("makePair() negotiates as over a network, and fails as over one", async () => {
  await using pair = await makePair({ server: { acceptProtocols: ["b"] }, client: { acceptProtocols: ["a", "b"] } });
  assertEquals([pair.client.protocol, pair.server.protocol], ["b", "b"]);
  await assertRejects(() => makePair({ server: { allowedOrigins: ["https://example.com"] } }));
});

const builtIn = hostKinds.find(({ name }) => name === "Deno.serve")!;

testWith(
  builtIn.permissions,
  "Deno.serve: what nobody reads fails the connection above backpressureLimit",
  async () => {
    await using pair = await openStreams(builtIn, { server: { backpressureLimit: 200_000 } });
    const { readable } = pair.server;
    const failed = new Promise<unknown>((resolve) => pair.server.once("error", (error) => resolve(error.code)));
    for (let i = 0; i < 30; i++) pair.client.send(new Uint8Array(10_000));
    assertEquals(await failed, ErrorCode.BACKPRESSURE_LIMIT);
    assertEquals((await pair.client.closed).code, 1013);
    await readable.cancel().catch(() => {});
  },
);

testWith(builtIn.permissions, "Deno.serve: what it can't do is an error, and no silence", async () => {
  await using pair = await openStreams(builtIn);
  assertThrows(() => pair.server.pause(), TypeError);
  await assertRejects(() => pair.server.sendStream(["x"]), TypeError, "fragments");
});

Deno.test("the in-memory pair is one of the kinds", () => assertEquals(inMemory.name, "makePair()"));

netTest("writable: a write after the peer's Close rejects with an InvalidStateError", async () => {
  const answered = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  await using server = rawServer(async (peer) => {
    await peer.accept();
    await peer.close(1000);
    while (!(await peer.frame()).startsWith("close"));
    answered.resolve();
    await written.promise;
    await peer.end();
  });
  const ws = makeClient(server.url);
  const writer = ws.writable.getWriter();
  writer.closed.catch(() => {});
  await ws.startConnection();
  await answered.promise;
  const writing = writer.write("late");
  written.resolve();
  const error = await assertRejects(() => writing, DOMException);
  assertEquals([error.name, await ws.closed], ["InvalidStateError", { code: 1000, reason: "" }]);
});

Deno.test("readable, messages and writable of an ended connection end as it did", async () => {
  for (const clean of [true, false]) {
    const { server, client } = await makePair();
    if (clean) client.closeConnection();
    else client.terminate();
    await Promise.all([server.closed, client.closed]);
    await Promise.all([server.opened, client.opened]);
    for (const readable of [server.readable, client.messages]) {
      const reading = readable.getReader().read();
      if (clean) assertEquals((await reading).done, true);
      else await assertRejects(() => reading, ConnectionError);
    }
    await assertRejects(() => server.writable.getWriter().write("late"));
  }
});

Deno.test("sendStream() that is abandoned before its turn doesn't block what was sent after it", async () => {
  await using pair = await makePair();
  const { server, client } = pair;
  const received = server.receive();
  const { promise: more, resolve } = Promise.withResolvers<void>();
  const first = client.sendStream((async function* () {
    yield "a";
    await more;
    yield "b";
  })());
  const giveUp = new AbortController();
  const second = client.sendStream(["never"], { signal: giveUp.signal });
  client.send("behind");
  giveUp.abort(new Error("Enough"));
  await assertRejects(() => second, Error, "Enough");
  resolve();
  await first;
  assertEquals([await received, await server.receive()], ["ab", "behind"]);
});
