// What peers and listeners do wrong, on every kind of server.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { ConnectionError, ErrorCode, ProtocolError, WebSocketError } from "../../src/errors.ts";
import { makeServer } from "../../src/server/make_server.ts";
import type { CloseInfo } from "../../src/protocol/close_payload.ts";
import type { WebSocketDriver } from "../../src/driver/websocket_driver.ts";
import { EventLog } from "../support/event_log.ts";
import { type Host, type HostKind, hostKinds, LONG, openPair, openRaw } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";
import { UncaughtErrors } from "../support/uncaught.ts";
import { RawPeer } from "../support/raw_peer.ts";

/** What a peer sends, and the close code and the error that it leads to. */
const VIOLATIONS = [
  ["a reserved bit", 0xc1, "x", 1002, ErrorCode.RESERVED_BIT],
  ["a reserved opcode", 0x83, "x", 1002, ErrorCode.RESERVED_OPCODE],
  ["a fragmented ping", 0x09, "x", 1002, ErrorCode.CONTROL_FRAME_FRAGMENTED],
  ["a stray continuation", 0x80, "x", 1002, ErrorCode.UNEXPECTED_CONTINUATION],
  ["text that is not valid UTF-8", 0x81, Uint8Array.of(0xff), 1007, ErrorCode.INVALID_UTF8],
  ["a Close of one byte", 0x88, Uint8Array.of(3), 1002, ErrorCode.INVALID_CLOSE_PAYLOAD],
  ["a Close with 1005", 0x88, Uint8Array.of(3, 0xed), 1002, ErrorCode.INVALID_CLOSE_CODE],
  ["a message above maxLength", 0x82, new Uint8Array(101), 1009, ErrorCode.MESSAGE_TOO_LONG],
] as const;

/** Has a client send one message, and waits for the connection's end. */
async function sendOne(host: Host): Promise<CloseInfo> {
  const client = new Client(host.url, { ...host.reach(), closeTimeout: LONG });
  const log = new EventLog(client);
  await client.startConnection();
  client.send("x");
  return await log.closed;
}

hostKinds.forEach(suite);

