// Opening handshakes that keep or break a rule, asked of `serve` and of the client, over TCP.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { HandshakeError, makeClient, makeServer, serve } from "@wsd/driver";
import { acceptKey } from "../../src/handshake/accept_key.ts";
import { sha1 } from "../../src/handshake/sha1.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { EventLog } from "../support/event_log.ts";
import { cut } from "../support/frames.ts";
import { hostKinds, openRaw } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { field, handshake, RawPeer } from "../support/raw_peer.ts";
import { ANSWER_ROWS, type AnswerRow, latin1, REQUEST_ROWS, type RequestRow } from "./handshake_rows.ts";

/** Up to this length in bytes, a head is also sent byte by byte. */
const SHORT = 400;

for (const row of REQUEST_ROWS) {
  // RFC 6455 §10.7 SHOULD status
  netTest(`serve() meets ${row.does}, and answers ${row.status.join(" or ")}`, async () => {
    const faults: unknown[] = [];
    await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {}, onError: fault(faults) }, (request) => {
      const ws = makeServer(request, { acceptProtocols: ["chat", "superchat"] });
      ws.startConnection();
      return ws.response;
    });
    const bytes = latin1(row.head);
    for (const pieces of bytes.length > SHORT ? [[bytes]] : [[bytes], cut(bytes, 1)]) {
      await askServer(row, pieces, server.addr as Deno.NetAddr);
    }
    assertEquals(faults, []);
  });
}

async function askServer(row: RequestRow, pieces: Uint8Array[], { port }: Deno.NetAddr): Promise<void> {
  using peer = await RawPeer.dial(port);
  const writing = (async () => {
    for (const piece of pieces) await peer.write(piece);
  })().catch(() => {});
  const head = await peer.head();
  const status = Number(head.split(" ")[1]);
  assert(row.status.includes(status), head);
  assertEquals(field(head, "Sec-WebSocket-Extensions"), null);
  if (status === 101) assertEquals(field(head, "Sec-WebSocket-Protocol"), row.protocol ?? null);
  if (status === 426) assertEquals(field(head, "Sec-WebSocket-Version"), "13");
  peer.leave();
  await writing;
}

function fault(faults: unknown[]) {
  return (thrown: unknown) => {
    faults.push(thrown);
    return new Response("Fault\n", { status: 500 });
  };
}

for (const row of ANSWER_ROWS) {
  const outcome = row.opens ? "opens" : "fails with a HandshakeError";
  // RFC 6455 §7.2.1 MUST handshake
  netTest(`startConnection() meets ${row.does}, and ${outcome}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    for (const size of [Infinity, 1]) await answerClient(row, size, listener);
  });
}

async function answerClient(row: AnswerRow, size: number, listener: Deno.TcpListener): Promise<void> {
  const ws = makeClient(`ws://127.0.0.1:${listener.addr.port}/`, { acceptProtocols: ["chat"] });
  const log = new EventLog(ws);
  const started = ws.startConnection().catch((error) => error);
  using peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
  const key = field(await peer.head(), "Sec-WebSocket-Key") ?? "";
  const bytes = latin1(row.answer(acceptKey(key, sha1)));
  try {
    for (const piece of cut(bytes, Math.min(size, bytes.length || 1))) await peer.write(piece);
    if (!row.opens) await peer.end();
  } catch {
    // The client has seen enough.
  }
  const result = await started;
  if (row.opens) {
    assertEquals(result, true);
    ws.terminate();
  } else {
    assertInstanceOf(result, HandshakeError);
    assertEquals(log.events.slice(0, 1), [`error ${result.code} 1006`]);
    assertEquals(await peer.rest(), "");
  }
  await log.closed;
  assertEquals(log.events.filter((event) => event.startsWith("close")), ["close 1006"]);
}

// Row: endless-head
netTest(
  "serve() refuses an endless request line, and endless header fields, after a bounded number of bytes",
  async () => {
    await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response());
    const { port } = server.addr as Deno.NetAddr;
    const field = "X-More: a\r\n".repeat(800);
    for (const [start, more, status] of [["GET /", "a".repeat(8192), "414"], ["GET / HTTP/1.1\r\n", field, "431"]]) {
      using peer = await RawPeer.dial(port);
      let sent = 0;
      const writing = (async () => {
        await peer.write(start);
        for (;;) {
          await peer.write(more);
          sent += more.length;
        }
      })().catch(() => {});
      assertEquals((await peer.head()).split(" ")[1], status);
      // The server reads no further than a while; the rest is what the system's buffers take.
      await writing;
      assert(sent < 16 * 1024 * 1024, `${sent} bytes`);
    }
  },
);

