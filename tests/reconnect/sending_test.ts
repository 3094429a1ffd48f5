// What becomes of messages: sent, queued, replaced, taken back, dropped, confirmed or not.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { makeReconnectingClient, type ReconnectingClientOptions } from "../../client.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { PrintedErrors, UncaughtErrors } from "../support/uncaught.ts";
import { impatientClient } from "./_client_log.ts";
import { TestEnvironment } from "./_environment.ts";
import { open, scriptedServer, type Step } from "./_script.ts";

/** Opens, and hands the peer to the test; the connection ends when the test ends it. */
class Held {
  readonly #waiting: ((peer: RawPeer) => void)[] = [];
  readonly #come: RawPeer[] = [];

  readonly step: Step = async (peer) => {
    await peer.accept();
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#come.push(peer);
    else waiting(peer);
  };

  /** The next connection. */
  next(): Promise<RawPeer> {
    const peer = this.#come.shift();
    return peer === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(peer);
  }
}

function held(options: ReconnectingClientOptions = {}, environment?: TestEnvironment) {
  const held = new Held();
  const server = scriptedServer(held.step);
  const client = impatientClient(server.url, { handshakeTimeout: LONG, pingInterval: 0, ...options }, environment);
  return {
    ...client,
    held,
    /** Starts it, and gives the peer of its first connection. */
    async start(): Promise<RawPeer> {
      client.ws.startConnection();
      const first = await held.next();
      await client.log.until("up");
      return first;
    },
    async [Symbol.asyncDispose]() {
      client.ws.terminate();
      await client.ws.closed;
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Reads frames until as many messages have come; Pings are not answered. */
async function messages(peer: RawPeer, count: number): Promise<string[]> {
  const received: string[] = [];
  while (received.length < count) {
    const frame = await peer.frame();
    if (frame === "end") break;
    if (!frame.startsWith("ping")) received.push(frame);
  }
  return received;
}

netTest('send() returns false while there is no connection, and "sent" once there is one', async () => {
  await using test = held();
  const { ws, log, held: server } = test;
  assertEquals(ws.send("too early"), false);
  const started = ws.startConnection();
  assertEquals(ws.send("too early"), false);
  const peer = await server.next();
  assertEquals(await started, true);
  assertEquals(ws.send("one"), "sent");
  assertEquals(ws.sendText("two"), "sent");
  assertEquals(ws.sendBinary("three"), "sent");
  assertEquals(await messages(peer, 3), ["text one", "text two", "binary 7468726565"]);
  assertEquals(log.events, ["up"]);
});

netTest("send() queues while there is no connection if asked to, in order", async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, log, held: server } = test;
  assertEquals(ws.send("one"), "queued");
  ws.startConnection();
  assertEquals(ws.send("two"), "queued");
  assertEquals(ws.bufferedAmount, 6);
  const first = await server.next();
  assertEquals(await messages(first, 2), ["text one", "text two"]);
  await log.until("up");
  first.leave();
  await log.until("down");
  assertEquals(ws.send("three"), "queued");
  assertEquals(ws.send(Uint8Array.of(4)), "queued");
  const second = await server.next();
  assertEquals(await messages(second, 2), ["text three", "binary 04"]);
});

netTest("send() copies bytes that wait", async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, held: server } = test;
  const bytes = Uint8Array.of(1, 2);
  ws.send(bytes);
  bytes[0] = 9;
  ws.startConnection();
  assertEquals(await messages(await server.next(), 1), ["binary 0102"]);
});

Deno.test("send() queues within maxQueueBytes, and counts empty messages too", () => {
  const { ws } = impatientClient("ws://localhost:9/", { whileAway: "queue", maxQueueBytes: 200 });
  assertEquals(ws.send("x".repeat(72)), "queued");
  assertEquals(ws.send(""), "queued");
  assertEquals(ws.send("", { key: "a" }), false);
  assertEquals(ws.bufferedAmount, 72);
  ws.closeConnection();
});

