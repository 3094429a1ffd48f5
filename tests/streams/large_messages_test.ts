import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { makePair, type MessageData, WebSocketError } from "../../mod.ts";
import { testWith } from "../support/permissions.ts";
import { pairKinds, readAll, turn } from "../support/stream_pair.ts";

async function* chunksOf(...chunks: MessageData[]): AsyncGenerator<MessageData> {
  for (const chunk of chunks) {
    await turn();
    yield chunk;
  }
}

const SOURCES: readonly [name: string, () => Iterable<MessageData> | AsyncIterable<MessageData>, unknown][] = [
  ["strings", () => ["one ", "two"], "one two"],
  ["a ReadableStream", () => ReadableStream.from(["a", "b"]), "ab"],
  ["halves of a character", () => chunksOf("\ud83d", "\ude00!"), "\u{1f600}!"],
  ["a lone half", () => ["\ud83d"], "\ufffd"],
  ["bytes", () => chunksOf(Uint8Array.of(1), Uint8Array.of(2, 3).buffer), Uint8Array.of(1, 2, 3)],
  ["nothing", () => [], new Uint8Array(0)],
  ["empty chunks", () => ["", "x", ""], "x"],
];

for (const [name, source, expected] of SOURCES) {
  Deno.test(`sendStream() makes one message of ${name}`, async () => {
    await using pair = await makePair();
    const reader = pair.server.readable.getReader();
    await pair.client.sendStream(source(), { fragmentSize: 2 });
    assertEquals((await reader.read()).value, expected);
  });
}

for (const kind of pairKinds) {
  testWith(kind.permissions, `${kind.name}: a message is streamed in both directions, piece by piece`, async () => {
    await using pair = await kind.open();
    const length = 1_000_000;
    const whole = Uint8Array.from({ length }, (_, index) => index * 7 + (index >> 8));
    for (const [sender, receiver] of [[pair.client, pair.server], [pair.server, pair.client]]) {
      const messages = receiver.messages.getReader();
      const sending = sender.sendStream([whole.subarray(0, 10), whole.subarray(10)]);
      sender.send("behind");
      const { value } = await messages.read();
      assertEquals(value!.type, "binary");
      assertEquals(await new Response(value).bytes(), whole);
      await sending;
      const next = (await messages.read()).value!;
      assertEquals([next.type, await new Response(next).text()], ["text", "behind"]);
      messages.releaseLock();
    }
  });
}

Deno.test("messages: a source is not pulled for more than is read", async () => {
  await using pair = await makePair();
  const { messages } = pair.server;
  let asked = 0;
  const sending = pair.client.sendStream((function* () {
    for (; asked < 100; asked++) yield new Uint8Array(64 * 1024);
  })());
  for (let i = 0; i < 50; i++) await turn();
  assertLess(asked, 10);
  for await (const message of messages) {
    assertEquals((await new Response(message).bytes()).length, 100 * 64 * 1024);
    break;
  }
  await sending;
});

Deno.test("messages start before they are complete, and control frames go between their fragments", async () => {
  await using pair = await makePair();
  const rest = Promise.withResolvers<void>();
  const sending = pair.client.sendStream(
    (async function* () {
      yield "first";
      await rest.promise;
      yield "second";
    })(),
    { fragmentSize: 3 },
  );
  const { value } = await pair.server.messages.getReader().read();
  const chunks = value!.getReader();
  assertEquals((await chunks.read()).value, new TextEncoder().encode("fir"));
  const pong = new Promise<void>((resolve) => pair.client.sendPing("between", resolve));
  await pong;
  rest.resolve();
  await sending;
});

Deno.test("messages enforce maxLength on the whole message, and UTF-8", async () => {
  for (
    const [chunks, type, code] of [
      [[new Uint8Array(600), new Uint8Array(600)], "binary", 1009],
    ] as const
  ) {
    const { server, client } = await makePair({ server: { maxLength: 1000 } });
    const reading = readAll(server.messages).catch((error) => error);
    client.sendStream(chunks, { type, fragmentSize: 500 }).catch(() => {});
    assertEquals((await client.closed).code, code);
    await reading;
    await server.closed;
  }
});

