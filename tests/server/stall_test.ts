// Clients that stall or leave while serve waits for them: their places are free again.
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { makeServer, type ServeHandler } from "../../server.ts";
import { Connections } from "../../src/server/connections.ts";
import { HttpConnection } from "../../src/server/http_connection.ts";
import { checkServeOptions } from "../../src/server/serve_options.ts";
import { StreamTransport } from "../../src/transport/stream_transport.ts";
import { EventLog } from "../support/event_log.ts";
import { localCertificate, LONG } from "../support/hosts.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { contentOf, handshake, RawPeer } from "../support/raw_peer.ts";
import { UncaughtErrors } from "../support/uncaught.ts";
import { startServe as start } from "../support/web_server.ts";

const HOSTNAME = "127.0.0.1";

const page: ServeHandler = () => new Response("page\n");

/** Echoes, once it may return the response. */
function echoAfter(go: Promise<void>): ServeHandler {
  return async (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
    await go;
    return ws.response;
  };
}

/** The pace of a client: what is tested here is time. */
function passed(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, milliseconds);
  return promise;
}

/** Asks for a page until it is served: until then there is no free place. */
async function untilServed(connect: () => Promise<RawPeer>): Promise<void> {
  for (let status = ""; status !== "200";) {
    using peer = await connect();
    await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    status = (await peer.rest()).slice(9, 12);
  }
}

/** What a TLS client can do short of finishing its handshake: the first bytes that it sends. */
const UNFINISHED: readonly (readonly [string, Uint8Array])[] = [
  ["sends nothing", new Uint8Array(0)],
  ["sends half a ClientHello", Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196)],
];

for (const [what, bytes] of UNFINISHED) {
  // Row: silent-tls
  netTest(`serve() frees the places of TLS clients of which each ${what}, at handshakeTimeout`, async () => {
    const { cert, key, ca } = await localCertificate();
    const handshakeTimeout = 1000;
    await using host = start(page, { cert, key, maxConnections: 3, handshakeTimeout });
    const silent = await Promise.all(Array.from({ length: 3 }, host.connect));
    for (const peer of silent) await peer.write(bytes);
    const client = Deno.createHttpClient({ caCerts: [ca] });
    const connected = performance.now();
    let status = 0;
    while (status !== 200) {
      const response = await fetch(`https://localhost:${host.port}/`, { client });
      await response.body?.cancel();
      status = response.status;
    }
    // A write to such a client never settles, and the time-out of writes comes as long again later.
    assertLess(performance.now() - connected, 1.9 * handshakeTimeout);
    client.close();
    silent.forEach((peer) => peer.leave());
    await host.server.shutdown();
    assertEquals(host.faults, []);
  });

  // Row: silent-tls
  netTest(`shutdown() doesn't wait for a TLS client that ${what}`, async () => {
    const { cert, key } = await localCertificate();
    await using host = start(page, { cert, key, handshakeTimeout: LONG });
    using peer = await host.connect();
    await peer.write(bytes);
    using other = await Deno.connectTls({
      hostname: "localhost",
      port: host.port,
      caCerts: [(await localCertificate()).ca],
    });
    await other.handshake();
    await host.server.shutdown();
    peer.leave();
  });
}

netTest("serve() frees the place of a TLS client that reads none of its response, at handshakeTimeout", async () => {
  const { cert, key, ca } = await localCertificate();
  const cancelled = Promise.withResolvers<void>();
  const endless = (): Response => {
    const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(1024 * 1024));
    return new Response(new ReadableStream({ pull, cancel: () => cancelled.resolve() }, { highWaterMark: 0 }));
  };
  await using host = start(endless, { cert, key, handshakeTimeout: 1_000 });
  using conn = await Deno.connectTls({ hostname: "localhost", port: host.port, caCerts: [ca] });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  await cancelled.promise;
  await host.server.shutdown();
  assertEquals(host.faults, []);
});

