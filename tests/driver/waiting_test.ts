// What waits on a connection: receive(), drained(), ping(); and sendJson() and close() beside them.
import { assert, assertEquals, assertGreaterOrEqual, assertRejects, assertThrows } from "@std/assert";
import { ErrorCode, makePair, type WebSocketDriver, WebSocketError, type WebSocketPair } from "@wsd/driver";

type Side = "client" | "server";

/** Runs a test on both sides of a pair: the side that acts, and its peer. */
function testSides(name: string, run: (ws: WebSocketDriver, peer: WebSocketDriver) => Promise<void>): void {
  for (const [side, other] of [["client", "server"], ["server", "client"]] as [Side, Side][]) {
    Deno.test(`${name}, on the ${side}`, async () => {
      const pair: WebSocketPair = await makePair();
      try {
        await run(pair[side], pair[other]);
      } finally {
        pair.client.terminate();
        pair.server.terminate();
      }
    });
  }
}

testSides("receive() returns messages in order, and keeps those that arrive between two calls", async (ws, peer) => {
  const first = ws.receive();
  for (const message of ["a", "b", "c"]) peer.send(message);
  assertEquals(await first, "a");
  assertEquals(await peer.ping().then(() => [ws.receive(), ws.receive()]).then((all) => Promise.all(all)), ["b", "c"]);
});

testSides("receive() resolves concurrent calls with one message each", async (ws, peer) => {
  const both = Promise.all([ws.receive(), ws.receive()]);
  peer.send("a");
  peer.send(Uint8Array.of(1));
  assertEquals(await both, ["a", Uint8Array.of(1)]);
});

testSides(
  "receive() with an aborted signal leaves the message to the next call, and the connection open",
  async (ws, peer) => {
    const controller = new AbortController();
    const given = ws.receive(controller.signal);
    controller.abort(new Error("Enough"));
    await assertRejects(() => given, Error, "Enough");
    peer.send("a");
    assertEquals(await ws.receive(), "a");
    assertEquals(ws.readyState, "open");
  },
);

testSides(
  "receive() returns what came before a Close, and then says how the connection was closed",
  async (ws, peer) => {
    const first = ws.receive();
    peer.send("a");
    peer.send("b");
    peer.close(4001, "Done");
    assertEquals(await first, "a");
    await ws.closed;
    assertEquals(await ws.receive(), "b");
    const error = await assertRejects(
      () => ws.receive(),
      WebSocketError,
      'The connection was closed with 4001: "Done"',
    );
    assertEquals([error.code, error.closeCode, error.reason], [ErrorCode.CONNECTION_CLOSED, 4001, "Done"]);
  },
);

testSides("receive() that waits rejects if the connection is lost", async (ws, peer) => {
  const waiting = ws.receive();
  peer.terminate();
  const error = await assertRejects(() => waiting, WebSocketError);
  assertEquals(error.code, ErrorCode.CONNECTION_LOST);
});

testSides("receive() applies backpressure to the peer while much is kept", async (ws, peer) => {
  const first = ws.receive();
  const message = "x".repeat(60_000);
  for (let count = 0; count < 100; count++) peer.send(message);
  assertEquals(await first, message);
  assertGreaterOrEqual(peer.bufferedAmount, 80 * message.length);
  for (let count = 1; count < 100; count++) assertEquals(await ws.receive(), message);
});

testSides("receive() and listeners exclude each other", async (ws) => {
  const waiting = ws.receive();
  assertThrows(() => ws.on("message", () => {}), TypeError);
  ws.terminate();
  await assertRejects(() => waiting);
});

testSides("drained() resolves at once if there is room, otherwise at the next drain", async (ws, peer) => {
  await ws.drained();
  ws.send("x".repeat(200_000));
  assert(ws.desiredSize <= 0);
  const drained = ws.drained();
  const received = peer.receive();
  await drained;
  assert(ws.desiredSize > 0);
  assertEquals((await received).length, 200_000);
});

testSides("drained() rejects if the connection ends, and with the signal's reason", async (ws, peer) => {
  peer.pause();
  for (let count = 0; count < 10; count++) ws.send(new Uint8Array(200_000));
  const controller = new AbortController();
  const given = ws.drained(controller.signal);
  const waiting = ws.drained();
  controller.abort(new Error("Enough"));
  await assertRejects(() => given, Error, "Enough");
  ws.terminate();
  await assertRejects(() => waiting, WebSocketError);
  await assertRejects(() => ws.drained(), WebSocketError);
});

testSides("ping() resolves to the round trip", async (ws, peer) => {
  peer.sendPing("");
  assertGreaterOrEqual(await ws.ping(), 0);
});

testSides("ping() rejects if the connection ends before the Pong, and with the signal's reason", async (ws, peer) => {
  peer.pause();
  const controller = new AbortController();
  const given = ws.ping(controller.signal);
  const waiting = ws.ping();
  controller.abort(new Error("Enough"));
  await assertRejects(() => given, Error, "Enough");
  ws.terminate();
  await assertRejects(() => waiting, WebSocketError);
  await assertRejects(() => ws.ping(), WebSocketError);
});

testSides("sendJson() sends text, and refuses values that JSON can't express", async (ws, peer) => {
  const received = peer.receive();
  assert(ws.sendJson({ price: 42, note: null }));
  assertEquals(await received, '{"price":42,"note":null}');
  for (const value of [undefined, () => {}, Symbol("a")]) assertThrows(() => ws.sendJson(value), TypeError);
});

for (
  const [args, sent] of [
    [[], { code: 1005, reason: "" }],
    [[4001], { code: 4001, reason: "" }],
    [[4001, "Done"], { code: 4001, reason: "Done" }],
    [[undefined, "Done"], { code: 1000, reason: "Done" }],
  ] as [[number?, string?], unknown][]
) {
  testSides(
    `close(${args.map((arg) => JSON.stringify(arg)).join(", ")}) sends ${JSON.stringify(sent)}`,
    async (ws, peer) => {
      assert(ws.close(...args));
      assertEquals(await peer.closed, sent);
      assertEquals(ws.close(), false);
    },
  );
}

testSides("console.log() of a driver shows one line", async (ws, peer) => {
  const line = Deno.inspect(ws);
  assertEquals(line.split("\n").length, 1);
  assert(line.includes("open") && line.includes("0 bytes waiting"), line);
  ws.close();
  await peer.closed;
  await ws.closed;
  assert(Deno.inspect(ws).includes("closed"));
});
