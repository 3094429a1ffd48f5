// makeServer over byte duplexes and node sockets: it writes the response itself.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { makeServer, type ServerOptions } from "../../server.ts";
import { ReadAheadBudget } from "../../src/server/read_ahead_budget.ts";
import { StreamTransport } from "../../src/transport/stream_transport.ts";
import { EventLog } from "../support/event_log.ts";
import { frameFor } from "../support/frames.ts";
import { LONG } from "../support/hosts.ts";
import { RawPeer } from "../support/raw_peer.ts";

const HEADERS = {
  "host": "localhost",
  "upgrade": "websocket",
  "connection": "Upgrade",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

/** A server over a duplex in memory, its peer, and whether the duplex was ended by the server. */
function duplex(headers: Record<string, string>, options: ServerOptions = {}) {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const request = new Request("http://localhost/", { headers });
  const ws = makeServer({ request, readable: there.readable, writable: back.writable }, {
    handshakeTimeout: LONG,
    closeTimeout: LONG,
    ...options,
  });
  const peer = new RawPeer(new StreamTransport({ readable: back.readable, writable: there.writable }));
  return { ws, log: new EventLog(ws), peer };
}

Deno.test("makeServer() writes the 101 to a duplex, and also has it as the response", async () => {
  const { ws, log, peer } = duplex(HEADERS, { additionalHeaders: { "X-A": "b" } });
  assert(ws.startConnection());
  assertEquals(ws.readyState, "connecting");
  assertEquals(ws.response.status, 101);
  assertEquals(ws.response.headers.get("x-a"), "b");
  assertStringIncludes(await peer.head(), "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
  await log.seen("open");
  ws.terminate();
  await log.closed;
});

Deno.test("makeServer() requires a Host in the request of a duplex", async () => {
  const { host: _, ...headers } = HEADERS;
  const { ws, peer } = duplex(headers);
  assertEquals(ws.startConnection(), false);
  assertStringIncludes(await peer.rest(), "Host must be");
  peer.leave();
});

// RFC 6455 §7.2.2 MUST
Deno.test("makeServer() writes its refusal to a duplex, ends it, and leaves the response to be read", async () => {
  const { ws, peer } = duplex({ ...HEADERS, "sec-websocket-version": "8" });
  assertEquals(ws.startConnection(), false);
  const text = await peer.rest();
  assertStringIncludes(text, "HTTP/1.1 426 Upgrade Required\r\n");
  assertEquals(text.slice(text.indexOf("\r\n\r\n") + 4), await ws.response.text());
  peer.leave();
});

Deno.test("makeServer() cuts off a peer that doesn't read the 101 at handshakeTimeout", async () => {
  const { ws, log, peer } = duplex(HEADERS, { handshakeTimeout: 10 });
  assert(ws.startConnection());
  assertEquals((await log.closed).code, 1006);
  assertEquals(log.events, ["error WS_CONNECTION_LOST 1006", "close 1006"]);
  assertEquals(await peer.rest(), "");
});

Deno.test("makeServer() cuts off a peer that doesn't read its refusal, or doesn't end after it, at closeTimeout", async () => {
  const untaken = duplex({}, { closeTimeout: 10 });
  assertEquals(untaken.ws.startConnection(), false);
  for (let open = true; open;) open = await untaken.peer.write("x").then(() => true, () => false);
  const unended = duplex({}, { closeTimeout: 10 });
  assertEquals(unended.ws.startConnection(), false);
  assertStringIncludes(await unended.peer.rest(), "400 Bad Request");
  // The server drops what still comes, until it has had enough.
  for (let open = true; open;) open = await unended.peer.write("x").then(turn, () => false);
});

Deno.test("makeServer() returns what it has read ahead of a refusal to the budget, when it cuts off the peer", async () => {
  const { free } = ReadAheadBudget.shared;
  const { ws, peer } = duplex({}, { closeTimeout: 20 });
  assertEquals(ws.startConnection(), false);
  // Its body is left unread.
  await peer.head();
  for (let open = true; open;) open = await peer.write(new Uint8Array(64 * 1024)).then(() => true, () => false);
  await turn();
  assertEquals(ReadAheadBudget.shared.free, free);
});

Deno.test("makeServer() handles a peer that leaves before its refusal was read", async () => {
  const { ws, log, peer } = duplex({});
  peer.leave();
  assertEquals(ws.startConnection(), false);
  assertEquals(log.events, ["error WS_HANDSHAKE_FAILED 1006", "close 1006"]);
  await turn();
});

Deno.test("terminate() ends a duplex whose peer has not read the 101", async () => {
  const { ws, log, peer } = duplex(HEADERS);
  assert(ws.startConnection());
  ws.terminate();
  assertEquals(log.events, ["close 1006"]);
  assertEquals(await peer.rest(), "");
  await turn();
  assertEquals(log.events, ["close 1006"]);
});

Deno.test("closeConnection() before the 101 is written is sent after it", async () => {
  const { ws, log, peer } = duplex(HEADERS);
  ws.startConnection();
  assert(ws.closeConnection("Bye", 3000));
  assertStringIncludes(await peer.head(), " 101 ");
  assertEquals(await peer.frame(), "close 3000 Bye");
  await peer.close(3000);
  assertEquals(await peer.frame(), "end");
  peer.leave();
  assertEquals((await log.closed).code, 3000);
  assertEquals(log.events, ["open", "close 3000"]);
});

Deno.test("what the peer sent is delivered, though it no longer reads anything", async () => {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const request = new Request("http://localhost/", { headers: HEADERS });
  const ws = makeServer({ request, readable: there.readable, writable: back.writable }, { closeTimeout: LONG });
  const log = new EventLog(ws);
  ws.startConnection();
  const reader = back.readable.getReader();
  await reader.read();
  await log.seen("open");
  await reader.cancel();
  assert(ws.send("lost"));
  await turn();
  assertEquals(ws.readyState, "closing");
  assertEquals([ws.send("x"), ws.sendPing(), ws.send("", { type: "pong" }), ws.closeConnection()], [
    false,
    false,
    false,
    false,
  ]);
  const writer = there.writable.getWriter();
  await writer.write(frameFor("server", 0x81, "Hi"));
  await log.received(1);
  await writer.close();
  assertEquals((await log.closed).code, 1006);
  assertEquals(log.events, ["open", "text Hi", "error WS_CONNECTION_LOST 1006", "close 1006"]);
});

/** One turn of the event loop. */
function turn(): Promise<true> {
  return new Promise((resolve) => setTimeout(() => resolve(true)));
}