for (const leave of ["end", "leave"] as const) {
  // Row: leaving-early
  netTest(`request.signal aborts after ${leave}() of a client whose handler waits, and the place is free`, async () => {
    const asked = Promise.withResolvers<void>();
    const reasons: unknown[] = [];
    await using host = start(async (request) => {
      if (new URL(request.url).pathname === "/") return new Response("page\n");
      asked.resolve();
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      reasons.push(request.signal.reason);
      return new Response("nobody reads this");
    }, { maxConnections: 1 });
    using peer = await host.connect();
    await peer.write("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    await asked.promise;
    await peer[leave]();
    await untilServed(host.connect);
    assertEquals(reasons.map((reason) => (reason as Error).name), ["AbortError"]);
    assertEquals(host.faults, []);
  });
}

for (const path of ["/read", "/unread"]) {
  // Row: leaving-early
  netTest(`request.signal aborts for a client that leaves after a body that was ${path.slice(1)}`, async () => {
    const asked = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    await using host = start(async (request) => {
      if (path === "/read") assertEquals(await request.text(), "body");
      asked.resolve();
      request.signal.addEventListener("abort", () => aborted.resolve());
      await aborted.promise;
      return new Response();
    });
    const peer = await host.connect();
    await peer.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    await asked.promise;
    peer.leave();
    await aborted.promise;
    await host.server.shutdown();
    assertEquals(host.faults, []);
  });
}

netTest("request.signal aborts for a client that stalls in its body, at handshakeTimeout", async () => {
  const aborted = Promise.withResolvers<unknown>();
  await using host = start(async (request) => {
    request.signal.addEventListener("abort", () => aborted.resolve(request.signal.reason));
    await request.text().catch(() => {});
    await aborted.promise;
    return new Response();
  }, { handshakeTimeout: 300 });
  using peer = await host.connect();
  await peer.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  assertStringIncludes(String(await aborted.promise), "stalled");
  assertEquals(await peer.rest(), "");
  await host.server.shutdown();
  assertEquals(host.faults, []);
});

// Row: leaving-early
netTest("a server that was started closes with 1006 when its client leaves before the handler returns", async () => {
  const logs: EventLog[] = [];
  const asked = Promise.withResolvers<void>();
  await using host = start(async (request) => {
    const ws = makeServer(request);
    logs.push(new EventLog(ws));
    ws.startConnection();
    asked.resolve();
    await ws.closed;
    return ws.response;
  });
  const peer = await host.connect();
  await peer.write(handshake());
  await asked.promise;
  peer.leave();
  await host.server.shutdown();
  assertEquals(logs[0].events, ["error WS_CONNECTION_LOST 1006", "close 1006"]);
  assertEquals(host.faults, []);
});

// Row: leaving-early
netTest("a streaming body is canceled when its client leaves, even if there is nothing to write", async () => {
  for (const leave of ["end", "leave"] as const) {
    const cancelled = Promise.withResolvers<unknown>();
    await using host = start(() =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("data: first\n\n")),
          cancel: cancelled.resolve,
        }),
      )
    );
    using peer = await host.connect();
    await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await peer.head();
    await peer[leave]();
    await cancelled.promise;
    await host.server.shutdown();
    assertEquals(host.faults, []);
  }
});

// Row: leaving-early
netTest(
  "a streaming body is written up to that point for a client that ends its writing, then canceled",
  async () => {
    const size = 8 * 1024 * 1024;
    const cancelled = Promise.withResolvers<unknown>();
    await using host = start(() =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(size)),
          cancel: cancelled.resolve,
        }),
        { headers: { "Content-Length": String(2 * size) } },
      )
    );
    using peer = await host.connect();
    await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await peer.head();
    await peer.end();
    assertEquals((await peer.rest()).length, size);
    await cancelled.promise;
    await host.server.shutdown();
    assertEquals(host.faults, []);
  },
);

netTest("request.signal doesn't abort for a client that got its response", async () => {
  const signals: AbortSignal[] = [];
  await using host = start((request) => {
    signals.push(request.signal);
    return new Response("page\n");
  });
  await untilServed(host.connect);
  await host.server.shutdown();
  assertEquals(signals.map(({ aborted }) => aborted), [false]);
});

netTest("a handler that throws the reason of request.signal reports no error: its client has left", async () => {
  const asked = Promise.withResolvers<void>();
  const handled = Promise.withResolvers<void>();
  await using host = start(async (request) => {
    asked.resolve();
    try {
      await new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
      return new Response();
    } finally {
      handled.resolve();
    }
  });
  const peer = await host.connect();
  await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await asked.promise;
  peer.leave();
  await handled.promise;
  await host.server.shutdown();
  assertEquals(host.faults, []);
});

for (const gap of [0, 300]) {
  // After a while, serve has begun to read ahead, to watch for the client's end.
  netTest(`serve() loses nothing that arrives while a handler waits for ${gap} ms before it upgrades`, async () => {
    const go = Promise.withResolvers<void>();
    await using host = start(echoAfter(go.promise));
    using peer = await host.connect();
    await peer.write(handshake());
    const texts = Array.from({ length: 60 }, (_, i) => `${i} ${"x".repeat(i * 40)}`);
    for (const text of texts.slice(0, 20)) await peer.send(0x81, text);
    await passed(gap);
    for (const text of texts.slice(20, 40)) await peer.send(0x81, text);
    go.resolve();
    assertStringIncludes(await peer.head(), " 101 ");
    for (const text of texts.slice(40)) await peer.send(0x81, text);
    for (const text of texts) assertEquals(await peer.frame(), `text ${text}`);
    await peer.close(1000);
    assertEquals(await peer.frame(), "close 1000");
    peer.leave();
  });
}