Deno.test("send() replaces a queued message with the same key", () => {
  const { ws, log } = impatientClient("ws://localhost:9/", { whileAway: "queue", maxQueueBytes: 300 });
  assertEquals(ws.send("x".repeat(100), { key: "a" }), "queued");
  assertEquals(ws.send("one"), "queued");
  // It wouldn't fit beside the older one.
  assertEquals(ws.send("y".repeat(150), { key: "a" }), "queued");
  assertEquals(ws.send("two", { key: "b" }), false);
  ws.closeConnection();
  assertEquals(log.events, [`dropped ended one ${"y".repeat(150)}`, "close 1006"]);
});

Deno.test("send() removes a message whose signal aborts, and frees its room", () => {
  const { ws, log } = impatientClient("ws://localhost:9/", { whileAway: "queue", maxQueueBytes: 200 });
  const stopping = new AbortController();
  const callback = () => assert(false);
  assertEquals(ws.send("x".repeat(100), { signal: stopping.signal, callback }), "queued");
  assertEquals(ws.send("y".repeat(100)), false);
  stopping.abort();
  assertEquals(ws.bufferedAmount, 0);
  assertEquals(ws.send("z", { signal: stopping.signal }), false);
  assertEquals(ws.send("y".repeat(100)), "queued");
  ws.closeConnection();
  assertEquals(log.events, [`dropped ended ${"y".repeat(100)}`, "close 1006"]);
});

Deno.test("send() throws for a message that can't be sent", () => {
  const { ws } = impatientClient("ws://localhost:9/");
  assertThrows(() => ws.send(1 as never), TypeError, "number");
  assertThrows(() => ws.send("x", { type: "ping" as never }), TypeError, "ping");
  assertThrows(() => ws.sendText(Uint8Array.of(0xff)), TypeError, "UTF-8");
  assertThrows(() => ws.send("x", { kei: "a" } as never), TypeError, "key");
  ws.closeConnection();
});

netTest("maxQueueAge drops messages that have waited too long, and reports them", async () => {
  const environment = new TestEnvironment();
  await using test = held({ whileAway: "queue", maxQueueAge: 1_000 }, environment);
  const { ws, log, held: server } = test;
  ws.send("old");
  environment.pass(999);
  ws.send("new");
  environment.pass(1);
  ws.startConnection();
  assertEquals(await messages(await server.next(), 1), ["text new"]);
  await log.until("up");
  assertEquals(log.events, ["dropped age old", "up"]);
});

netTest("onConnect runs before any queued message is sent", async () => {
  const ready = Promise.withResolvers<void>();
  await using test = held({
    whileAway: "queue",
    async onConnect(client) {
      client.send("log in");
      const answer = await new Promise((resolve) => client.once("message", resolve));
      client.send(`subscribe as ${answer}`);
      await ready.promise;
    },
  });
  const { ws, log, held: server } = test;
  ws.send("one");
  ws.startConnection();
  const peer = await server.next();
  assertEquals(await messages(peer, 1), ["text log in"]);
  assertEquals([ws.send("two"), ws.client, ws.readyState], ["queued", null, "connecting"]);
  await peer.send(0x81, "me");
  assertEquals(await messages(peer, 1), ["text subscribe as me"]);
  ready.resolve();
  assertEquals(await messages(peer, 2), ["text one", "text two"]);
  await log.until("up");
  assertEquals(log.events, ["text me", "up"]);
  assertEquals(ws.readyState, "open");
});

netTest("onConnect sees what follows the server's response at once", async () => {
  await using server = scriptedServer(async (peer) => {
    await peer.accept(peer.frameOf(0x81, "hello"));
    await peer.rest();
    peer.leave();
  });
  const seen: unknown[] = [];
  const { ws, log } = impatientClient(server.url, {
    onConnect: (client) => new Promise((resolve) => client.once("message", (message) => resolve(seen.push(message)))),
  });
  await ws.startConnection();
  assertEquals([seen, log.events], [["hello"], ["text hello", "up"]]);
  ws.terminate();
  await ws.closed;
});