Deno.test("messages: a canceled one is skipped, and one that is never read is reported", async () => {
  await using pair = await makePair();
  const reader = pair.server.messages.getReader();
  const sending = Promise.all([1, 2, 3].map((byte) => pair.client.sendStream([new Uint8Array(500_000).fill(byte)])));
  const first = (await reader.read()).value!;
  await first.cancel();
  const second = (await reader.read()).value!;
  const third = (await reader.read()).value!;
  await assertRejects(() => second.getReader().read(), TypeError, "next message was requested");
  assertEquals((await new Response(third).bytes())[0], 3);
  await sending;
});

Deno.test("messages: one that is cut off fails, and doesn't count as complete", async () => {
  const { server, client } = await makePair();
  const reader = server.messages.getReader();
  const sending = client.sendStream(
    (async function* () {
      yield new Uint8Array(1000);
      await new Promise(() => {});
    })(),
    { fragmentSize: 10 },
  );
  sending.catch(() => {});
  const { value } = await reader.read();
  client.terminate();
  await assertRejects(() => new Response(value).bytes());
  await assertRejects(() => sending, WebSocketError);
  await assertRejects(() => reader.read(), WebSocketError);
});

Deno.test("sendStream() fails the connection if its source fails in the middle, but not before", async () => {
  const { server, client } = await makePair();
  const fault = new Error("disk");
  const broken = new ReadableStream<string>({ start: (controller) => controller.error(fault) });
  await assertRejects(() => client.sendStream(broken), Error, "disk");
  assertEquals(client.readyState, "open");
  await assertRejects(
    () =>
      client.sendStream(
        (async function* () {
          yield new Uint8Array(100);
          await turn();
          throw fault;
        })(),
        { fragmentSize: 10 },
      ),
    Error,
    "disk",
  );
  assertEquals((await server.closed).code, 1011);
});

Deno.test("sendStream() refuses chunks that don't fit the message's type", async () => {
  await using pair = await makePair();
  const { client } = pair;
  await assertRejects(() => client.sendStream([new Uint8Array(1), "text"]), TypeError, "binary");
  await assertRejects(() => client.sendStream([Uint8Array.of(0xff)], { type: "text" }), TypeError, "UTF-8");
  await assertRejects(() => client.sendStream(5 as never), TypeError, "iterated");
  await assertRejects(() => client.sendStream([], { type: "ping" as never }), TypeError, "type");
  await assertRejects(() => client.sendStream([], { fragmentSize: 0 }), RangeError);
  await assertRejects(() => client.sendStream([], { signal: AbortSignal.abort() }), DOMException);
  assertEquals(client.readyState, "open");
  client.send("still open");
  assertEquals((await pair.server.readable.getReader().read()).value, "still open");
});

Deno.test("sendStream() is cut off by the peer's Close, and lets it be answered", async () => {
  const { server, client } = await makePair();
  const sending = client.sendStream(
    (async function* () {
      yield new Uint8Array(100);
      await new Promise(() => {});
    })(),
    { fragmentSize: 10 },
  );
  const rejected = assertRejects(() => sending, WebSocketError);
  client.send("never sent");
  await turn();
  server.closeConnection("", 4000);
  assertEquals((await server.closed).code, 4000);
  await rejected;
});

Deno.test("sendStream() and messages work with compression", async () => {
  await using pair = await makePair({ perMessageDeflate: true });
  const reader = pair.server.messages.getReader();
  const sending = pair.client.sendStream(["x".repeat(100_000)]);
  pair.client.send("y".repeat(100_000));
  for (const letter of ["x", "y"]) {
    const { value } = await reader.read();
    assertEquals(await new Response(value).text(), letter.repeat(100_000));
  }
  await sending;
});

Deno.test("messages: a complete message that nobody reads holds back the next ones", async () => {
  await using pair = await makePair();
  void pair.server.messages;
  const writer = pair.client.writable.getWriter();
  let written = 0;
  const writing = (async () => {
    for (; written < 100; written++) await writer.write(new Uint8Array(16 * 1024));
  })();
  writing.catch(() => {});
  for (let i = 0; i < 50; i++) await turn();
  assertLess(written, 20);
});
