import { assert, assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import { Heartbeat } from "../../src/connection/heartbeat.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { checkAgain } from "../../src/connection/check_again.ts";
import { type CloseInfo, ConnectionError, makeServer, type Server, type ServerOptions } from "@wsd/driver";

const REQUEST = new Request("http://localhost/", {
  headers: {
    "host": "localhost",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  },
});

/** A frame of a client's, masked with a key of zeros. */
function frame(first: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([first, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
}

/** A turn of the event loop, in which timers run: streams in memory alone would never let them. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** A server whose client is played by the test. */
interface Played {
  readonly ws: Server;
  readonly closed: Promise<CloseInfo>;
  readonly errors: Error[];
  /** Gives the frames that the server has sent, one by one. */
  frames(): Promise<Uint8Array>;
  /** Gives the next bytes that the server has sent. */
  chunk(): Promise<Uint8Array>;
  send(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  end(): Promise<void>;
}

async function play(options: ServerOptions): Promise<Played> {
  const toServer = new TransformStream<Uint8Array, Uint8Array>();
  const toClient = new TransformStream<Uint8Array, Uint8Array>();
  const ws = makeServer({ request: REQUEST, readable: toServer.readable, writable: toClient.writable }, options);
  const errors: Error[] = [];
  ws.on("error", (error) => errors.push(error));
  const closed = new Promise<CloseInfo>((resolve) => ws.on("close", resolve));
  assert(ws.startConnection());
  const reader = toClient.readable.getReader();
  const writer = toServer.writable.getWriter();
  await reader.read();
  return {
    ws,
    closed,
    errors,
    chunk: async () => (await reader.read()).value ?? new Uint8Array(),
    frames: async () => (await reader.read()).value ?? new Uint8Array(),
    send: (bytes) => writer.write(bytes),
    end: () => writer.close(),
  };
}

Deno.test("heartbeat pings a server's peer, and measures the latency from the answer", async () => {
  const { ws, closed, frames, send } = await play({ pingInterval: 16, pingTimeout: 60_000 });
  assertEquals(ws.latency, null);
  const ping = await frames();
  assertEquals([...ping.subarray(0, 2)], [0x89, 4]);
  const pong = new Promise((resolve) => ws.once("pong", resolve));
  await send(frame(0x8a, ping.subarray(2)));
  await pong;
  assertGreater(ws.latency ?? 0, 0);
  ws.terminate();
  assertEquals(await closed, { code: 1006, reason: "" });
});

// Row: silent-peer
Deno.test("heartbeat ends a connection whose peer is silent, with 1006", async () => {
  const { closed, errors } = await play({ pingInterval: 16, pingTimeout: 16 });
  assertEquals(await closed, { code: 1006, reason: "" });
  assertEquals(errors.length, 1);
  assertInstanceOf(errors[0], ConnectionError);
  assertEquals(errors[0].code, "WS_HEARTBEAT_TIMEOUT");
});

// Row: silent-peer
Deno.test("heartbeat treats any bytes as a sign of life, even part of a frame", async () => {
  const { ws, closed, errors, frames, send } = await play({ pingInterval: 16, pingTimeout: 200 });
  // Far more Pings than the silence allowed would see, none of them answered.
  for (let pings = 0; pings < 40; pings++) {
    await frames();
    await send(
      pings % 2 === 0 ? frame(0x81, Uint8Array.of(0x68)).slice(0, 3) : frame(0x81, Uint8Array.of(0x68)).slice(3),
    );
  }
  assertEquals(ws.readyState, "open");
  assertEquals(errors, []);
  ws.terminate();
  await closed;
});

Deno.test("heartbeat does not mistake the silence of a paused connection for the peer's", async () => {
  const { ws, closed, errors, frames } = await play({ pingInterval: 16, pingTimeout: 16 });
  ws.pause();
  for (let pings = 0; pings < 10; pings++) await frames();
  assertEquals(ws.readyState, "open");
  assertEquals(errors, []);
  ws.resume();
  assertEquals((await closed).code, 1006);
});

// RFC 6455 §7.1.7 SHOULD no-reason-of-its-own
Deno.test("heartbeat is off if pingInterval is 0", async () => {
  const { ws, closed, frames } = await play({ pingInterval: 0, pingTimeout: 1, idleTimeout: 100 });
  // The first frame is the Close of the idle time-out: nothing came before it.
  assertEquals((await frames())[0], 0x88);
  ws.terminate();
  await closed;
});

Deno.test("idleTimeout closes with 1001 if no message passes", async () => {
  const { closed, frames, send, end } = await play({ pingInterval: 0, idleTimeout: 16, closeTimeout: 60_000 });
  const close = await frames();
  assertEquals([...close.subarray(0, 1), ...close.subarray(2, 4)], [0x88, 0x03, 0xe9]);
  await send(frame(0x88, Uint8Array.of(0x03, 0xe9)));
  await frames();
  await end();
  assertEquals(await closed, { code: 1001, reason: "" });
});

Deno.test("idleTimeout counts messages in both directions, not Pings", async () => {
  const { ws, closed, frames, send } = await play({ pingInterval: 0, idleTimeout: 400 });
  let received = 0;
  ws.on("message", () => received++);
  // Longer than the time-out as a whole, never as long between two messages.
  for (const started = performance.now(); performance.now() - started < 900; await turn()) {
    if (received % 2 === 0) {
      ws.send("x");
      await frames();
    }
    await send(frame(0x81, Uint8Array.of(0x79)));
  }
  assertGreater(received, 0);
  assertEquals(ws.readyState, "open");
  for (let first = 0; first !== 0x88; first = (await frames())[0]) {
    await turn();
    await send(frame(0x89, new Uint8Array()));
  }
  ws.terminate();
  await closed;
});

// Row: slow-receiver
Deno.test("heartbeat treats bytes that the peer accepts as a sign of life, though a Ping waits behind them", async () => {
  const { ws, closed, errors, chunk } = await play({ pingInterval: 16, pingTimeout: 800 });
  const message = new Uint8Array(8 * 1024 * 1024);
  ws.send(message);
  let received = 0;
  const start = performance.now();
  // Each piece is taken well within the time-out, all of them together take longer.
  for (let due = start; received < message.length; due += 160) {
    while (performance.now() < due) await turn();
    received += (await chunk()).length;
  }
  assertGreater(performance.now() - start, 1000);
  assertEquals(errors, []);
  assertEquals(ws.readyState, "open");
  // Then it falls silent.
  assertEquals((await closed).code, 1006);
  assertEquals(errors.map((error) => (error as ConnectionError).code), ["WS_HEARTBEAT_TIMEOUT"]);
});

// Row: silent-peer, slow-receiver
Deno.test("heartbeat ends a connection whose peer accepts no bytes, also if the Ping never leaves", async () => {
  const { ws, closed, errors } = await play({ pingInterval: 16, pingTimeout: 50 });
  ws.send(new Uint8Array(8 * 1024 * 1024));
  assertEquals((await closed).code, 1006);
  assertEquals(errors.map((error) => (error as ConnectionError).code), ["WS_HEARTBEAT_TIMEOUT"]);
});

Deno.test("heartbeat leaves a connection that is closing to closeTimeout, since no Ping can be sent", async () => {
  const { ws, closed, errors, frames } = await play({ pingInterval: 16, pingTimeout: 16, closeTimeout: 400 });
  ws.close(1000);
  assertEquals((await frames())[0], 0x88);
  assertEquals((await closed).code, 1006);
  assertEquals(errors.map((error) => (error as ConnectionError).code), ["WS_CLOSE_TIMEOUT"]);
});

// Row: silent-peer
Deno.test("heartbeat is not kept alive by bytes that the system buffers for a peer that is gone", async () => {
  const { readable } = new TransformStream<Uint8Array, Uint8Array>();
  const options = { pingInterval: 16, pingTimeout: 50 };
  const ws = makeServer({ request: REQUEST, readable, writable: new WritableStream() }, options);
  const closed = new Promise<CloseInfo>((resolve) => ws.on("close", resolve));
  ws.startConnection();
  await ws.opened;
  while (ws.send("still there?")) await turn();
  assertEquals((await closed).code, 1006);
});

// Row: control-and-limits
Deno.test("heartbeat pings however much is queued, and is not refused", async () => {
  const { ws, closed, errors, frames } = await play({
    pingInterval: 16,
    pingTimeout: 60_000,
    backpressureLimit: 1,
    onBackpressure: "refuse",
  });
  ws.send(new Uint8Array(3000));
  ws.send(new Uint8Array(3000));
  assertEquals(ws.send("refused"), false);
  // Nobody reads, so that one of them waits, and a Ping behind it.
  const one = 3000 + 4;
  const waits = () => ws.bufferedAmount > one && ws.bufferedAmount < 2 * one;
  for (const end = performance.now() + 5000; !waits() && performance.now() < end;) await turn();
  assert(waits());
  let first = 0;
  while (first !== 0x89) first = (await frames())[0];
  assertEquals(errors, []);
  ws.terminate();
  await closed;
});

// Row: long-message
Deno.test("idleTimeout counts the bytes of a message under way, in both directions", async () => {
  const { ws, closed, send, chunk } = await play({ pingInterval: 0, idleTimeout: 600 });
  const incoming = frame(0x82, new Uint8Array(100));
  for (let at = 0, due = performance.now(); at < incoming.length; due += 25) {
    while (performance.now() < due) await turn();
    await send(incoming.slice(at, at += 2));
  }
  assertEquals(ws.readyState, "open");
  const outgoing = new Uint8Array(8 * 1024 * 1024);
  ws.send(outgoing);
  const start = performance.now();
  for (let received = 0, due = start; received < outgoing.length; due += 160) {
    while (performance.now() < due) await turn();
    received += (await chunk()).length;
  }
  assertGreater(performance.now() - start, 1000);
  assertEquals(ws.readyState, "open");
  ws.terminate();
  await closed;
});

// Row: slow-receiver
Deno.test("Heartbeat counts the silence from when its Ping was handed to the system", async () => {
  const ended: unknown[] = [];
  const terminate = (error: unknown) => ended.push(error);
  const connection = { state: "open", received: 0, writing: null, paused: false, terminate };
  let onWritten = () => {};
  const ping = (_payload: Uint8Array, callback: () => void) => onWritten = callback;
  const options = { pingInterval: 1_000_000, pingTimeout: 60_000 };
  const heartbeat = new Heartbeat(connection as unknown as Connection, ping, options);
  heartbeat.ping(performance.now() - 100_000);
  onWritten();
  heartbeat.check(performance.now());
  // The second look comes before this one.
  await new Promise<void>((resolve) => checkAgain(resolve));
  heartbeat.stop();
  assertEquals(ended, []);
});
