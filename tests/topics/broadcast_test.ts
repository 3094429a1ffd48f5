import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  broadcast,
  type BroadcastOptions,
  makeClient,
  makePair,
  makeServer,
  type PairOptions,
  prepareMessage,
  serve,
  type Server,
  type WebSocketDriver,
  WebSocketError,
  type WebSocketPair,
} from "@wsd/driver";
import { Opcode, Protocol } from "@wsd/driver/protocol";
import { sharedEngine } from "../../src/deflate/engine.ts";
import { memoryInUse } from "../support/memory.ts";
import { netTest, testWith } from "../support/permissions.ts";

type Message = string | Uint8Array;

const MIB = 1024 * 1024;

/** What a side of a pair receives. */
function record(ws: WebSocketDriver): Message[] {
  const messages: Message[] = [];
  ws.on("message", (message) => messages.push(message));
  return messages;
}

/** Waits for a message. */
function arrives(ws: WebSocketDriver, wanted: Message): Promise<void> {
  return new Promise((resolve) => {
    const onMessage = (message: Message) => {
      if (message !== wanted) return;
      ws.off("message", onMessage);
      resolve();
    };
    ws.on("message", onMessage);
  });
}

/** Pairs of which some compress, and some with takeover. */
const KINDS: Readonly<Record<string, PairOptions>> = {
  "without compression": {},
  "with context takeover": { perMessageDeflate: { threshold: 0 } },
  "without context takeover": {
    perMessageDeflate: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  },
  "with small windows": { perMessageDeflate: { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 } },
};

for (const [name, options] of Object.entries(KINDS)) {
  for (const role of ["server", "client"] as const) {
    const other = role === "server" ? "client" : "server";

    // Order on a connection is the order of the calls.
    Deno.test(`broadcast() by a ${role} ${name} keeps the order with send() and sendStream()`, async () => {
      await using a = await makePair(options);
      await using b = await makePair(options);
      const pairs = [a, b];
      const received = pairs.map((pair) => record(pair[other]));
      const all = pairs.map((pair) => pair[role]);
      const ends = pairs.map((pair) => arrives(pair[other], "end"));
      const long = "a long line, again and again. ".repeat(4_000);
      const expected: Message[] = [];
      const streams: Promise<void>[] = [];
      for (let i = 0; i < 20; i++) {
        const bytes = new TextEncoder().encode(`bytes ${i}`);
        broadcast(all, `text ${i} ${long.slice(0, i * 50)}`);
        for (const ws of all) ws.send(`sent ${i} ${long.slice(0, i * 50)}`);
        broadcast(all, bytes, { compress: i % 2 === 0 ? "each" : false });
        bytes.fill(0);
        expected.push(`text ${i} ${long.slice(0, i * 50)}`, `sent ${i} ${long.slice(0, i * 50)}`);
        expected.push(new TextEncoder().encode(`bytes ${i}`));
        if (i % 5 > 0) continue;
        for (const ws of all) streams.push(ws.sendStream(["stream ", `${i}`]));
        for (const ws of all) ws.send(long);
        broadcast(all, long);
        expected.push(`stream ${i}`, long, long);
      }
      broadcast(all, "end");
      expected.push("end");
      await Promise.all([...ends, ...streams]);
      for (const messages of received) assertEquals(messages, expected);
    });
  }
}

Deno.test("broadcast() counts recipients, and leaves out exceptions", async () => {
  await using a = await makePair();
  await using b = await makePair();
  await using c = await makePair();
  const connecting = makeClient("ws://localhost/");
  const closed = makeClient("ws://localhost/");
  closed.closeConnection();
  const all = [a.server, b.server, c.server, connecting, closed];
  const received = [a, b, c].map(({ client }) => record(client));
  const ends = [a, b, c].map(({ client }) => arrives(client, "end"));
  assertEquals(broadcast(all, "1"), { sent: 3, skipped: 1, closed: 1 });
  assertEquals(broadcast(all, "2", { except: a.server }), { sent: 2, skipped: 1, closed: 1 });
  assertEquals(broadcast(new Set(all), "3", { except: new Set([a.server, b.server]) }).sent, 1);
  assertEquals(broadcast([], "4"), { sent: 0, skipped: 0, closed: 0 });
  c.server.closeConnection();
  assertEquals(broadcast(all, "end"), { sent: 2, skipped: 1, closed: 2 });
  a.client.send("");
  await Promise.all(ends.slice(0, 2));
  await c.server.closed;
  assertEquals(received, [["1", "end"], ["1", "2", "end"], ["1", "2", "3"]]);
  connecting.closeConnection();
});