netTest("serve() upgrades with the pending read that watches for the client's end", async () => {
  const go = Promise.withResolvers<void>();
  await using host = start(echoAfter(go.promise));
  using peer = await host.connect();
  await peer.write(handshake());
  await passed(300);
  go.resolve();
  assertStringIncludes(await peer.head(), " 101 ");
  for (const text of ["first", "second".repeat(1_000), "third"]) {
    await peer.send(0x81, text);
    assertEquals(await peer.frame(), `text ${text}`);
  }
  await peer.close(1000);
  assertEquals(await peer.frame(), "close 1000");
  peer.leave();
});

// Row: slow-page
netTest("serve() keeps writing a response of one large chunk while its client reads steadily", async () => {
  const size = 32 * 1024 * 1024;
  await using host = start(() => new Response(new Uint8Array(size).fill(0x78)), { handshakeTimeout: 600 });
  using conn = await Deno.connect({ hostname: HOSTNAME, port: host.port });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const begun = performance.now();
  const buffer = new Uint8Array(512 * 1024);
  let received = 0;
  for (let next = begun;; next += 30) {
    // A steady 17 MiB a second, which takes several times handshakeTimeout.
    await passed(next - performance.now());
    const count = await conn.read(buffer);
    if (count === null) break;
    received += count;
  }
  assert(performance.now() - begun > 1_200);
  assert(received > size, `received ${received} bytes of ${size}`);
  assertEquals(host.faults, []);
});

netTest("serve() writes responses of every size in full, around the size of its slices", async () => {
  const slice = 16 * 1024;
  await using host = start((request) =>
    new Response(new Uint8Array(Number(new URL(request.url).pathname.slice(1))).fill(0x78))
  );
  for (const size of [0, 1, slice - 1, slice, slice + 1, 2 * slice, 5 * slice + 3]) {
    using peer = await host.connect();
    await peer.write(`GET /${size} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assertEquals(contentOf(await peer.rest()).length, size);
  }
});

// Row: silent-tls
netTest(
  "serve() ends a client that it has turned away, though it stays, and long before handshakeTimeout",
  async () => {
    await using host = start(page, { maxConnections: 1, handshakeTimeout: LONG });
    using waiting = await host.connect();
    while (host.server.stats.pending < 1) await passed(1);
    using away = await host.connect();
    assertStringIncludes(await away.rest(), "503");
    assertEquals(host.server.stats.pending, 2);
    while (host.server.stats.pending > 1) await passed(5);
    waiting.leave();
  },
);

// Deno keeps the descriptor of a TLS connection that is closed before its handshake is done, until the client leaves.
// Should this test fail, the runtime has been fixed: take the paragraph out of docs/security.md.
testWith(
  { net: true, read: true },
  "Deno keeps the descriptor of a TLS connection whose handshake is unfinished",
  async () => {
    if (Deno.build.os !== "linux") return;
    const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const { cert, key } = await localCertificate();
    using listener = Deno.listenTls({ hostname: HOSTNAME, port: 0, cert, key });
    using client = await Deno.connect({ hostname: HOSTNAME, port: listener.addr.port });
    const conn = await listener.accept();
    const reading = conn.read(new Uint8Array(1)).catch(() => {});
    const before = descriptors();
    conn.close();
    await reading;
    for (let turns = 0; turns < 10; turns++) await passed(5);
    assertEquals(descriptors(), before);
    client.close();
    while (descriptors() > before - 2) await passed(5);
  },
);

// ConnTransport calls it as soon as it is there. Should this test fail, take that sentence out of docs/security.md.
netTest("Deno has no setNoDelay() for TLS, unlike for TCP", async () => {
  const { cert, key } = await localCertificate();
  for (const tls of [true, false]) {
    const where = { hostname: HOSTNAME, port: 0 };
    using listener = tls ? Deno.listenTls({ ...where, cert, key }) : Deno.listen(where);
    using _client = await Deno.connect({ hostname: HOSTNAME, port: listener.addr.port });
    using conn = await listener.accept();
    assertEquals("setNoDelay" in conn, !tls);
  }
});

// A duplex in memory has no room for what its peer doesn't read. A system has: it takes a hundred bytes at once.
Deno.test("HttpConnection ends a client that doesn't read the 100 that it has asked for, at handshakeTimeout", async () => {
  using uncaught = new UncaughtErrors();
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const settings = checkServeOptions({ handshakeTimeout: 50 }, page);
  const connections = new Connections(1, undefined);
  const transport = new StreamTransport({ readable: there.readable, writable: back.writable });
  const addr: Deno.NetAddr = { transport: "tcp", hostname: HOSTNAME, port: 1 };
  const running = new HttpConnection(transport, addr, new URL("http://a/"), settings, connections).run();
  const peer = new RawPeer(new StreamTransport({ readable: back.readable, writable: there.writable }));
  await peer.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  await running;
  assertEquals([connections.stats.pending, uncaught.values], [0, []]);
  peer.leave();
});