// Row: endless-head, refusals
netTest("startConnection() gives up on a response that is endless in any of its parts", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heads = ["HTTP/1.1 101 ", "HTTP/1.1 101 Switching Protocols\r\nX: ", "HTTP/1.1 401 No\r\n\r\n"];
  for (const head of [...heads, "HTTP/1.1 100 Continue\r\n\r\n"]) {
    const ws = makeClient(`ws://127.0.0.1:${listener.addr.port}/`);
    const started = ws.startConnection().catch((error) => error);
    using peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
    await peer.head();
    const more = head.includes("100") ? head.repeat(100) : "a".repeat(16 * 1024);
    const writing = (async () => {
      await peer.write(head);
      for (;;) await peer.write(more);
    })().catch(() => {});
    const error = await started;
    assertInstanceOf(error, HandshakeError);
    assert(error.body.length <= 64 * 1024);
    await writing;
  }
});

// Row: slow-head
// RFC 9112 §9.5 SHOULD graceful
// RFC 9110 §15.5.9 Text
netTest("serve() answers 408 if a head is not complete in time, however many bytes have arrived", async () => {
  const options = { hostname: "127.0.0.1", port: 0, handshakeTimeout: 200, onListen() {} };
  await using server = serve(options, () => new Response());
  const { port } = server.addr as Deno.NetAddr;
  for (const start of ["", "G", handshake().slice(0, -1)]) {
    using peer = await RawPeer.dial(port);
    if (start !== "") await peer.write(start);
    assertEquals((await peer.head()).split(" ")[1], "408");
    await peer.rest();
  }
});

// Row: slow-head
netTest("serve() doesn't postpone the 408 for a slow drip of bytes", async () => {
  const options = { hostname: "127.0.0.1", port: 0, handshakeTimeout: 200, onListen() {} };
  await using server = serve(options, () => new Response());
  const { port } = server.addr as Deno.NetAddr;
  using peer = await RawPeer.dial(port);
  await peer.write("GET / HTTP/1.1\r\nX: ");
  const dripping = setInterval(() => peer.write("a").catch(() => {}), 20);
  const started = performance.now();
  assertEquals((await peer.head()).split(" ")[1], "408");
  clearInterval(dripping);
  assert(performance.now() - started < 5000);
  await peer.rest();
});

// Row: silent-server
netTest(
  "startConnection() fails at handshakeTimeout if the server sends nothing, or never ends its head",
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    for (const start of ["", "HTTP/1.1 101 Switching Protocols\r\nX: "]) {
      const ws = makeClient(`ws://127.0.0.1:${listener.addr.port}/`, { handshakeTimeout: 50 });
      const log = new EventLog(ws);
      const started = ws.startConnection().catch((error) => error);
      using peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
      await peer.head();
      await peer.write(start);
      const error = await started;
      assertInstanceOf(error, HandshakeError);
      assertEquals(error.code, "WS_HANDSHAKE_TIMEOUT");
      assertEquals(log.events, ["error WS_HANDSHAKE_TIMEOUT 1006", "close 1006"]);
      assertEquals(await peer.rest(), "");
    }
  },
);

for (const kind of hostKinds) {
  // Row: early-frames
  netTest(`makeServer() delivers frames that arrived in the segment of the request, with ${kind.name}`, async () => {
    const early = Uint8Array.fromHex("8182000000004869" + "8982000000006869" + "818100000000" + "21");
    await using pair = await openRaw(kind, { after: early });
    assertEquals((await pair.serverLog.received(2)).slice(0, 2), ["Hi", "!"]);
  });
}
