// From the handshake to "open", on every kind of server.
import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { HandshakeError } from "../../src/handshake_error.ts";
import { makeServer } from "../../src/server/make_server.ts";
import { EventLog } from "../support/event_log.ts";
import { concat, frameFor } from "../support/frames.ts";
import { type HostKind, hostKinds, LONG, openPair, openRaw } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";
import { field, handshake, RawPeer } from "../support/raw_peer.ts";

const REFUSALS: readonly (readonly [string, Record<string, string | null>, string, number])[] = [
  ["a POST", {}, "POST / HTTP/1.1", 405],
  ["version 8", { "Sec-WebSocket-Version": "8" }, "GET / HTTP/1.1", 426],
  ["no version", { "Sec-WebSocket-Version": null }, "GET / HTTP/1.1", 400],
  ["a bad key", { "Sec-WebSocket-Key": "short" }, "GET / HTTP/1.1", 400],
];

hostKinds.forEach(suite);

function suite(kind: HostKind): void {
  const test = (name: string, fn: () => Promise<void>) => testWith(kind.permissions, `${name}, with ${kind.name}`, fn);

  test("startConnection() opens both sides, once", async () => {
    const states: string[] = [];
    await using pair = await openPair(kind, {
      onServer: (ws) => {
        states.push(ws.readyState);
        ws.on("open", () => states.push(ws.readyState));
      },
    });
    assertEquals(pair.clientLog.events, ["open"]);
    assertEquals(pair.serverLog.events, ["open"]);
    assertEquals(states, ["connecting", "open"]);
    assertEquals([pair.client.readyState, pair.server.readyState], ["open", "open"]);
    assertFalse(await pair.client.startConnection());
    assertFalse(pair.server.startConnection());
    assertEquals(pair.client.version, "hybi-13");
    assertEquals(pair.server.version, "hybi-13");
  });

  test("send() queues while the server's side is connecting, in order, and the peer gets 'open' first", async () => {
    const taken: boolean[] = [];
    const waiting: number[] = [];
    await using pair = await openPair(kind, {
      onServer: (ws) => {
        const bytes = Uint8Array.of(1, 2, 3);
        waiting.push(ws.bufferedAmount);
        taken.push(ws.send("first"), ws.send(bytes), ws.send("third", { start: 1 }));
        bytes.fill(9);
        waiting.push(ws.bufferedAmount);
        ws.on("open", () => ws.send("from open"));
      },
    });
    await pair.clientLog.received(4);
    assertEquals(taken, [true, true, true]);
    assertEquals(pair.clientLog.events, ["open", "text first", "binary 010203", "text hird", "text from open"]);
    assertEquals(waiting[0], 0);
    assert(waiting[1] >= 12);
  });

  // RFC 6455 §4.1 MUST silent-until-answered
  test("send() queues while the client's side is connecting, in order", async () => {
    const before: [number, number][] = [];
    await using pair = await openPair(kind, {
      client: { highWaterMark: 10 },
      onClient: (ws) => {
        assertEquals(ws.readyState, "connecting");
        const bytes = Uint8Array.of(1, 2, 3);
        assert(ws.send("ä"));
        assert(ws.sendBinary(bytes));
        bytes.fill(9);
        assert(ws.sendText("third"));
        before.push([ws.bufferedAmount, ws.desiredSize]);
      },
    });
    await pair.serverLog.received(3);
    assertEquals(pair.serverLog.events, ["open", "text ä", "binary 010203", "text third"]);
    assertEquals(before, [[10, 0]]);
  });

  if (!kind.lacks.has("ping")) {
    test("sendPing() queues while connecting, in order with messages", async () => {
      const answered: string[] = [];
      await using pair = await openPair(kind, {
        onClient: (ws) => {
          ws.send("a");
          assert(ws.sendPing("p", () => answered.push("client")));
          ws.send("b");
        },
        onServer: (ws) => {
          ws.send("c");
          assert(ws.sendPing(Uint8Array.of(7), () => answered.push("server")));
          ws.send("d");
        },
      });
      await pair.serverLog.seen("pong 07");
      await pair.clientLog.seen("pong 70");
      assertEquals(pair.serverLog.events.filter((event) => !event.startsWith("pong")), [
        "open",
        "text a",
        "ping 70",
        "text b",
      ]);
      assertEquals(pair.clientLog.events.filter((event) => !event.startsWith("pong")), [
        "open",
        "text c",
        "ping 07",
        "text d",
      ]);
      assertEquals(answered.sort(), ["client", "server"]);
    });
  }

  test("closeConnection() while the server's side is connecting still sends what was queued before", async () => {
    const results: unknown[] = [];
    await using host = await kind.open((env) => {
      const ws = makeServer(env);
      const log = new EventLog(ws);
      ws.startConnection();
      ws.send("last words");
      results.push(ws.closeConnection("Bye", 3000), ws.readyState, ws.closeConnection(), ws.send(""), ws.send("x"));
      if (!kind.lacks.has("ping")) results.push(ws.sendPing());
      void log.closed.then(({ code }) => results.push(code));
      return ws.response;
    });
    const client = new Client(host.url, { ...host.reach(), closeTimeout: LONG });
    const log = new EventLog(client);
    await client.startConnection();
    assertEquals(await log.closed, { code: 3000, reason: "Bye" });
    assertEquals(log.events.slice(0, 2), ["open", "text last words"]);
    assertEquals(results.slice(0, 5), [true, "closing", false, false, false]);
    if (!kind.lacks.has("ping")) assertEquals(results[5], false);
  });

  test("messages after the request, in the same segment, are delivered", async () => {
    const after = concat([
      frameFor("server", 0x81, "a"),
      frameFor("server", 0x82, "b"),
      frameFor("server", 0x81, "c"),
    ]);
    await using pair = await openRaw(kind, { after });
    await pair.serverLog.received(3);
    assertEquals(pair.serverLog.events, ["open", "text a", "binary 62", "text c"]);
  });

  test("acceptProtocols selects a subprotocol both sides know, in the client's order", async () => {
    await using pair = await openPair(kind, {
      server: { acceptProtocols: ["a", "b", "c"] },
      client: { acceptProtocols: ["z", "c", "b"] },
      onClient: (ws) => assertEquals(ws.protocol, null),
    });
    assertEquals([pair.client.protocol, pair.server.protocol], ["c", "c"]);
  });

  test("acceptProtocols and additionalHeaders can be changed until the connection is started", async () => {
    await using pair = await openRaw(kind, {
      server: { acceptProtocols: ["old"] },
      onServer: (ws) => {
        ws.acceptProtocols = ["new"];
        ws.additionalHeaders.append("X-One", "1");
      },
    });
    assertEquals(pair.server.protocol, null);
    assertEquals(field(pair.head, "x-one"), "1");
    assertEquals(field(pair.head, "sec-websocket-protocol"), null);
  });

  test("additionalHeaders keeps several Set-Cookie fields separate", async () => {
    await using pair = await openRaw(kind, {
      server: { additionalHeaders: [["Set-Cookie", "a=1"], ["X-Two", "2"], ["Set-Cookie", "b=2, c"]] },
    });
    const cookies = pair.head.split("\r\n").filter((line) => /^set-cookie:/i.test(line)).map((line) => line.slice(12));
    assertEquals(cookies, ["a=1", "b=2, c"]);
    assertEquals(field(pair.head, "x-two"), "2");
    assertEquals(field(pair.head, "sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assertEquals(pair.head.split("\r\n").filter((line) => /^(upgrade|connection):/i.test(line)).length, 2);
  });

  for (const [name, changes, line, status] of REFUSALS) {
    test(`startConnection() answers ${name} with ${status}, and returns false`, async () => {
      const results: unknown[] = [];
      const log = Promise.withResolvers<EventLog>();
      await using host = await kind.open((env) => {
        const ws = makeServer(env);
        log.resolve(new EventLog(ws));
        results.push(ws.startConnection(), ws.readyState, ws.response.status, ws.startConnection());
        return ws.response;
      });
      using peer = new RawPeer(await host.connect());
      await peer.write(handshake({ "Connection": "Upgrade, close", ...changes }, line));
      const answer = await peer.rest();
      assertEquals(answer.slice(0, 12), `HTTP/1.1 ${status}`);
      const reason = answer.slice(answer.indexOf("\r\n\r\n") + 4);
      assert(/^Cannot accept the handshake: [^\n]*\n$/.test(reason), reason);
      assertEquals(results, [false, "closed", status, false]);
      const { events, errors: [error] } = await log.promise;
      assertEquals(events, ["error WS_HANDSHAKE_FAILED 1006", "close 1006"]);
      assert(error instanceof HandshakeError);
      assertEquals(error.status, status);
      assertEquals(new TextDecoder().decode(error.body), reason);
      if (status === 426) {
        assertEquals(field(answer, "sec-websocket-version"), "13");
        assertEquals(field(answer, "upgrade"), "websocket");
      }
      if (status === 405) assertEquals(field(answer, "allow"), "GET");
      assertNotEquals(field(answer, "connection"), null);
    });
  }
}
