// What is sent and received while a connection is open, on every kind of server.
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import type { MessageData } from "../../src/connection/message_data.ts";
import type { SendOptions } from "../../src/driver/send_options.ts";
import type { WebSocketDriver } from "../../src/driver/websocket_driver.ts";
import type { EventLog } from "../support/event_log.ts";
import { pattern } from "../support/frames.ts";
import { type DriverPair, type HostKind, hostKinds, openPair, openRaw } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

type Direction = readonly [from: WebSocketDriver, to: EventLog];

const DIRECTIONS: readonly (readonly [string, (pair: DriverPair) => Direction])[] = [
  ["from the client", ({ client, serverLog }) => [client, serverLog]],
  ["from the server", ({ server, clientLog }) => [server, clientLog]],
];

/** Every view of the bytes 1, 2, 3, 4 within a larger buffer. */
const VIEWS: readonly (readonly [string, () => MessageData])[] = [
  ["Uint8Array", () => surrounded()],
  ["Buffer-like subclass", () => new (class extends Uint8Array {})(surrounded())],
  ["Int8Array", () => new Int8Array(surrounded().buffer, 4, 4)],
  ["Uint8ClampedArray", () => new Uint8ClampedArray(surrounded().buffer, 4, 4)],
  ["Uint16Array", () => new Uint16Array(surrounded().buffer, 4, 2)],
  ["Int32Array", () => new Int32Array(surrounded().buffer, 4, 1)],
  ["Float32Array", () => new Float32Array(surrounded().buffer, 4, 1)],
  ["DataView", () => new DataView(surrounded().buffer, 4, 4)],
  ["ArrayBuffer", () => Uint8Array.of(1, 2, 3, 4).buffer],
  ["SharedArrayBuffer", () => shared().buffer],
  ["view of a SharedArrayBuffer", () => shared()],
];

function surrounded(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(9, 9, 9, 9, 1, 2, 3, 4, 9, 9, 9, 9).subarray(4, 8);
}

function shared(): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(4));
  bytes.set([1, 2, 3, 4]);
  return bytes;
}

const NO_DATA = [5, 0, null, undefined, true, {}, [1, 2], new Blob(["x"]), Symbol("s"), 5n];

const PARTS: readonly (readonly [MessageData, SendOptions, string])[] = [
  ["Hello", { start: 1 }, "text ello"],
  ["Hello", { end: 2 }, "text He"],
  ["Hello", { start: 1, end: 3 }, "text el"],
  ["Hello", { start: 5 }, "text"],
  ["grün", { start: 2, end: 3 }, "text ü"],
  [Uint8Array.of(1, 2, 3), { start: 1 }, "binary 0203"],
  [Uint8Array.of(1, 2, 3), { start: 1, end: 2 }, "binary 02"],
  [Uint16Array.of(0x0201, 0x0403), { start: 1, end: 3 }, "binary 0203"],
  ["Hi", { type: "binary" }, "binary 4869"],
  [Uint8Array.of(0x48, 0x69), { type: "text" }, "text Hi"],
  [Uint8Array.of(0x48, 0x69, 0x21), { type: "text", start: 1 }, "text i!"],
];

const BAD_PARTS: readonly SendOptions[] = [
  { start: -1 },
  { start: 3, end: 2 },
  { end: 6 },
  { start: 6 },
  { start: 1.5 },
  { end: NaN },
];

hostKinds.forEach(suite);