netTest("onConnect that fails closes the connection, and is a failure like any other", async () => {
  let count = 0;
  await using test = held({
    onConnect() {
      if (++count === 1) throw new Error("no");
      return count === 2 ? Promise.reject(new TypeError("still no")) : undefined;
    },
  });
  const { ws, log, held: server } = test;
  ws.startConnection();
  for (let i = 0; i < 2; i++) {
    const peer = await server.next();
    assertEquals(await peer.frame(), "close 1011");
    peer.leave();
  }
  await server.next();
  await log.until("up");
  assertEquals(log.events, ["waiting 1 500 onConnect Error", "waiting 2 1000 onConnect TypeError", "up"]);
});

netTest('"down" reports what was handed over but not confirmed; the rest is sent again', async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, log, held: server } = test;
  const first = await test.start();
  ws.send("one");
  assertEquals(await messages(first, 1), ["text one"]);
  const ping = await first.frame();
  await first.send(0x8a, Uint8Array.fromHex(ping.slice(5)));
  // The Pong is behind this message, so that the client has it when it sends the next ones.
  await first.send(0x81, "confirmed");
  await log.until("text confirmed");
  ws.send("two");
  ws.send("three");
  assertEquals(await messages(first, 2), ["text two", "text three"]);
  first.leave();
  await log.until("down");
  assertEquals(log.events.slice(0, 3), ["up", "text confirmed", "down 1006 two three"]);
  ws.send("four");
  const second = await server.next();
  assertEquals(await messages(second, 1), ["text four"]);
});

netTest("messages queued after one that the system doesn't accept go over the next connection", async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, held: server } = test;
  const first = await test.start();
  // More than the system takes from a peer that doesn't read.
  const large = new Uint8Array(12 * 1024 * 1024);
  const down = new Promise<readonly unknown[]>((resolve) => ws.once("down", (down) => resolve(down.unconfirmed)));
  assertEquals(ws.send(large, { callback: () => assert(false) }), "sent");
  assertEquals([ws.send("small"), ws.send("other")], ["sent", "sent"]);
  // It has begun to arrive: a part of it was handed over.
  assertEquals(await first.discard(), true);
  first.leave();
  const unconfirmed = await down;
  assertEquals(unconfirmed.map((data) => (data as Uint8Array).length), [large.length]);
  assertEquals(await messages(await server.next(), 2), ["text small", "text other"]);
});

netTest("a message after a confirmed one still waits for the system", async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, log, held: server } = test;
  const first = await test.start();
  ws.send("one");
  assertEquals(await messages(first, 1), ["text one"]);
  await first.send(0x8a, Uint8Array.fromHex((await first.frame()).slice(5)));
  await first.send(0x81, "confirmed");
  await log.until("text confirmed");
  ws.send(new Uint8Array(12 * 1024 * 1024));
  await first.discard();
  assertEquals(ws.send("small"), "sent");
  // By then it would have been handed over.
  await first.discard();
  first.leave();
  await log.until("down");
  assertEquals(log.events[2], "down 1006 12582912 bytes");
  assertEquals(await messages(await server.next(), 1), ["text small"]);
});

netTest("send() continues when a connection that the application itself filled has room again", async () => {
  await using test = held({ backpressureLimit: 1_000, onBackpressure: "refuse" });
  const { ws } = test;
  const first = await test.start();
  assertEquals(ws.client!.send(new Uint8Array(12 * 1024 * 1024)), true);
  assertEquals(ws.send("small"), "sent");
  assertEquals((await messages(first, 2))[1], "text small");
});

netTest("messages not handed over when the connection is lost are dropped if queueing is off", async () => {
  await using test = held();
  const { ws, log } = test;
  const first = await test.start();
  ws.send(new Uint8Array(12 * 1024 * 1024));
  ws.send("small");
  assertEquals(await first.discard(), true);
  first.leave();
  await log.until("dropped");
  assertEquals(log.events[2], "dropped away small");
});

