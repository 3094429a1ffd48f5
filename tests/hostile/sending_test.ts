// What a caller hands over to be sent, asked of whole drivers.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { makeClient, makeServer } from "@wsd/driver";
import { ROLES } from "../support/endpoint.ts";
import { pattern } from "../support/frames.ts";
import { meet, READ_PATHS } from "./paths.ts";

const [path] = READ_PATHS;

// Row: caller-buffer
Deno.test("send() as a client leaves the caller's bytes unchanged, whatever their length", async () => {
  const { ws, peer, closed } = await meet("client", path);
  for (const length of [1, 4, 31, 32, 125, 126, 65_535, 65_536, 65_537, 200_000]) {
    const bytes = pattern(length);
    const copy = bytes.slice();
    assert(ws.send(bytes));
    assertEquals(await peer.frame(), `binary ${copy.toHex()}`);
    assertEquals(bytes, copy);
  }
  ws.terminate();
  peer.leave();
  await closed;
});

const memory = pattern(64);
const views: readonly (readonly [string, unknown, Uint8Array])[] = [
  ["Uint8Array", memory.subarray(3, 9), memory.slice(3, 9)],
  ["Int8Array", new Int8Array(memory.buffer, 5, 7), memory.slice(5, 12)],
  ["Uint8ClampedArray", new Uint8ClampedArray(memory.buffer, 1, 2), memory.slice(1, 3)],
  ["Int16Array", new Int16Array(memory.buffer, 2, 3), memory.slice(2, 8)],
  ["Uint16Array", new Uint16Array(memory.buffer, 2, 3), memory.slice(2, 8)],
  ["Int32Array", new Int32Array(memory.buffer, 4, 2), memory.slice(4, 12)],
  ["Uint32Array", new Uint32Array(memory.buffer, 4, 2), memory.slice(4, 12)],
  ["Float16Array", new Float16Array(memory.buffer, 4, 2), memory.slice(4, 8)],
  ["Float32Array", new Float32Array(memory.buffer, 4, 2), memory.slice(4, 12)],
  ["Float64Array", new Float64Array(memory.buffer, 8, 2), memory.slice(8, 24)],
  ["BigInt64Array", new BigInt64Array(memory.buffer, 8, 1), memory.slice(8, 16)],
  ["BigUint64Array", new BigUint64Array(memory.buffer, 8, 1), memory.slice(8, 16)],
  ["DataView", new DataView(memory.buffer, 3, 5), memory.slice(3, 8)],
  ["ArrayBuffer", memory.slice(0, 10).buffer, memory.slice(0, 10)],
  ["empty view", memory.subarray(7, 7), new Uint8Array()],
];

for (const role of ROLES) {
  // Row: views
  Deno.test(`send() as a ${role} sends exactly the bytes in view, of every kind of view`, async () => {
    const { ws, peer, closed } = await meet(role, path);
    for (const [name, view, bytes] of views) {
      assert(ws.send(view as Uint8Array), name);
      assertEquals(await peer.frame(), `binary ${bytes.toHex()}`.trimEnd(), name);
    }
    ws.terminate();
    peer.leave();
    await closed;
  });

  // Row: views
  Deno.test(`send() as a ${role} throws a TypeError for anything but a message, and the connection stays open`, async () => {
    const { ws, peer, closed } = await meet(role, path);
    const wrong = [100, 0, NaN, 5n, null, undefined, true, {}, [1, 2], Symbol("s"), () => {}, new Date(), new Map()];
    for (const value of wrong) {
      for (const type of [undefined, "text", "binary", "ping", "pong"] as const) {
        // A Ping without a payload is fine.
        if (value === undefined && type === "ping") continue;
        assertThrows(() => ws.send(value as string, type === undefined ? undefined : { type }), TypeError);
      }
      assertThrows(() => ws.sendBinary(value as string), TypeError);
      assertThrows(() => ws.sendText(value as string), TypeError);
      if (value !== undefined) assertThrows(() => ws.sendPing(value as string), TypeError);
    }
    ws.send("still here");
    assertEquals(await peer.frame(), "text still here");
    ws.terminate();
    peer.leave();
    await closed;
  });

  // Row: views
  Deno.test(`send() as a ${role} sends the contents of a SharedArrayBuffer at the call, or throws a TypeError`, async () => {
    const { ws, peer, closed } = await meet(role, path);
    const shared = new SharedArrayBuffer(8);
    const view = new Uint8Array(shared, 2, 4).fill(7);
    for (const value of [shared, view, new DataView(shared, 2, 4)]) {
      let taken = false;
      try {
        taken = ws.send(value as unknown as Uint8Array);
      } catch (error) {
        assert(error instanceof TypeError);
      }
      if (taken) assert(["binary 07070707", "binary 0000070707070000"].includes(await peer.frame()));
    }
    // Long ones would otherwise be written from the caller's memory.
    const long = new Uint8Array(new SharedArrayBuffer(100_000)).fill(7);
    ws.send(long);
    long.fill(8);
    assertEquals(await peer.frame(), `binary ${"07".repeat(100_000)}`);
    ws.terminate();
    peer.leave();
    await closed;
  });
}

// Row: injection
Deno.test("makeClient() and makeServer() throw a TypeError for CR, LF and NUL in what goes into a head", () => {
  const request = new Request("http://localhost/");
  for (const odd of ["a\r\nX: b", "a\nb", "a\rb", "a\0b"]) {
    assertThrows(() => makeClient("ws://localhost/", { additionalHeaders: { "x-a": odd } }), TypeError);
    assertThrows(() => makeClient("ws://localhost/", { additionalHeaders: { [odd]: "a" } }), TypeError);
    assertThrows(() => makeClient("ws://localhost/", { additionalHeaders: [["cookie", odd]] }), TypeError);
    assertThrows(() => makeClient("ws://localhost/", { acceptProtocols: [odd] }), TypeError);
    assertThrows(() => makeServer(request, { additionalHeaders: { "x-a": odd } }), TypeError);
    assertThrows(() => makeServer(request, { acceptProtocols: [odd] }), TypeError);
  }
  // What the URL parser drops or escapes can't get into the request line.
  assertEquals(makeClient("ws://localhost/a\r\nb c\0d").url, "ws://localhost/ab%20c%00d");
});
