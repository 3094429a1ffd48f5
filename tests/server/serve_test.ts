// What serve reads and writes, with peers of bytes.
import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { isWebSocket, makeServer, serve, type ServeHandler, type ServeOptions } from "../../server.ts";
import { EventLog } from "../support/event_log.ts";
import { localCertificate, LONG } from "../support/hosts.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { contentOf, field, handshake, type RawPeer } from "../support/raw_peer.ts";
import { startServe as start } from "../support/web_server.ts";

const HOSTNAME = "127.0.0.1";

/** Sends a request, and gives all that comes back. */
async function ask(
  connect: () => Promise<RawPeer>,
  request: string,
): Promise<{ status: number; text: string; body: string }> {
  using peer = await connect();
  await peer.write(request);
  const text = await peer.rest();
  return { status: Number(text.slice(9, 12)), text, body: contentOf(text) };
}

const upgrade: ServeHandler = (request) => {
  const ws = makeServer(request);
  ws.startConnection();
  return ws.response;
};

const long = (length: number) => "a".repeat(length);

/** Requests that no handler gets to see, or that makeServer refuses, with the answer's status. */
const REFUSED: readonly (readonly [string, string, number])[] = [
  ["a request line of 9000 bytes", handshake({}, `GET /${long(9000)} HTTP/1.1`), 414],
  // RFC 9110 §5.4 MUST
  ["a header of 20000 bytes", handshake({ "X-A": long(20000) }), 431],
  ["200 headers", handshake(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`X-${i}`, "a"]))), 431],
  [
    "a head of 70000 bytes",
    handshake(Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`X-${i}`, long(1000)]))),
    431,
  ],
  ["HTTP/2.0", handshake({}, "GET / HTTP/2.0"), 505],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  // RFC 9112 §2.2 SHOULD not-http
  ["no HTTP at all", "\x16\x03\x01\x00\x05", 400],
  ["bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400],
  ["a NUL in a header", handshake({ "X-A": "a\0b" }), 400],
  // RFC 9112 §5.1 MUST
  ["a space before a colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400],
  // RFC 9112 §5.2 MUST request
  ["a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400],
  ["no Host", handshake({ Host: null }), 400],
  ["an empty Host", handshake({ Host: "" }), 400],
  ["a malformed Host", handshake({ Host: "a b" }), 400],
  // RFC 9112 §3.2 MUST server
  ["two Hosts", handshake({ "X-A": "1\r\nHost: other" }), 400],
  ["a Host with user information", handshake({ Host: "user@a" }), 400],
  ["a Host with a port out of range", handshake({ Host: "a:99999" }), 400],
  ["a Host that only looks like an address", handshake({ Host: "[::zz]" }), 400],
  ["a target that is no path", handshake({}, "GET chat HTTP/1.1"), 400],
  ["a target of another scheme", handshake({}, "GET ftp://a/ HTTP/1.1"), 400],
  ["a target with user information", handshake({}, "GET http://user@a/ HTTP/1.1"), 400],
  ["a target with a space", handshake({}, "GET /a b HTTP/1.1"), 400],
  ["a target with bytes above 0x7f", handshake({}, "GET /\u00ff HTTP/1.1"), 400],
  // RFC 9110 §9.3.6 MUST
  ["CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400],
  // RFC 9110 §9.1 SHOULD unknown
  ["TRACE", handshake({}, "TRACE / HTTP/1.1"), 501],
  ["a chunked body", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411],
  ["a Content-Length that is not a number", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400],
  ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  // RFC 9110 §8.6 MUST many-digits
  ["a length beyond numbers", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${"9".repeat(30)}\r\n\r\n`, 400],
  ["no upgrade", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a handshake of HTTP/1.0", handshake({}, "GET / HTTP/1.0"), 400],
  ["a handshake with a body", handshake({ "Content-Length": "5" }), 400],
  ["a method in another case", handshake({}, "get / HTTP/1.1"), 405],
  ["HEAD", handshake({}, "HEAD / HTTP/1.1"), 405],
  ["version 7", handshake({ "Sec-WebSocket-Version": "7" }), 426],
  ["two versions", handshake({ "Sec-WebSocket-Version": "13, 8" }), 426],
  ["a key of 15 bytes", handshake({ "Sec-WebSocket-Key": "MTIzNDU2Nzg5MDEyMzQ1" }), 400],
  ["a subprotocol that is no token", handshake({ "Sec-WebSocket-Protocol": "a b" }), 400],
  [
    "hixie-76",
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key1: 1\r\n\r\n12345678",
    400,
  ],
];

/** Those that no handler gets to see: what stands before the first that makeServer refuses. */
const names = REFUSED.map(([what]) => what);
const UNREADABLE = names.slice(0, names.indexOf("no upgrade"));

for (const [what, request, status] of REFUSED) {
  // RFC 9110 §15.5 SHOULD
  netTest(`serve() answers ${what} with ${status}, and keeps running`, async () => {
    let seen = 0;
    await using host = start((request, info) => {
      seen++;
      return upgrade(request, info);
    });
    const { text, body, status: received } = await ask(host.connect, request);
    assertEquals(seen, UNREADABLE.includes(what) ? 0 : 1);
    assertEquals(received, status, text);
    assertStringIncludes(field(text, "connection") ?? "", "close");
    if (what !== "HEAD") assert(/^Cannot [^\n]*\n$/.test(body), body);
    assertEquals(host.faults, []);
    using peer = await host.connect();
    assertStringIncludes(await peer.open(), "101 Switching Protocols");
    await peer.close(1000);
    assertEquals(await peer.frame(), "close 1000");
    peer.leave();
  });
}

const ACCEPTED: readonly (readonly [string, string, string])[] = [
  ["an absolute target", handshake({}, "GET http://example.com:81/a?b HTTP/1.1"), "http://example.com:81/a?b"],
  ["a target of two slashes", handshake({}, "GET //evil.com/a HTTP/1.1"), "http://localhost//evil.com/a"],
  ["percent signs", handshake({}, "GET /%zz%00 HTTP/1.1"), "http://localhost/%zz%00"],
  ["one empty line before", `\r\n${handshake()}`, "http://localhost/"],
  ["Upgrade in any case", handshake({ Upgrade: "WebSocket", Connection: "keep-alive, UPGRADE" }), "http://localhost/"],
  ["an IPv6 Host", handshake({ Host: "[::1]:80" }), "http://[::1]/"],
  ["a Content-Length of 0", handshake({ "Content-Length": "0" }), "http://localhost/"],
];

for (const [what, request, url] of ACCEPTED) {
  netTest(`serve() accepts ${what}`, async () => {
    const urls: string[] = [];
    await using host = start((request, info) => {
      urls.push(request.url);
      assertEquals(request.method, "GET");
      assertEquals((info.remoteAddr as Deno.NetAddr).hostname, HOSTNAME);
      return upgrade(request, info);
    });
    using peer = await host.connect();
    await peer.write(request);
    assertStringIncludes(await peer.head(), " 101 ");
    assertEquals(urls, [url]);
    peer.leave();
  });
}

netTest("serve() reads a handshake that arrives byte by byte, with a frame after it", async () => {
  const logs: EventLog[] = [];
  await using host = start((request) => {
    const ws = makeServer(request);
    logs.push(new EventLog(ws));
    ws.startConnection();
    return ws.response;
  });
  using peer = await host.connect();
  for (const byte of handshake()) await peer.write(byte);
  for (const byte of peer.frameOf(0x81, "Hi")) await peer.write(Uint8Array.of(byte));
  await peer.head();
  assertEquals(await logs[0].received(1), ["Hi"]);
  peer.leave();
  await logs[0].closed;
});

// RFC 9110 §8.3 SHOULD
netTest("serve() answers with 408 at handshakeTimeout, whatever has arrived of the head", async () => {
  await using host = start(upgrade, { handshakeTimeout: 30 });
  for (const part of ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"]) {
    const { status, text, body } = await ask(host.connect, part);
    assertEquals([status, field(text, "content-type")], [408, "text/plain; charset=utf-8"]);
    assertStringIncludes(body, "Cannot wait");
  }
});

// RFC 9112 §9.5 SHOULD other-side
// RFC 9110 §5.3 MUST whole-head
netTest("serve() frees the place of a silent client with its 408, though the client keeps the connection", async () => {
  await using host = start(() => new Response("page\n"), { handshakeTimeout: 300, maxConnections: 1 });
  using silent = await host.connect();
  assertStringIncludes(await silent.head(), " 408 ");
  const { status } = await ask(host.connect, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(status, 200);
});

netTest("serve() keeps reading after a 408, whatever arrives in however many pieces", async () => {
  await using host = start(upgrade, { handshakeTimeout: 30 });
  using peer = await host.connect();
  await peer.write("GET / HTTP/1.1\r\n");
  assertStringIncludes(await peer.head(), " 408 ");
  for (const line of ["Host: a\r\n", "X: y\r\n", "\r\n", "more"]) {
    await peer.write(line);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await peer.end();
  assertStringIncludes(await peer.rest(), "Cannot wait");
  assertEquals(host.faults, []);
});

netTest("serve() ends the connection of a client that leaves before its head is whole", async () => {
  await using host = start(upgrade);
  using peer = await host.connect();
  await peer.write("GET / HTTP/1.1\r\n");
  await peer.end();
  assertEquals(await peer.rest(), "");
});

// Plain requests

// RFC 9112 §9.3 MUST server-close
// RFC 9110 §10.1.1 SHOULD
netTest("serve() passes every request to its handler, and ends the connection after the response", async () => {
  await using host = start(async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/health") return new Response("All is well\n");
    if (pathname === "/empty") return new Response(null, { status: 204 });
    const body = await request.text();
    const headers = { "X-Length": String(body.length), "Content-Length": "4" };
    return new Response(`${request.method} ${body.slice(0, 2)}${searchParams.get("q")}`, { status: 201, headers });
  });
  const page = await ask(host.connect, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals([page.status, page.body], [200, "All is well\n"]);
  assertEquals(field(page.text, "connection"), "close");
  assertStringIncludes(field(page.text, "content-type")!, "text/plain");
  const old = await ask(host.connect, "GET /health HTTP/1.0\r\n\r\n");
  assertEquals([old.status, old.body], [200, "All is well\n"]);
  const head = await ask(host.connect, "HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals([head.status, head.body], [200, ""]);
  const empty = await ask(host.connect, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals([empty.status, empty.body], [204, ""]);
  const text = "b".repeat(100_000);
  const post = await ask(host.connect, `POST /?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${text}more`);
  assertEquals([post.status, post.body, field(post.text, "x-length")], [201, "POST bb1", "100000"]);
  const none = await ask(host.connect, "PUT / HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals([none.status, none.body, field(none.text, "x-length")], [201, "PUT null", "0"]);
});

// RFC 9110 §7.6.1 MUST
netTest("serve() streams a body of any length, and omits connection fields", async () => {
  await using host = start(() => {
    let count = 0;
    const body = new ReadableStream({
      pull: (controller) => count++ < 100 ? controller.enqueue(new Uint8Array(10_000).fill(0x78)) : controller.close(),
    });
    const headers = { "Transfer-Encoding": "gzip", "Keep-Alive": "5", "Connection": "keep-alive", "X-A": "b" };
    return new Response(body, { headers });
  });
  const { text, body } = await ask(host.connect, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(body.length, 1_000_000);
  assertEquals(["transfer-encoding", "keep-alive", "connection", "x-a"].map((name) => field(text, name)), [
    "chunked",
    null,
    "close",
    "b",
  ]);
});

// RFC 9112 §6.3 MUST cut-off
netTest("serve() answers fetch(), and a body that is cut off is an error of the request", async () => {
  const { promise, resolve } = Promise.withResolvers<Error>();
  await using host = start((request) =>
    request.text().then((text) => new Response(text), (error) => {
      resolve(error);
      return new Response("cut", { status: 400 });
    })
  );
  const response = await fetch(`http://${HOSTNAME}:${host.port}/`, { method: "POST", body: "Grüße" });
  assertEquals(await response.text(), "Grüße");
  using peer = await host.connect();
  await peer.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  await peer.end();
  assertStringIncludes((await promise).message, "expected 10 bytes, received 3");
});

// RFC 9112 §9.3 MUST read-to-end
netTest("serve() gives up on a client that stops in the middle of its body", async () => {
  await using host = start(async (request) => new Response(await request.text()), { handshakeTimeout: 30 });
  using peer = await host.connect();
  await peer.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  assertEquals(await peer.rest(), "");
  assertStringIncludes((host.faults[0] as Error).message, "expected 10 bytes, received 3");
});

netTest("serve() gives up on a client that doesn't read its response", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using host = start(() => {
    const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(1024 * 1024));
    return new Response(new ReadableStream({ pull, cancel: () => cancelled.resolve() }, { highWaterMark: 0 }));
  }, { handshakeTimeout: 30 });
  using peer = await host.connect();
  await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await cancelled.promise;
  await host.server.shutdown();
  assertEquals(host.faults, []);
});

// RFC 9112 §9.6 Text
netTest("serve() gives a client that doesn't end its side as long as for its request", async () => {
  await using host = start(() => new Response("x"), { handshakeTimeout: 30 });
  using peer = await host.connect();
  await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(contentOf(await peer.rest()), "x");
  await host.server.shutdown();
});

// RFC 9112 §9.6 MUST
netTest("serve() drops what a client sends after its request, for a limited time", async () => {
  await using host = start(() => new Response("x"), { handshakeTimeout: 30 });
  using peer = await host.connect();
  await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (let open = true; open;) open = await peer.write("x").then(() => new Promise<true>(tick), () => false);
});

netTest("serve() ends a connection on which much follows the request", async () => {
  await using host = start(() => new Response("x"), { handshakeTimeout: LONG });
  using peer = await host.connect();
  await peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const much = new Uint8Array(64 * 1024);
  for (let open = true; open;) open = await peer.write(much).then(() => true, () => false);
});

netTest("serve() lets the handler know when its response is written, for a page or a socket", async () => {
  const completed: Promise<void>[] = [];
  await using host = start((request, info) => {
    completed.push(info.completed);
    return isWebSocket(request) ? upgrade(request, info) : new Response("x");
  });
  await ask(host.connect, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await completed[0];
  using peer = await host.connect();
  await peer.open();
  await completed[1];
});

// Where it listens

netTest("serve() throws if the port is in use, and says which", () => {
  using listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const { port } = listener.addr;
  const error = assertThrows(() => serve({ hostname: HOSTNAME, port }, upgrade), Deno.errors.AddrInUse);
  assertStringIncludes(error.message, String(port));
});

const WRONG: readonly (readonly [string, ServeOptions, typeof TypeError | typeof RangeError])[] = [
  ["cert without key", { cert: "pem" }, TypeError],
  ["key without cert", { key: "pem" }, TypeError],
  ["path with port", { path: "/tmp/x", port: 0 }, TypeError],
  ["path with hostname", { path: "/tmp/x", hostname: "a" }, TypeError],
  ["path with cert and key", { path: "/tmp/x", cert: "a", key: "b" }, TypeError],
  ["a negative handshakeTimeout", { handshakeTimeout: -1 }, RangeError],
  ["a handshakeTimeout that is no number", { handshakeTimeout: "1" as unknown as number }, TypeError],
  ["a limit of 0", { headLimits: { maxHead: 0 } }, RangeError],
];

for (const [what, options, type] of WRONG) {
  Deno.test(`serve() throws ${type.name} for ${what}`, () => {
    assertThrows(() => serve(options, upgrade), type);
  });
}

Deno.test("serve() throws TypeError without a handler", () => {
  assertThrows(() => serve({ port: 0 }, undefined as unknown as ServeHandler), TypeError, "handler");
});

netTest("serve() reports where it listens: onListen and addr", async () => {
  const seen: Deno.Addr[] = [];
  const server = serve({ hostname: HOSTNAME, port: 0, onListen: (addr) => seen.push(addr) }, upgrade);
  assertEquals(seen, [server.addr]);
  assert((server.addr as Deno.NetAddr).port > 0);
  await server.shutdown();
});

/** Serves, and gives what that prints, with PORT in the port's place. */
async function announced(options: ServeOptions): Promise<string> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line) => lines.push(line);
  try {
    await using server = serve(options, upgrade);
    return lines.join("\n").replaceAll(`:${(server.addr as Deno.NetAddr).port}`, ":PORT");
  } finally {
    console.log = log;
  }
}