Deno.test("broadcast() throws only for the caller's mistakes", async () => {
  await using pair = await makePair();
  const of = (options: unknown) => () => broadcast([pair.server], "x", options as BroadcastOptions);
  assertThrows(of({ slwo: "skip" }), TypeError, '"slow"');
  assertThrows(of({ slow: "drop" }), TypeError, '"latest", received drop');
  assertThrows(of({ slowLimit: -1 }), RangeError, "slowLimit");
  assertThrows(of({ compress: true }), TypeError, "received true");
  assertThrows(of({ type: "ping" }), TypeError, "received ping");
  assertThrows(of({ key: 1 }), TypeError, "key");
  assertThrows(of({ except: [pair.server] }), TypeError, "except");
  assertThrows(() => broadcast([pair.server], 1 as never), TypeError, "number");
  assertThrows(() => broadcast([{} as WebSocketDriver], "x"), TypeError, "makeServer");
  assertThrows(() => broadcast([pair.server], Uint8Array.of(0xff), { type: "text" }), TypeError, "UTF-8");
  assertEquals(pair.server.readyState, "open");
});

Deno.test("broadcast() sends to nobody if one target isn't a connection, and says which", async () => {
  await using a = await makePair();
  await using b = await makePair();
  const received = [a, b].map(({ client }) => record(client));
  const ends = [a, b].map(({ client }) => arrives(client, "end"));
  const wrong = [a.server, b.server, null, a.server] as WebSocketDriver[];
  for (const targets of [wrong, new Set(wrong), wrong.values()]) {
    assertThrows(() => broadcast(targets, "x"), TypeError, "received null at index 2");
  }
  // An iterator gives its values once.
  assertEquals(broadcast([a.server, b.server].values(), "end").sent, 2);
  await Promise.all(ends);
  assertEquals(received, [["end"], ["end"]]);
});

Deno.test("send() accepts a prepared message, even before the connection is open", async () => {
  const message = prepareMessage("Hi");
  const bytes = Uint8Array.of(1, 2);
  const binary = prepareMessage(bytes);
  bytes.fill(9);
  await using pair = await makePair({ perMessageDeflate: { threshold: 0 } });
  const received = record(pair.client);
  const end = arrives(pair.client, "end");
  const written = new Promise<void>((callback) => pair.server.send(message, { callback }));
  pair.server.send(message);
  pair.server.send(binary);
  pair.server.send(prepareMessage(new TextEncoder().encode("end"), { type: "text" }));
  await Promise.all([end, written]);
  assertEquals(received, ["Hi", "Hi", Uint8Array.of(1, 2), "end"]);
  pair.server.closeConnection();
  assertEquals(pair.server.send(message), false);
  assertThrows(() => prepareMessage("x", { tpye: "text" } as never), TypeError, '"type"');
});

/** What comes out of an endpoint, as hex. */
function output(protocol: Protocol): string {
  let hex = "";
  for (let bytes = protocol.next(); bytes !== null; bytes = protocol.next()) {
    hex += bytes.toHex();
    protocol.done();
  }
  return hex;
}

const NOTHING = { onMessage() {}, onPing() {}, onPong() {}, onClose() {}, onError() {}, onOutput() {} };

// RFC 6455 §5.1 MUST client-masks
// RFC 6455 §5.1 MUST server-masks-nothing
Deno.test("sendPrepared() masks for a client only, and leaves the message unchanged", () => {
  const message = prepareMessage("Hello");
  for (const reuse of [false, true]) {
    const server = new Protocol("server", NOTHING, { reuse });
    server.sendPrepared(message);
    server.sendPrepared(message);
    assertEquals(output(server), "810548656c6c6f810548656c6c6f");
    const client = new Protocol("client", NOTHING, { reuse, maskingKey: () => 0x3d21fa37 });
    client.sendPrepared(message);
    assertEquals(output(client).length, 2 * (2 + 4 + 5));
  }
  assertEquals(message.plain.bytes.toHex(), "810548656c6c6f");
  assertEquals([message.plain.first, message.payload.length], [0x80 | Opcode.TEXT, 5]);
});

