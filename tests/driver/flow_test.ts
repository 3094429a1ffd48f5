// Backpressure and pausing, on every kind of server.
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { type HostKind, hostKinds, openPair, openRaw } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";

const KIB = 1024;

/** More than a system keeps for a reader that doesn't read. */
const MUCH = 32 * 1024 * KIB;
/** More than `MUCH` may wait. */
const backpressureLimit = 2 * MUCH;

hostKinds.forEach(suite);

function suite(kind: HostKind): void {
  const test = (name: string, fn: () => Promise<void>) => testWith(kind.permissions, `${name}, with ${kind.name}`, fn);

  // Row: not-reading
  test("bufferedAmount, desiredSize and 'drain' show a peer that does not read", async () => {
    await using pair = await openRaw(kind, { server: { highWaterMark: 100 * KIB, backpressureLimit } });
    const { server } = pair;
    assertEquals([server.bufferedAmount, server.desiredSize], [0, 100 * KIB]);
    const message = new Uint8Array(256 * KIB);
    const frame = message.length + (kind.lacks.has("framing") ? 0 : 10);
    let sent = 0;
    for (; sent < MUCH; sent += frame) assert(server.send(message));
    await quiet(() => server.bufferedAmount);
    assertGreater(server.bufferedAmount, 0);
    assert(server.bufferedAmount <= sent);
    assertEquals(server.desiredSize, 100 * KIB - server.bufferedAmount);
    assertLess(server.desiredSize, 0);
    assertEquals(pair.serverLog.events, ["open"]);
    const reading = (async () => {
      while (await pair.peer.discard());
    })();
    await pair.serverLog.seen("drain");
    assertGreater(server.desiredSize, 0);
    await quiet(() => server.bufferedAmount);
    assertEquals([server.bufferedAmount, server.desiredSize], [0, 100 * KIB]);
    assertEquals(pair.serverLog.events, ["open", "drain"]);
    server.terminate();
    pair.peer.leave();
    await reading;
  });

  test("'drain' isn't emitted if the high-water mark was not reached", async () => {
    await using pair = await openPair(kind, { server: { highWaterMark: 1000 } });
    await new Promise<void>((resolve) => pair.server.send(new Uint8Array(900), { callback: resolve }));
    await pair.clientLog.received(1);
    assertEquals(pair.serverLog.events, ["open"]);
    pair.server.send(new Uint8Array(1000));
    await pair.clientLog.received(2);
    if (!kind.lacks.has("framing")) assertEquals(pair.serverLog.events, ["open", "drain"]);
  });

  // Row: control-and-limits
  test("a Ping and a Pong get through while more than backpressureLimit is queued", async () => {
    if (kind.lacks.has("ping")) return;
    for (const onBackpressure of ["close", "refuse"] as const) {
      await using pair = await openRaw(kind, { server: { backpressureLimit: 100 * KIB, onBackpressure } });
      const { server } = pair;
      while (server.bufferedAmount <= 100 * KIB) {
        server.send(new Uint8Array(MUCH / 4));
        await turn();
      }
      assert(server.sendPing("ping"));
      assert(server.send("pong", { type: "pong" }));
      assertEquals(pair.serverLog.events, ["open"]);
      assertEquals(server.send("x"), false);
      assertEquals(server.readyState, onBackpressure === "close" ? "closing" : "open");
      server.terminate();
    }
  });

  // Row: not-reading
  test("'drain' is emitted once less than the high-water mark is queued, also as the connection opens", async () => {
    for (const perMessageDeflate of [false, true]) {
      const options = { highWaterMark: 10 * KIB, perMessageDeflate };
      await using pair = await openPair(kind, {
        server: options,
        client: options,
        onClient: (ws) => {
          for (let i = 0; i < 20; i++) ws.send("a".repeat(KIB));
          assertLess(ws.desiredSize, 0);
        },
      });
      await pair.clientLog.seen("drain");
      assertGreater(pair.client.desiredSize, 0);
      await pair.serverLog.received(20);
      // Then while it is open: a message that takes several turns to compress.
      const before = pair.clientLog.events.length;
      pair.client.send("b".repeat(1000 * KIB));
      assertLess(pair.client.desiredSize, 0);
      await pair.serverLog.received(21);
      while (pair.client.desiredSize <= 0) await turn();
      await turn();
      assertEquals(pair.clientLog.events.slice(before), ["drain"]);
    }
  });

  if (kind.lacks.has("pause")) return;

  test("pause() holds messages back, and resume() delivers them in order", async () => {
    await using pair = await openPair(kind, {
      onServer: (ws) => ws.on("message", (message) => message === "b" ? ws.pause() : undefined),
    });
    for (const message of ["a", "b", "c", "d"]) pair.client.send(message);
    await pair.serverLog.received(2);
    for (let i = 0; i < 5; i++) await turn();
    assertEquals(pair.serverLog.messages, ["a", "b"]);
    assert(pair.server.send("still sending"));
    await pair.clientLog.received(1);
    pair.server.resume();
    pair.server.resume();
    pair.client.send("e");
    await pair.serverLog.received(5);
    assertEquals(pair.serverLog.messages, ["a", "b", "c", "d", "e"]);
  });

  test("pause() while connecting holds everything back from the start", async () => {
    await using pair = await openPair(kind, { onServer: (ws) => ws.pause(), onClient: (ws) => ws.send("early") });
    for (let i = 0; i < 5; i++) await turn();
    assertEquals(pair.serverLog.events, ["open"]);
    pair.server.resume();
    await pair.serverLog.received(1);
    assertEquals(pair.serverLog.events, ["open", "text early"]);
  });

  test("pause() stops a peer that sends endlessly", async () => {
    await using pair = await openPair(kind, { client: { backpressureLimit }, onServer: (ws) => ws.pause() });
    for (let sent = 0; sent < MUCH; sent += 256 * KIB) pair.client.send(new Uint8Array(256 * KIB));
    await quiet(() => pair.client.bufferedAmount);
    assertGreater(pair.client.bufferedAmount, 0);
    assertEquals(pair.serverLog.messages.length, 0);
    pair.server.resume();
    await pair.serverLog.received(MUCH / (256 * KIB));
  });

  test("a peer that leaves ends a paused connection as soon as something is sent", async () => {
    await using pair = await openRaw(kind, { onServer: (ws) => ws.pause() });
    pair.peer.leave();
    while (pair.server.send(new Uint8Array(1000))) await turn();
    assertEquals((await pair.serverLog.closed).code, 1006);
  });

  test("closeTimeout ends a paused connection too", async () => {
    await using pair = await openPair(kind, { server: { closeTimeout: 20 }, onServer: (ws) => ws.pause() });
    pair.server.closeConnection();
    assertEquals((await pair.serverLog.closed).code, 1006);
    assertEquals(pair.serverLog.events, ["open", "error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
  });
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Resolves when a number hasn't changed for many turns of the event loop. */
async function quiet(value: () => number): Promise<void> {
  for (let last = NaN, same = 0; same < 50; same = value() === last ? same + 1 : 0) {
    last = value();
    await turn();
  }
}