netTest('send() returns false above backpressureLimit, and "drain" is emitted below highWaterMark', async () => {
  await using test = held({ backpressureLimit: 14 * 1024 * 1024, highWaterMark: 1_000 });
  const { ws, log } = test;
  const first = await test.start();
  assertEquals(ws.desiredSize, 1_000);
  const large = new Uint8Array(12 * 1024 * 1024);
  assertEquals([ws.send(large), ws.send(large), ws.send("x")], ["sent", "sent", false]);
  assert(ws.desiredSize <= 0);
  for (let length = 0; length < 2;) length += (await messages(first, 1)).length;
  await log.until("drain");
  assertEquals(ws.desiredSize, 1_000);
});

netTest("a peer that answers no Ping can't make the client keep everything it sends", async () => {
  await using test = held({ backpressureLimit: 1_000 });
  const { ws } = test;
  const first = await test.start();
  for (let count = 0; count < 7; count++) {
    assertEquals(ws.send("x".repeat(100)), "sent");
    await messages(first, 1);
    // Once more, for the callback that says so comes later than the bytes.
    while (ws.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve));
  }
  assertEquals(ws.send("x"), false);
});

netTest("send() batches up to what leaves in one write, in order", async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, held: server } = test;
  const expected = Array.from({ length: 5_000 }, (_, index) => `text ${index}${"é".repeat(index % 50)}`);
  for (const line of expected) assertEquals(ws.send(line.slice(5)), "queued");
  ws.startConnection();
  assertEquals(await messages(await server.next(), 5_000), expected);
});

netTest("callback runs when a message was handed to the system, whichever connection that was", async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, log, held: server } = test;
  const written: string[] = [];
  ws.send("one", { callback: () => written.push("one") });
  ws.startConnection();
  await messages(await server.next(), 1);
  await log.until("up");
  await new Promise<void>((resolve) => ws.send("two", { callback: resolve }));
  assertEquals(written, ["one"]);
});

netTest("closeConnection() sends what is queued before it closes", async () => {
  await using test = held({ whileAway: "queue" });
  const { ws, log, held: server } = test;
  ws.startConnection();
  const peer = await server.next();
  await log.until("up");
  const expected = Array.from({ length: 2_000 }, (_, index) => `text ${index}${"x".repeat(100)}`);
  for (const line of expected) ws.send(line.slice(5));
  assertEquals(ws.closeConnection("Bye", 4321), true);
  assertEquals([ws.readyState, ws.send("late"), ws.closeConnection()], ["closing", false, false]);
  assertEquals(await messages(peer, 2_001), [...expected, "close 4321 Bye"]);
  await peer.close(4321);
  peer.leave();
  assertEquals((await ws.closed).code, 4321);
  assertEquals(log.events.at(-1), "close 4321");
});

netTest("closeConnection() ends a wait, an attempt, and a client that was never started", async () => {
  await using server = scriptedServer(async (peer) => {
    await peer.head();
    await peer.rest();
    peer.leave();
  });
  const trying = impatientClient(server.url, { handshakeTimeout: LONG, whileAway: "queue" });
  trying.ws.send("one");
  const started = trying.ws.startConnection().catch((error) => error.message);
  while (server.peers.length === 0) await new Promise((resolve) => setTimeout(resolve));
  trying.ws.closeConnection();
  await trying.ws.closed;
  assertEquals(await started, "Cannot open the connection: it was already closed");
  assertEquals(trying.log.events, ["dropped ended one", "close 1006"]);
  assertEquals(trying.environment.timers, 0);

  const unstarted = impatientClient(server.url);
  assertEquals(unstarted.ws.closeConnection(), true);
  assertEquals([unstarted.log.events, unstarted.ws.readyState], [["close 1006"], "closed"]);
  assertEquals(await unstarted.ws.startConnection(), false);
});