netTest("serve() prints where it listens as an address to connect to", async () => {
  assertEquals(await announced({ hostname: HOSTNAME, port: 0 }), `Listening on ws://${HOSTNAME}:PORT/`);
  assertEquals(await announced({ port: 0 }), "Listening on ws://localhost:PORT/ (0.0.0.0:PORT)");
  const { cert, key } = await localCertificate();
  assertEquals(await announced({ port: 0, cert, key }), "Listening on wss://localhost:PORT/ (0.0.0.0:PORT)");
});

testWith({ net: true, read: true, write: true }, "serve() prints the path of a Unix socket", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  assertEquals(await announced({ path }), `Listening on ${path}`);
  await Deno.remove(folder, { recursive: true });
});

testWith({ net: true, run: true, read: true }, "serve() lets two servers share a port with reusePort", async () => {
  assertThrows(() => serve({ hostname: HOSTNAME, port: 0, reusePort: true }, upgrade), TypeError, "--unstable-net");
  const code = `
    import { serve } from "@wsd/driver";
    const options = { hostname: "${HOSTNAME}", reusePort: true, onListen() {} };
    const first = serve({ ...options, port: 0 }, () => new Response());
    const second = serve({ ...options, port: first.addr.port }, () => new Response());
    console.log(first.addr.port === second.addr.port);
    await Promise.all([first.shutdown(), second.shutdown()]);`;
  const cwd = new URL("../../", import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", "--unstable-net", code], cwd }).output();
  assertEquals(new TextDecoder().decode(stdout), "true\n");
});

netTest("headLimits apply to the server", async () => {
  await using host = start(upgrade, { headLimits: { maxStartLine: 20, maxFields: 5 } });
  assertEquals((await ask(host.connect, handshake({}, `GET /${long(20)} HTTP/1.1`))).status, 414);
  assertEquals((await ask(host.connect, handshake({ "X-A": "b" }))).status, 431);
  using peer = await host.connect();
  assertStringIncludes(await peer.open(), " 101 ");
  peer.leave();
});

Deno.test("isWebSocket() distinguishes a handshake from a page, at a glance", () => {
  const request = (headers: Record<string, string>, method = "GET") => new Request("http://a/", { method, headers });
  const right = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" };
  assert(isWebSocket(request(right)));
  assert(isWebSocket(request({ ...right, upgrade: "WebSocket", connection: "keep-alive, Upgrade" })));
  assertFalse(isWebSocket(request({})));
  assertFalse(isWebSocket(request(right, "POST")));
  assertFalse(isWebSocket(request({ ...right, upgrade: "h2c" })));
  assertFalse(isWebSocket(request({ ...right, connection: "close" })));
  assertFalse(isWebSocket(request({ ...right, "sec-websocket-version": "8" })));
});

/** Resolves in the next turn of the event loop. */
function tick(resolve: (value: true) => void): void {
  setTimeout(() => resolve(true));
}