function suite(kind: HostKind): void {
  const test = (name: string, fn: () => Promise<void>) => testWith(kind.permissions, `${name}, with ${kind.name}`, fn);

  for (const [what, first, payload, code, error] of VIOLATIONS) {
    if (kind.lacks.has("violations")) break;
    test(`${what} is "error", then "close" with ${code}`, async () => {
      await using pair = await openRaw(kind, { server: { maxLength: 100 } });
      await pair.peer.send(0x81, "before");
      await pair.peer.send(first, payload);
      await pair.peer.send(0x81, "after").catch(() => {});
      const close = await pair.peer.frame();
      assertMatch(close, new RegExp(`^close ${code} .+: expected `));
      assertEquals(await pair.peer.frame(), "end");
      pair.peer.leave();
      assertEquals((await pair.serverLog.closed).code, code);
      assertEquals(pair.serverLog.events.slice(0, 3), ["open", "text before", `error ${error} ${code}`]);
      assertEquals(pair.serverLog.events.length, 4);
      assertInstanceOf(pair.serverLog.errors[0], ProtocolError);
    });
  }

  test("a protocol error of one peer ends with its connection, and others go on", async () => {
    const logs: EventLog[] = [];
    await using host = await kind.open((env) => {
      const ws = makeServer(env, { closeTimeout: LONG });
      logs.push(new EventLog(ws));
      ws.on("message", (message) => ws.send(message));
      ws.startConnection();
      return ws.response;
    });
    const client = new Client(host.url, { ...host.reach(), closeTimeout: LONG });
    const log = new EventLog(client);
    await client.startConnection();
    using peer = new RawPeer(await host.connect());
    await peer.open();
    await peer.send(0x83);
    while (await peer.frame() !== "end");
    peer.leave();
    await logs[1].closed;
    assertEquals(logs[1].events.length, 3);
    assert(logs[1].events[1].startsWith("error "));
    client.send("still there");
    await log.received(1);
    client.closeConnection();
    await Promise.all([log.closed, logs[0].closed]);
    assertEquals(log.events, ["open", "text still there", "close 1000"]);
  });

  test("an error without a listener shows only in the close code", async () => {
    const closed = Promise.withResolvers<number>();
    await using host = await kind.open((env) => {
      const ws = makeServer(env);
      ws.on("close", ({ code }) => closed.resolve(code));
      ws.startConnection();
      return ws.response;
    });
    using peer = new RawPeer(await host.connect());
    await peer.open();
    await peer.send(0x83);
    while (await peer.frame() !== "end");
    peer.leave();
    assertEquals(await closed.promise, kind.lacks.has("violations") ? 1006 : 1002);
    assertEquals(host.faults, []);
  });

  for (const event of ["open", "message", "ping"] as const) {
    if (event === "ping" && kind.lacks.has("ping")) continue;
    // Row: handler-throws
    test(`a listener of "${event}" that throws closes with 1011, and the peer learns nothing more`, async () => {
      using uncaught = new UncaughtErrors();
      const oops = new Error("Oops");
      const fail = () => {
        throw oops;
      };
      await using pair = await openRaw(kind, { onServer: (ws) => ws.on(event, fail) });
      if (event === "message") await pair.peer.send(0x81, "x").catch(() => {});
      if (event === "ping") await pair.peer.send(0x89, "x");
      const frames = [await pair.peer.frame()];
      if (event === "ping") frames.push(await pair.peer.frame());
      assertEquals(frames.at(-1), "close 1011 internal error");
      await pair.peer.close(1011);
      assertEquals(await pair.peer.frame(), "end");
      pair.peer.leave();
      assertEquals((await pair.serverLog.closed).code, 1011);
      const [error] = pair.serverLog.errors;
      assertEquals(pair.serverLog.events.filter((line) => line.startsWith("error")), ["error WS_LISTENER_FAILED 1011"]);
      assertStringIncludes(error.message, `"${event}"`);
      assert(error.cause === oops);
      assertEquals([uncaught.values, pair.host.faults], kind.served ? [[], [oops]] : [[oops], []]);
    });
  }

  // Row: handler-throws
  test("a listener that throws what can't be shown as text closes with 1011, like any other", async () => {
    using uncaught = new UncaughtErrors();
    const oops: unknown = Object.create(null);
    await using pair = await openPair(kind, {
      onServer: (ws) =>
        ws.on("message", () => {
          throw oops;
        }),
    });
    pair.client.send("x");
    assertEquals(await pair.clientLog.closed, { code: 1011, reason: "internal error" });
    assertEquals((await pair.serverLog.closed).code, 1011);
    const reported = kind.served ? pair.host.faults : uncaught.values;
    assert(reported.length === 1 && reported[0] === oops);
  });

  // Row: handler-throws
  test("a listener that throws, with nobody listening for errors, reaches onError or is an uncaught error", async () => {
    const oops = new Error("Oops");
    using uncaught = new UncaughtErrors();
    const closed = Promise.withResolvers<number>();
    await using host = await kind.open((env) => {
      const ws = makeServer(env);
      ws.on("message", () => {
        throw oops;
      });
      ws.on("close", ({ code }) => closed.resolve(code));
      ws.startConnection();
      return ws.response;
    });
    assertEquals((await sendOne(host)).code, 1011);
    assertEquals(await closed.promise, 1011);
    assertEquals(kind.served ? host.faults : uncaught.values, [oops]);
    assertEquals(kind.served ? uncaught.values : host.faults, []);
  });

  for (const event of ["close", "error"] as const) {
    if (event === "error" && kind.lacks.has("violations")) continue;
    test(`a listener of "${event}" that throws is reported, and the connection still ends`, async () => {
      using uncaught = new UncaughtErrors();
      const oops = new Error("Oops");
      await using pair = await openRaw(kind, {
        onServer: (ws) =>
          ws.on(event, () => {
            throw oops;
          }),
      });
      await pair.peer.send(0x83);
      while (await pair.peer.frame() !== "end");
      pair.peer.leave();
      await pair.serverLog.closed;
      await turn();
      assertEquals(kind.served ? pair.host.faults : uncaught.values, [oops]);
    });
  }

  for (const event of ["open", "message", "ping", "pong", "callback"] as const) {
    if ((event === "ping" || event === "pong") && kind.lacks.has("ping")) continue;
    for (const side of ["server", "client"] as const) {
      // Row: listener-rejects
      test(`a ${event === "callback" ? event : `listener of "${event}"`} of the ${side} that rejects closes with 1011`, async () => {
        using uncaught = new UncaughtErrors();
        const oops = new Error("Oops");
        const fail = async () => {
          await turn();
          throw oops;
        };
        const rejecting = (ws: WebSocketDriver) => event === "callback" ? ws : ws.on(event, fail);
        await using pair = await openPair(kind, {
          onServer: (ws) => side === "server" && rejecting(ws),
          onClient: (ws) => side === "client" && rejecting(ws),
        });
        const [own, ownLog, peer, peerLog] = side === "server"
          ? [pair.server, pair.serverLog, pair.client, pair.clientLog]
          : [pair.client, pair.clientLog, pair.server, pair.serverLog];
        if (event === "message") peer.send("x");
        if (event === "ping") peer.sendPing("x");
        if (event === "pong") own.sendPing("x");
        if (event === "callback") own.send("x", { callback: fail });
        assertEquals(await peerLog.closed, { code: 1011, reason: "internal error" });
        assertEquals((await ownLog.closed).code, 1011);
        assertEquals(ownLog.errors.map((error) => [(error as WebSocketError).code, error.cause]), [[
          "WS_LISTENER_FAILED",
          oops,
        ]]);
        const toServe = kind.served && side === "server";
        assertEquals([uncaught.values, pair.host.faults], toServe ? [[], [oops]] : [[oops], []]);
      });
    }
  }

  for (const side of ["server", "client"] as const) {
    // Row: listener-rejects
    test(`a callback of the ${side} that throws fails the streams with LISTENER_FAILED, and is reported once`, async () => {
      using uncaught = new UncaughtErrors();
      const oops = new Error("Oops");
      await using pair = await openPair(kind);
      const [own, peerLog] = side === "server" ? [pair.server, pair.clientLog] : [pair.client, pair.serverLog];
      own.removeAllListeners("message");
      const reader = own.readable.getReader();
      own.send("x", {
        callback() {
          throw oops;
        },
      });
      const error = await assertRejects(() => reader.read(), WebSocketError);
      assertEquals([error.code, error.cause], [ErrorCode.LISTENER_FAILED, oops]);
      assertEquals(await peerLog.closed, { code: 1011, reason: "internal error" });
      await own.closed;
      const toServe = kind.served && side === "server";
      assertEquals([uncaught.values, pair.host.faults], toServe ? [[], [oops]] : [[oops], []]);
    });
  }

  // Row: listener-rejects
  test("a listener that rejects, with nobody listening for errors, reaches onError or is an uncaught error", async () => {
    const oops = new Error("Oops");
    using uncaught = new UncaughtErrors();
    const closed = Promise.withResolvers<number>();
    await using host = await kind.open((env) => {
      const ws = makeServer(env);
      ws.on("message", () => Promise.reject(oops));
      ws.on("close", ({ code }) => {
        closed.resolve(code);
        return Promise.reject(oops);
      });
      ws.startConnection();
      return ws.response;
    });
    assertEquals(await sendOne(host), { code: 1011, reason: "internal error" });
    assertEquals(await closed.promise, 1011);
    await turn();
    assertEquals(kind.served ? host.faults : uncaught.values, [oops, oops]);
  });

  for (const perMessageDeflate of [false, true]) {
    const how = perMessageDeflate ? "compressed" : "plain";
    // Row: detached-buffer
    test(`a buffer that is transferred away after send() fails only that connection, ${how}`, async () => {
      const patient = { perMessageDeflate, backpressureLimit: 64 * 1024 * 1024 };
      await using pair = await openPair(kind, { server: patient, client: { perMessageDeflate } });
      await using other = await openPair(kind, { server: { perMessageDeflate }, client: { perMessageDeflate } });
      const { server } = pair;
      // The first ones fill the system's buffers, so that the last one waits; or it takes several turns to compress.
      const filling = new Uint8Array(8 * 1024 * 1024);
      for (let i = 0; i < 4 && !perMessageDeflate; i++) server.send(filling);
      const message = crypto.getRandomValues(new Uint8Array(65_000));
      const long = new Uint8Array(3_000_000);
      for (let at = 0; at < long.length; at += message.length) long.set(message.subarray(0, long.length - at), at);
      server.send(long);
      server.send("after");
      long.buffer.transfer();
      if (kind.lacks.has("framing")) {
        await pair.clientLog.received(perMessageDeflate ? 2 : 6);
      } else {
        assertEquals((await pair.serverLog.closed).code === 1000, false);
        const [error] = pair.serverLog.errors as WebSocketError[];
        assertEquals(pair.serverLog.errors.length, 1);
        assertStringIncludes(error.message, "transferred");
        await pair.clientLog.closed;
      }
      other.server.send("fine");
      assertEquals(await other.clientLog.received(1), ["fine"]);
    });
  }

  // Row: lost
  test("a connection that is reset is reported as CONNECTION_LOST and 1006", async () => {
    await using pair = await openRaw(kind);
    // What is not read when the connection is closed turns its end into a reset.
    pair.server.send(new Uint8Array(100_000));
    await turn();
    pair.peer.leave();
    assertEquals(await pair.serverLog.closed, { code: 1006, reason: "" });
    const [error, ...others] = pair.serverLog.errors;
    assertInstanceOf(error, ConnectionError);
    assertEquals([error.code, others], [ErrorCode.CONNECTION_LOST, []]);
  });

  // Row: lost
  test("sending to a peer that has gone ends with 1006, once", async () => {
    await using pair = await openPair(kind);
    pair.client.terminate();
    for (let i = 0; i < 5 && pair.server.send(new Uint8Array(100_000)); i++) await turn();
    assertEquals((await pair.serverLog.closed).code, 1006);
    assertEquals(pair.serverLog.events.filter((event) => event.startsWith("close")).length, 1);
    assertEquals(pair.serverLog.events.filter((event) => event.startsWith("error")), ["error WS_CONNECTION_LOST 1006"]);
  });
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