Deno.test("broadcast() compresses once for all connections, whatever they negotiated", async () => {
  await using stack = new AsyncDisposableStack();
  const pairs: WebSocketPair[] = [];
  for (const options of [...Object.values(KINDS), ...Object.values(KINDS)]) {
    pairs.push(stack.use(await makePair(options)));
  }
  const ends = pairs.map(({ client }) => arrives(client, "end"));
  const before = sharedEngine.compress;
  const windows: number[] = [];
  try {
    sharedEngine.compress = (message, options) => {
      windows.push(options.windowBits);
      return before.call(sharedEngine, message, options);
    };
    broadcast(pairs.map(({ server }) => server), "x".repeat(4_000));
  } finally {
    sharedEngine.compress = before;
  }
  // Once for windows of 2^12 bytes and more, which is all that 4,000 bytes need, and once for those of 2^9.
  assertEquals(windows, [12, 9]);
  broadcast(pairs.map(({ server }) => server), "end");
  await Promise.all(ends);
});

/** A pair whose client doesn't read, with more than a given number of bytes queued at the server. */
async function stuckPair(stack: AsyncDisposableStack, waiting: number): Promise<WebSocketPair> {
  const pair = stack.use(await makePair());
  pair.client.pause();
  while (pair.server.bufferedAmount <= waiting) pair.server.send(new Uint8Array(64 * 1024));
  return pair;
}

Deno.test('broadcast() closes a slow connection with 1013, or skips it if slow is "skip"', async () => {
  await using stack = new AsyncDisposableStack();
  const stuck = await stuckPair(stack, MIB);
  const quick = stack.use(await makePair());
  const codes: string[] = [];
  stuck.server.on("error", ({ code }) => codes.push(String(code)));
  const all = [stuck.server, quick.server];
  assertEquals(broadcast(all, "1", { slowLimit: 2 * MIB }), { sent: 2, skipped: 0, closed: 0 });
  assertEquals(broadcast(all, "2", { slow: "skip" }), { sent: 1, skipped: 1, closed: 0 });
  assertEquals(stuck.server.readyState, "open");
  assertEquals(broadcast(all, "3"), { sent: 1, skipped: 0, closed: 1 });
  assert(stuck.server.readyState !== "open");
  assertEquals(codes.length, 1);
  const texts = record(stuck.client);
  stuck.client.resume();
  const { code, reason } = await stuck.client.closed;
  assertEquals([code, reason, texts.filter((message) => typeof message === "string")], [1013, "too slow", ["1"]]);
});

Deno.test('broadcast() keeps the newest message of each key for a slow connection if slow is "latest"', async () => {
  await using stack = new AsyncDisposableStack();
  const stuck = await stuckPair(stack, 256 * 1024);
  const before = stuck.server.bufferedAmount;
  const send = (key: string, text: string) =>
    broadcast([stuck.server], `${key}${text}`, { slow: "latest", slowLimit: 128 * 1024, key });
  for (let i = 0; i < 1_000; i++) for (const key of ["a", "b", "c"]) assertEquals(send(key, `${i}`).sent, 1);
  send("a", " last");
  assertEquals(stuck.server.bufferedAmount, before);
  const received = record(stuck.client);
  const end = arrives(stuck.client, "a last");
  stuck.client.resume();
  await end;
  assertEquals(received.filter((message) => typeof message === "string"), ["b999", "c999", "a last"]);
  const next = arrives(stuck.client, "a next");
  assertEquals(send("a", " next").sent, 1);
  await next;
});