function suite(kind: HostKind): void {
  const test = (name: string, fn: () => Promise<void>) => testWith(kind.permissions, `${name}, with ${kind.name}`, fn);

  for (const [way, direction] of DIRECTIONS) {
    // RFC 6455 §6.1 MUST sent
    test(`send() carries text and binary of every size, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      const sizes = [0, 1, 125, 126, 65535, 65536, MIB];
      const expected = sizes.flatMap((size) => [text(size), pattern(size)]);
      for (const message of expected) assert(from.send(message));
      assertSame(await to.received(expected.length), expected);
    });

    test(`send() carries 16 MiB, ${way}`, async () => {
      const limits = { backpressureLimit: 64 * MIB };
      await using pair = await openPair(kind, { server: limits, client: limits });
      const [from, to] = direction(pair);
      const bytes = pattern(16 * MIB);
      assert(from.send(bytes));
      assert(from.send(text(16 * MIB)));
      const [binary, string] = await to.received(2);
      assertSame([binary], [bytes]);
      assert(string === text(16 * MIB));
    });

    test(`send() sends exactly the bytes of every view, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      for (const [, make] of VIEWS) assert(from.send(make()));
      await to.received(VIEWS.length);
      const seen = to.events.slice(1).map((event, index) => `${VIEWS[index][0]}: ${event}`);
      assertEquals(seen, VIEWS.map(([name]) => `${name}: binary 01020304`));
    });

    test(`send() sends a fragment of the given type, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      for (const [data, options] of PARTS) assert(from.send(data, options));
      await to.received(PARTS.length);
      assertEquals(to.events.slice(1), PARTS.map(([, , event]) => event));
    });

    test(`sendText() and sendBinary() convert, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      assert(from.sendText("ü"));
      assert(from.sendText(new TextEncoder().encode("ü")));
      assert(from.sendText("abc", { start: 1, end: 2 }));
      assert(from.sendBinary("ü"));
      assert(from.sendBinary(new DataView(Uint8Array.of(1, 2, 3).buffer), { start: 1 }));
      await to.received(5);
      assertEquals(to.events.slice(1), ["text ü", "text ü", "text b", "binary c3bc", "binary 0203"]);
    });

    test(`send() runs its callback once the message is written, in order, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      const order: string[] = [];
      const done = Promise.withResolvers<void>();
      assert(from.send("a", { callback: () => order.push("a") }));
      from.sendText("b", { callback: () => order.push("b") });
      from.sendBinary(pattern(MIB), {
        callback: () => {
          order.push("c");
          done.resolve();
        },
      });
      if (!kind.lacks.has("framing")) assertEquals(order, []);
      await done.promise;
      assertEquals(order, ["a", "b", "c"]);
      assertEquals(from.bufferedAmount, 0);
      await to.received(3);
    });

    test(`send() throws TypeError for anything but data, and sends nothing, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      for (const data of NO_DATA as MessageData[]) {
        assertThrows(() => from.send(data), TypeError, "a string, an ArrayBuffer or a view of one");
        assertThrows(() => from.send(data, {}), TypeError, "a string, an ArrayBuffer or a view of one");
        assertThrows(() => from.sendText(data), TypeError);
        assertThrows(() => from.sendBinary(data), TypeError);
      }
      assertThrows(() => from.sendText(Uint8Array.of(0xff)), TypeError, "UTF-8");
      assertThrows(() => from.send("x", { type: "hybrid" as "text" }), TypeError, "hybrid");
      for (const options of BAD_PARTS) assertThrows(() => from.send("Hello", options), RangeError, "part");
      for (const options of BAD_PARTS) assertThrows(() => from.send(new Uint8Array(5), options), RangeError, "part");
      from.send("after");
      await to.received(1);
      assertEquals(to.events, ["open", "text after"]);
    });

    test(`send() leaves the caller's bytes unchanged, and copies short ones at the call, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      const short = pattern(60 * KIB);
      const long = pattern(3 * MIB);
      const written = Promise.withResolvers<void>();
      from.send(short);
      short.fill(0);
      from.send(long, { callback: written.resolve });
      await written.promise;
      assertSame([long], [pattern(3 * MIB)]);
      assertSame(await to.received(2), [pattern(60 * KIB), pattern(3 * MIB)]);
    });

    if (!kind.lacks.has("ping")) pings(way, direction);
  }

  test("send() keeps many messages in order, both ways at once", async () => {
    await using pair = await openPair(kind);
    const count = 2000;
    for (let i = 0; i < count; i++) {
      pair.client.send(`c${i}`);
      pair.server.send(`s${i}`);
    }
    const [atServer, atClient] = await Promise.all([pair.serverLog.received(count), pair.clientLog.received(count)]);
    assertEquals([atServer[0], atServer[count - 1]], ["c0", `c${count - 1}`]);
    assert(atServer.every((message, i) => message === `c${i}`));
    assert(atClient.every((message, i) => message === `s${i}`));
  });

  // RFC 6455 §6.2 MUST type
  test("a message in fragments is delivered whole", async () => {
    await using pair = await openRaw(kind);
    await pair.peer.send(0x01, "Gr");
    await pair.peer.send(0x00, Uint8Array.of(0xc3));
    await pair.peer.send(0x89, "p");
    await pair.peer.send(0x80, Uint8Array.of(0xbc, 0x6e));
    await pair.serverLog.received(1);
    assertEquals(await pair.peer.frame(), "pong 70");
    assertEquals(pair.serverLog.messages, ["Grün"]);
  });

  test("send() with a callback that throws fails the connection with 1011", async () => {
    await using pair = await openPair(kind);
    pair.server.send("x", {
      callback() {
        throw new Error("Oops");
      },
    });
    assertEquals((await pair.clientLog.closed).code, 1011);
    await pair.serverLog.closed;
    assertEquals(pair.serverLog.events.slice(0, 2), ["open", "error WS_LISTENER_FAILED 1011"]);
    assertEquals((pair.serverLog.errors[0].cause as Error).message, "Oops");
  });

  function pings(way: string, direction: (pair: DriverPair) => Direction): void {
    test(`sendPing() runs its callback when the Pong arrives, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      const log = from === pair.client ? pair.clientLog : pair.serverLog;
      const answered: string[] = [];
      assert(from.sendPing("a", () => answered.push("a")));
      assert(from.sendPing(Uint8Array.of(1), () => answered.push("b")));
      assert(from.sendPing(undefined, () => answered.push("c")));
      assert(from.send("d", { type: "ping" }));
      assertEquals(answered, []);
      await log.seen("pong 64");
      assertEquals(answered, ["a", "b", "c"]);
      // An empty payload is filled in if its Pong is waited for: a Pong that no Ping asked for may be empty.
      assertEquals(log.events.map((event) => event.length > 10 ? "pong of 4" : event), [
        "open",
        "pong 61",
        "pong 01",
        "pong of 4",
        "pong 64",
      ]);
      assertEquals(to.events.map((event) => event.length > 10 ? "ping of 4" : event), [
        "open",
        "ping 61",
        "ping 01",
        "ping of 4",
        "ping 64",
      ]);
      const tooLong = "x".repeat(126);
      assertStringIncludes(assertThrows(() => from.sendPing(tooLong), RangeError).message, "126");
      assertThrows(() => from.send(tooLong, { type: "pong" }), RangeError);
      assert(from.sendPing("x".repeat(125)));
    });

    test(`sendPing() without a payload isn't answered by an unsolicited Pong, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from] = direction(pair);
      const [peer, log] = from === pair.client ? [pair.server, pair.clientLog] : [pair.client, pair.serverLog];
      const answered: string[] = [];
      peer.send("", { type: "pong" });
      assert(from.sendPing("", () => answered.push("answered")));
      await log.seen("pong");
      assertEquals(answered, []);
      while (answered.length === 0) await new Promise((resolve) => setTimeout(resolve));
      assertEquals(answered, ["answered"]);
    });

    test(`send() of type "pong" sends an unsolicited Pong, ${way}`, async () => {
      await using pair = await openPair(kind);
      const [from, to] = direction(pair);
      const written = Promise.withResolvers<void>();
      assert(from.send("p", { type: "pong", callback: written.resolve }));
      await written.promise;
      await to.seen("pong 70");
    });
  }

  if (kind.lacks.has("ping")) {
    test("sendPing() and pause() throw a TypeError that says why, connecting and open", async () => {
      const errors: string[] = [];
      const attempt = (ws: WebSocketDriver) => {
        errors.push(assertThrows(() => ws.sendPing(), TypeError).message);
        errors.push(assertThrows(() => ws.send("", { type: "pong" }), TypeError).message);
        errors.push(assertThrows(() => ws.pause(), TypeError).message);
        errors.push(assertThrows(() => ws.resume(), TypeError).message);
      };
      await using pair = await openPair(kind, { onServer: attempt });
      attempt(pair.server);
      assertEquals(errors.length, 8);
      assert(errors.every((message) => message.includes("Deno.serve")));
      assertEquals(errors.slice(0, 4), errors.slice(4));
      pair.client.send("still there");
      await pair.serverLog.received(1);
    });
  } else {
    test("a Pong settles the Ping that it answers, and those before it", async () => {
      await using pair = await openRaw(kind);
      const answered: string[] = [];
      for (const name of ["a", "b", "c"]) pair.server.sendPing(name, () => answered.push(name));
      assertEquals([await pair.peer.frame(), await pair.peer.frame(), await pair.peer.frame()], [
        "ping 61",
        "ping 62",
        "ping 63",
      ]);
      await pair.peer.send(0x8a, "x");
      await pair.serverLog.seen("pong 78");
      assertEquals(answered, []);
      await pair.peer.send(0x8a, "b");
      await pair.serverLog.seen("pong 62");
      assertEquals(answered, ["a", "b"]);
      await pair.peer.send(0x8a, "c");
      await pair.serverLog.seen("pong 63");
      assertEquals(answered, ["a", "b", "c"]);
    });

    test("a Ping is answered and reported", async () => {
      await using pair = await openRaw(kind);
      await pair.peer.send(0x89, "Hello");
      assertEquals(await pair.peer.frame(), "pong 48656c6c6f");
      await pair.serverLog.seen("ping 48656c6c6f");
    });
  }

  // RFC 6455 §6.1 MUST open-only
  test("send() returns false once the connection is closing, and sends nothing", async () => {
    await using pair = await openRaw(kind);
    const { server, peer } = pair;
    assert(server.closeConnection());
    const results = [server.send("a"), server.send(""), server.sendText("b"), server.sendBinary("c")];
    if (!kind.lacks.has("ping")) results.push(server.sendPing(), server.send("", { type: "pong" }));
    results.push(server.send("", { type: "close" }), server.closeConnection());
    assertFalse(results.includes(true));
    assertEquals(await peer.frame(), "close 1000");
    await peer.close(1000);
    assertEquals(await peer.frame(), "end");
    peer.leave();
    await pair.serverLog.closed;
    assertFalse(server.send("d"));
  });
}

function text(length: number): string {
  return "abcdefghijklmnopqrstuvwxyz".repeat(Math.ceil(length / 26)).slice(0, length);
}

/** As assertEquals, but quick for long messages. */
function assertSame(actual: readonly (string | Uint8Array)[], expected: readonly (string | Uint8Array)[]): void {
  assertEquals(actual.map(({ length }) => length), expected.map(({ length }) => length));
  actual.forEach((message, index) => {
    const other = expected[index];
    if (typeof message === "string") assert(message === other, `text ${index} differs`);
    else assert(typeof other !== "string" && Buffer.compare(message, other) === 0, `message ${index} differs`);
  });
}
