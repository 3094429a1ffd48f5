// How connections end, on every kind of server.
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import type { WebSocketDriver } from "../../src/driver/websocket_driver.ts";
import { type HostKind, hostKinds, openPair, openRaw } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";

/** Close codes that may be sent. */
const CODES = [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999] as const;

hostKinds.forEach(suite);

function suite(kind: HostKind): void {
  const test = (name: string, fn: () => Promise<void>) => testWith(kind.permissions, `${name}, with ${kind.name}`, fn);

  // RFC 6455 §5.5.1 MUST both-closed
  test("closeConnection() of the client ends both sides with its code and reason", async () => {
    await using pair = await openPair(kind);
    const states: string[] = [];
    watch(pair.client, states);
    assert(pair.client.closeConnection("Good bye ü", 3001));
    states.push(pair.client.readyState);
    const [atClient, atServer] = await Promise.all([pair.clientLog.closed, pair.serverLog.closed]);
    assertEquals(atServer, { code: 3001, reason: "Good bye ü" });
    // The answer echoes the code only.
    assertEquals(atClient.code, 3001);
    assertEquals(states, ["closing", "close: closed"]);
    assertEquals(pair.server.readyState, "closed");
    assertEquals(pair.serverLog.events, ["open", "close 3001 Good bye ü"]);
    assertFalse(pair.client.closeConnection());
    assertFalse(pair.client.send("x"));
  });

  test("closeConnection() of the server ends both sides with its code and reason", async () => {
    await using pair = await openPair(kind);
    const states: string[] = [];
    watch(pair.server, states);
    assert(pair.server.closeConnection("Enough", 4000));
    states.push(pair.server.readyState);
    const [atClient, atServer] = await Promise.all([pair.clientLog.closed, pair.serverLog.closed]);
    assertEquals(atClient, { code: 4000, reason: "Enough" });
    assertEquals(atServer.code, 4000);
    assertEquals(states, ["closing", "close: closed"]);
    assertEquals(pair.clientLog.events, ["open", "close 4000 Enough"]);
  });

  test("closeConnection() sends 1000 and no reason by default", async () => {
    await using pair = await openRaw(kind);
    pair.server.closeConnection();
    assertEquals(await pair.peer.frame(), "close 1000");
    await pair.peer.close(1000);
    assertEquals(await pair.peer.frame(), "end");
  });

  test("closeConnection() sends every code that may be sent, and no others", async () => {
    for (const code of CODES) {
      await using pair = await openPair(kind);
      for (const wrong of [0, 999, 1004, 1005.5, 1006, 1015, 2999, 5000, -1, NaN]) {
        assertThrows(() => pair.server.closeConnection("", wrong), RangeError);
      }
      assertThrows(() => pair.server.closeConnection("ü".repeat(62)), RangeError);
      pair.server.closeConnection("x".repeat(123), code);
      assertEquals(await pair.clientLog.closed, { code, reason: "x".repeat(123) });
      await pair.serverLog.closed;
    }
  });

  test("closeConnection() is sent after everything before it", async () => {
    await using pair = await openPair(kind);
    pair.server.send("a");
    pair.server.send(new Uint8Array(1_000_000));
    pair.server.send("Bye", { type: "close", code: 3333 });
    assertEquals(pair.server.readyState, "closing");
    assertEquals(await pair.clientLog.closed, { code: 3333, reason: "Bye" });
    assertEquals(pair.clientLog.events.slice(0, 3), ["open", "text a", "binary of 1000000"]);
  });

  test("closeConnection() with 1005 sends no code, and both sides report 1005", async () => {
    await using pair = await openPair(kind);
    pair.client.closeConnection("", 1005);
    assertEquals((await pair.serverLog.closed).code, 1005);
    assertEquals((await pair.clientLog.closed).code, 1005);
  });

  test("closeConnection() on both sides at once ends both, once", async () => {
    await using pair = await openPair(kind);
    assert(pair.client.closeConnection("c", 3001));
    assert(pair.server.closeConnection("s", 3002));
    await Promise.all([pair.clientLog.closed, pair.serverLog.closed]);
    assertEquals(pair.serverLog.events, ["open", "close 3001 c"]);
    // The runtime may have answered the client's Close before it sent its own.
    const answered = kind.lacks.has("framing") && pair.clientLog.events[1] === "close 3001 c";
    assertEquals(pair.clientLog.events, ["open", answered ? "close 3001 c" : "close 3002 s"]);
  });

  test("a Close from the peer is answered, and anything after it is ignored", async () => {
    await using pair = await openRaw(kind);
    await pair.peer.close(4321, "Why");
    await pair.peer.send(0x81, "late").catch(() => {});
    // Whether the answer repeats the reason is left to the endpoint.
    assert((await pair.peer.frame()).startsWith("close 4321"));
    assertEquals(await pair.peer.frame(), "end");
    pair.peer.leave();
    assertEquals(await pair.serverLog.closed, { code: 4321, reason: "Why" });
    assertEquals(pair.serverLog.events, ["open", "close 4321 Why"]);
  });

  // RFC 6455 §7.1.5 Text
  test("a Close without a code is reported as 1005", async () => {
    await using pair = await openRaw(kind);
    await pair.peer.send(0x88);
    assertEquals(await pair.peer.frame(), "close");
    pair.peer.leave();
    assertEquals(await pair.serverLog.closed, { code: 1005, reason: "" });
  });

  // RFC 6455 §7.2.1 MUST no-close
  test("a peer that leaves without a Close is reported as CONNECTION_LOST and 1006, once and last", async () => {
    await using pair = await openRaw(kind);
    await pair.peer.send(0x81, "Hi");
    await pair.serverLog.received(1);
    pair.peer.leave();
    assertEquals(await pair.serverLog.closed, { code: 1006, reason: "" });
    assertEquals(pair.serverLog.events, ["open", "text Hi", "error WS_CONNECTION_LOST 1006", "close 1006"]);
    assertEquals(pair.server.readyState, "closed");
  });

  test("a peer that leaves while our Close waits for its own is reported as CONNECTION_LOST and 1006", async () => {
    await using pair = await openRaw(kind);
    pair.server.closeConnection("Bye", 1000);
    assertEquals(await pair.peer.frame(), "close 1000 Bye");
    pair.peer.leave();
    assertEquals(await pair.serverLog.closed, { code: 1006, reason: "" });
    assertEquals(pair.serverLog.events, ["open", "error WS_CONNECTION_LOST 1006", "close 1006"]);
  });

  test("a peer that ends right after its Close still gets the answer", async () => {
    await using pair = await openRaw(kind);
    await pair.peer.close(3000, "Bye");
    await pair.peer.end();
    assert((await pair.peer.frame()).startsWith("close 3000"));
    assertEquals(await pair.peer.frame(), "end");
    for (let i = 0; i < 1000 && pair.server.readyState !== "closed"; i++) await turn();
    assertEquals(pair.server.readyState, "closed");
    assertEquals(await pair.serverLog.closed, { code: 3000, reason: "Bye" });
  });

  test("a peer that ends in the middle of a frame is reported as 1006", async () => {
    await using pair = await openRaw(kind);
    await pair.peer.send(0x81, "whole");
    await pair.peer.write(pair.peer.frameOf(0x81, "not whole").subarray(0, 9));
    await pair.peer.end();
    assertEquals((await pair.serverLog.closed).code, 1006);
    assertEquals(pair.serverLog.events, ["open", "text whole", "error WS_CONNECTION_LOST 1006", "close 1006"]);
    assertEquals(await pair.peer.frame(), "end");
  });

  test("closeTimeout ends a connection whose peer doesn't answer a Close", async () => {
    await using pair = await openRaw(kind, { server: { closeTimeout: 20 } });
    pair.server.closeConnection("Bye");
    assertEquals(await pair.peer.frame(), "close 1000 Bye");
    assertEquals(await pair.serverLog.closed, { code: 1006, reason: "" });
    assertEquals(pair.serverLog.events, ["open", "error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
    if (!kind.lacks.has("cut")) assertEquals(await pair.peer.frame(), "end");
  });

  if (!kind.lacks.has("cut")) {
    test("closeTimeout ends a connection whose peer answers but never ends TCP", async () => {
      await using pair = await openRaw(kind, { server: { closeTimeout: 20 } });
      pair.server.closeConnection("Bye", 3000);
      assertEquals(await pair.peer.frame(), "close 3000 Bye");
      await pair.peer.close(3000, "too");
      assertEquals(await pair.peer.frame(), "end");
      assertEquals(await pair.serverLog.closed, { code: 3000, reason: "too" });
      assertEquals(pair.serverLog.events, ["open", "close 3000 too"]);
    });

    test("closeTimeout ends a connection whose peer closes but never ends TCP", async () => {
      await using pair = await openRaw(kind, { server: { closeTimeout: 20 } });
      await pair.peer.close(1000);
      assertEquals(await pair.peer.frame(), "close 1000");
      assertEquals(await pair.peer.frame(), "end");
      assertEquals(await pair.serverLog.closed, { code: 1000, reason: "" });
    });

    test("closeTimeout ends a connection whose peer reads nothing", async () => {
      await using pair = await openRaw(kind, { server: { closeTimeout: 20 } });
      pair.server.send(new Uint8Array(64 * 1024 * 1024));
      pair.server.closeConnection();
      assertEquals((await pair.serverLog.closed).code, 1006);
      assertEquals(pair.serverLog.events, ["open", "error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
    });

    test("terminate() ends TCP at once, with 1006 and nothing after it", async () => {
      await using pair = await openRaw(kind);
      pair.server.terminate();
      assertEquals(pair.serverLog.events, ["open", "close 1006"]);
      assertEquals(pair.server.readyState, "closed");
      pair.server.terminate();
      assertFalse(pair.server.send("x"));
      assertEquals(await pair.peer.frame(), "end");
      assertEquals(pair.serverLog.events, ["open", "close 1006"]);
    });

    test("terminate() while a write is under way leaves nothing behind", async () => {
      await using pair = await openRaw(kind);
      let called = false;
      pair.server.send(new Uint8Array(64 * 1024 * 1024), { callback: () => called = true });
      await turn();
      pair.server.terminate();
      await turn();
      assertEquals(pair.serverLog.events, ["open", "close 1006"]);
      assertFalse(called);
    });
  }

  test("terminate() within a listener stops what came with the message", async () => {
    await using pair = await openRaw(kind, { onServer: (ws) => ws.on("message", () => ws.terminate()) });
    await pair.peer.write(new Uint8Array([...pair.peer.frameOf(0x81, "a"), ...pair.peer.frameOf(0x81, "b")]));
    await pair.serverLog.closed;
    assertEquals(pair.serverLog.events, ["open", "text a", "close 1006"]);
  });

  test("terminate() of the client is 1006 on both sides", async () => {
    await using pair = await openPair(kind);
    pair.client.terminate();
    assertEquals((await pair.clientLog.closed).code, 1006);
    assertEquals((await pair.serverLog.closed).code, 1006);
    assertEquals(pair.clientLog.events, ["open", "close 1006"]);
  });

  test("'close' is the last event, whatever its listener does", async () => {
    await using pair = await openPair(kind, {
      onServer: (ws) =>
        ws.on("close", () => {
          ws.send("x");
          ws.closeConnection();
          ws.terminate();
        }),
    });
    pair.client.closeConnection();
    await Promise.all([pair.clientLog.closed, pair.serverLog.closed]);
    await turn();
    assertEquals(pair.serverLog.events, ["open", "close 1000"]);
    assertEquals(pair.clientLog.events, ["open", "close 1000"]);
  });
}

function watch(ws: WebSocketDriver, states: string[]): void {
  ws.on("close", () => states.push(`close: ${ws.readyState}`));
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