Deno.test('broadcast() with slow: "latest" keeps no message for a connection that has ended', async () => {
  await using stack = new AsyncDisposableStack();
  const { server, client } = await stuckPair(stack, 256 * 1024);
  const before = memoryInUse();
  for (let key = 0; key < 64; key++) {
    broadcast([server], new Uint8Array(128 * 1024), { slow: "latest", slowLimit: 128 * 1024, key: String(key) });
  }
  assertLess(8 * MIB, memoryInUse() - before);
  server.terminate();
  client.terminate();
  await Promise.all([server.closed, client.closed]);
  await new Promise((resolve) => setTimeout(resolve));
  // The driver is still there.
  assertEquals(server.readyState, "closed");
  assertLess(memoryInUse() - before, MIB);
});

/** Sends a stream that waits for its end, and a message after it. */
function sendBehindStream({ server, client }: WebSocketPair) {
  const source = Promise.withResolvers<string>();
  const events: string[] = [];
  client.on("message", (message) => events.push(String(message)));
  const stream = server.sendStream(
    (async function* () {
      yield "a";
      yield await source.promise;
    })(),
    { fragmentSize: 1 },
  );
  broadcast([server], "after");
  return { source, events, stream };
}

Deno.test("a Ping overtakes what waits for a stream", async () => {
  await using pair = await makePair();
  const { source, events, stream } = sendBehindStream(pair);
  const pinged = new Promise<void>((resolve) => pair.client.on("ping", () => resolve(void events.push("ping"))));
  const closed = pair.client.closed;
  pair.server.sendPing();
  await pinged;
  assertEquals(events, ["ping"]);
  source.resolve("b");
  await stream;
  pair.server.closeConnection();
  await closed;
  assertEquals(events, ["ping", "ab", "after"]);
});

Deno.test("the answer to a Close overtakes what waits for a stream, which it ends", async () => {
  await using pair = await makePair();
  const { source, events, stream } = sendBehindStream(pair);
  const cut = assertRejects(() => stream, WebSocketError);
  pair.client.close(4000, "enough");
  assertEquals(await pair.client.closed, { code: 4000, reason: "enough" });
  await cut;
  source.resolve("b");
  assertEquals(events, []);
});

netTest("broadcast() works over the runtime's socket under Deno.serve", async () => {
  const servers = new Set<Server>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("open", () => servers.add(ws));
    ws.startConnection();
    return ws.response;
  });
  const clients = [0, 1].map(() => makeClient(`ws://127.0.0.1:${server.addr.port}/`));
  await Promise.all(clients.map((ws) => ws.startConnection()));
  const received = clients.map(record);
  const ends = clients.map((ws) => arrives(ws, "end"));
  while (servers.size < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(broadcast(servers, "ü", { slow: "latest" }), { sent: 2, skipped: 0, closed: 0 });
  broadcast(servers, Uint8Array.of(1, 2));
  for (const ws of servers) ws.send(prepareMessage("end"));
  await Promise.all(ends);
  for (const messages of received) assertEquals(messages, ["ü", Uint8Array.of(1, 2), "end"]);
  await Promise.all(clients.map((ws) => ws[Symbol.asyncDispose]()));
  await server.shutdown();
});

/** How much memory a process may take beyond what waits for peers that don't read, in bytes. */
const SLACK = 20 * MIB;

testWith(
  { net: true, run: true, read: true, env: true, sys: true },
  "broadcast() holds no more than the slow limit for peers that never read, and all others get everything",
  async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("_stuck_peers.ts", import.meta.url).pathname],
      stdin: "null",
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { grown, stuck, slowLimit, codes, received, expected } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(new Set(received), new Set([expected]));
    assertEquals(codes, Array(stuck).fill(1013));
    assertLess(grown, stuck * slowLimit + SLACK);
  },
);

netTest("broadcast() to a peer that resets its connection doesn't affect the others", async () => {
  const servers = new Set<Server>();
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("open", () => servers.add(ws));
    ws.on("close", () => servers.delete(ws));
    ws.startConnection();
    return ws.response;
  });
  const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
  const [a, b] = [makeClient(url), makeClient(url)];
  await Promise.all([a.startConnection(), b.startConnection()]);
  const end = arrives(b, "end");
  while (servers.size < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  a.terminate();
  while (servers.size > 1) {
    broadcast(servers, "x".repeat(10_000));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  broadcast(servers, "end");
  await end;
  await b[Symbol.asyncDispose]();
  await server.shutdown();
});