netTest("signal ends the client for good", async () => {
  const stopping = new AbortController();
  await using server = scriptedServer(open);
  const isFinal = () => assert(false, "nothing has failed");
  const { ws, log } = impatientClient(server.url, { signal: stopping.signal, isFinal: isFinal as never });
  await ws.startConnection();
  ws.once("down", ({ final }) => assert(final));
  stopping.abort();
  await ws.closed;
  assertEquals(log.events, ["up", "down 1000", "close 1000"]);
  const aborted = impatientClient(server.url, { signal: stopping.signal });
  assertEquals(aborted.ws.readyState, "closed");
});

Deno.test("reconnectNow() ends a wait, and says whether there was one", async () => {
  const environment = new TestEnvironment();
  const { ReconnectingClient } = await import("../../src/client/reconnecting_client.ts");
  let attempts = 0;
  const failing = () => {
    attempts++;
    throw new Error("no");
  };
  const ws = new ReconnectingClient(failing, {}, environment);
  assertEquals(ws.reconnectNow(), false);
  const waiting = () => new Promise<number>((resolve) => ws.once("waiting", ({ attempt }) => resolve(attempt)));
  const first = waiting();
  ws.startConnection().catch(() => {});
  assertEquals([await first, attempts], [1, 1]);
  const second = waiting();
  assertEquals(ws.reconnectNow(), true);
  assertEquals([await second, attempts], [2, 2]);
  await ws[Symbol.asyncDispose]();
  assertEquals(environment.timers, 0);
});

const FAILURES: readonly (readonly [how: string, fail: () => unknown])[] = [
  ["throws", () => {
    throw new Error("mine");
  }],
  ["rejects with", () => Promise.reject(new Error("mine"))],
];

for (const [how, fail] of FAILURES) {
  netTest(
    `an error that a listener ${how} is reported, ends the connection, and does not stop the client`,
    async () => {
      using uncaught = new UncaughtErrors();
      await using test = held();
      const { ws, log, held: server } = test;
      const causes: unknown[] = [];
      ws.once("down", ({ error }) => causes.push((error as Error).cause));
      ws.once("message", () => fail());
      ws.startConnection();
      const peer = await server.next();
      await log.until("up");
      await peer.send(0x81, "Hi");
      assertEquals((await peer.frame()).slice(0, 10), "close 1011");
      await peer.close(1011);
      peer.leave();
      await server.next();
      await log.until("up", 2);
      assertEquals(causes.map((cause) => (cause as Error).message), ["mine"]);
      assertEquals(uncaught.values, causes);
    },
  );
}

netTest("an error that a listener throws is reported if there is no listener for the resulting loss", async () => {
  await using server = scriptedServer(async (peer) => {
    await peer.accept(peer.frameOf(0x81, "Hi"));
    await peer.frame();
    await peer.close(1011);
    peer.leave();
  }, open);
  const ws = makeReconnectingClient(server.url, { minDelay: 1 });
  const reported = new Promise<ErrorEvent>((resolve) => {
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event);
    }, { once: true });
  });
  ws.once("message", () => {
    throw new Error("mine");
  });
  await ws.startConnection();
  assertEquals((await reported).error.message, "mine");
  await ws[Symbol.asyncDispose]();
});

Deno.test("a listener of another event that rejects is reported", async () => {
  const reported = new Promise<ErrorEvent>((resolve) => {
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event);
    }, { once: true });
  });
  const ws = makeReconnectingClient("ws://localhost:9/");
  ws.on("close", () => Promise.reject(new Error("mine")));
  ws.closeConnection();
  assertEquals((await reported).error.message, "mine");
});

for (const [how, fail] of FAILURES) {
  // Without a listener for the global "error" event, reportError() would end the process.
  Deno.test(`what a listener of "close" ${how} is printed, and ends no process`, async () => {
    using printed = new PrintedErrors();
    const ws = makeReconnectingClient("ws://localhost:9/");
    ws.on("close", () => fail());
    ws.closeConnection();
    await ws.closed;
    // A rejection is handed over in a later turn.
    await new Promise<void>((resolve) => setTimeout(resolve));
    assertEquals(printed.values.map(([, error]) => (error as Error).message), ["mine"]);
  });
}
