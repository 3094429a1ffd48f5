import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { makeClient, makeServer, serve, type ServeOptions, type WebSocketListener } from "@wsd/driver";
import { hostKinds } from "../support/hosts.ts";
import { handshake, RawPeer } from "../support/raw_peer.ts";
import { netTest } from "../support/permissions.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function echo(options: ServeOptions): WebSocketListener {
  return serve({ port: 0, hostname: "127.0.0.1", onListen() {}, ...options }, (request) => {
    if (request.headers.get("upgrade") === null) return new Response("page\n");
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
    return ws.response;
  });
}

/** Sends a handshake with some header lines, and gives the start line of the answer and all of it. */
async function ask(server: WebSocketListener, lines: string[]): Promise<{ status: string; text: string }> {
  const { port } = server.addr as Deno.NetAddr;
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = ["GET / HTTP/1.1", ...lines, "", ""].join("\r\n");
  await conn.write(encoder.encode(head));
  const buffer = new Uint8Array(4096);
  const text = decoder.decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
  return { status: text.split(" ")[1], text };
}

const UPGRADE = [
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

// Row: origins
// RFC 6455 §4.2.1 SHOULD
// RFC 6455 §10.2 SHOULD
netTest("serve() answers 403 to any origin that is not listed exactly", async () => {
  await using server = echo({ allowedOrigins: ["https://example.com"] });
  const origins = [
    ["https://example.com", "101"],
    ["http://example.com", "403"],
    ["https://example.com:8443", "403"],
    ["https://EXAMPLE.com", "403"],
    ["https://evil-example.com", "403"],
    ["https://example.com.evil.org", "403"],
    ["null", "403"],
    ["", "403"],
  ];
  for (const [origin, status] of origins) {
    const answer = await ask(server, ["Host: localhost", `Origin: ${origin}`, ...UPGRADE]);
    assertEquals([origin, answer.status], [origin, status]);
  }
  assertEquals((await ask(server, ["Host: localhost", ...UPGRADE])).status, "403");
  // A page is no WebSocket: its origin is for the handler.
  assertEquals((await ask(server, ["Host: localhost", "Origin: null"])).status, "200");
});

// Row: origins
netTest("serve() accepts the origin null only if it is listed", async () => {
  await using server = echo({ allowedOrigins: ["null"] });
  assertEquals((await ask(server, ["Host: localhost", "Origin: null", ...UPGRADE])).status, "101");
  assertEquals((await ask(server, ["Host: localhost", ...UPGRADE])).status, "403");
});

netTest("serve() answers 403 to any host that is not listed, on pages too", async () => {
  await using server = echo({ allowedHosts: ["example.com", "example.com:8080"] });
  const hosts = [
    ["example.com", "101"],
    ["EXAMPLE.com:8080", "101"],
    ["example.com:8081", "403"],
    ["example.com.", "403"],
    ["rebound.example.org", "403"],
  ];
  for (const [host, status] of hosts) {
    assertEquals([host, (await ask(server, [`Host: ${host}`, ...UPGRADE])).status], [host, status]);
  }
  assertEquals((await ask(server, ["Host: rebound.example.org"])).status, "403");
});

netTest("makeServer() checks its own origins and hosts under Deno.serve", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request, { allowedOrigins: ["https://example.com"], allowedHosts: ["example.com"] });
    ws.startConnection();
    return ws.response;
  });
  const url = `ws://127.0.0.1:${server.addr.port}/`;
  const refused = makeClient(url, { additionalHeaders: { host: "example.com", origin: "https://example.org" } });
  const error = await refused.startConnection().catch((error) => error);
  assertEquals(error.status, 403);
  assertStringIncludes(decoder.decode(error.body), "Origin");
  const accepted = makeClient(url, { additionalHeaders: { host: "example.com", origin: "https://example.com" } });
  const closed = new Promise((resolve) => accepted.on("close", resolve));
  assertEquals(await accepted.startConnection(), true);
  accepted.closeConnection();
  await closed;
});

// Row: origins
netTest(
  "serve() with same-host admits pages of the requested host, as behind a proxy that ends TLS",
  async () => {
    await using server = echo({ allowedOrigins: "same-host" });
    const requests = [
      ["Host: example.com", "Origin: https://example.com", "101"],
      ["Host: example.com:8080", "Origin: http://example.com:8080", "101"],
      ["Host: example.com", "Origin: https://example.org", "403"],
      ["Host: example.com", "Origin: null", "403"],
      ["Host: example.com", "X-None: 1", "403"],
    ];
    for (const [host, origin, status] of requests) {
      assertEquals([host, origin, (await ask(server, [host, origin, ...UPGRADE])).status], [host, origin, status]);
    }
  },
);

for (const kind of hostKinds.filter(({ name }) => ["serve on tcp", "node:http", "Deno.serve"].includes(name))) {
  // RFC 9112 §3.2.2 MUST host-ignored
  netTest(`allowedHosts goes by the host of a target in absolute form, not by Host, with ${kind.name}`, async () => {
    await using host = await kind.open((env) => makeServer(env, { allowedHosts: ["example.com"] }).accept());
    const requests = [
      ["/", "example.com", "101"],
      ["/", "other.example", "403"],
      ["http://example.com/", "other.example", "101"],
      ["http://EXAMPLE.com:80/", "other.example", kind.name === "Deno.serve" ? "101" : "403"],
      ["http://other.example/", "example.com", "403"],
    ];
    for (const [target, name, status] of requests) {
      using peer = new RawPeer(await host.connect());
      await peer.write(handshake({ Host: name }, `GET ${target} HTTP/1.1`));
      assertEquals([target, name, (await peer.head()).slice(9, 12)], [target, name, status]);
    }
  });
}

Deno.test("makeServer() refuses origins and hosts that nobody could send", () => {
  const request = new Request("http://localhost/");
  for (const origin of ["example.com", "https://example.com/", "https://Example.com"]) {
    assertThrows(() => makeServer(request, { allowedOrigins: [origin] }), TypeError, "allowedOrigins");
  }
  for (const host of ["https://example.com", "example.com/", ""]) {
    assertThrows(() => makeServer(request, { allowedHosts: [host] }), TypeError, "allowedHosts");
  }
});

netTest("serve() answers 503 beyond maxConnections, and serves again below it", async () => {
  await using server = echo({ maxConnections: 1 });
  const { port } = server.addr as Deno.NetAddr;
  const first = makeClient(`ws://127.0.0.1:${port}/`);
  const closed = new Promise((resolve) => first.on("close", resolve));
  await first.startConnection();
  const error = await makeClient(`ws://127.0.0.1:${port}/`).startConnection().catch((error) => error);
  assertEquals(error.status, 503);
  first.closeConnection();
  await closed;
  while ((await ask(server, ["Host: localhost"])).status !== "200");
});

// RFC 9110 §10.2.3: Retry-After "to indicate how long the service is expected to be unavailable"
netTest("serve() sends Retry-After with a 503, in seconds, rounded up", async () => {
  await using server = echo({ maxConnections: 1, retryAfter: 2_001 });
  const first = makeClient(`ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
  await first.startConnection();
  const { status, text } = await ask(server, ["Host: localhost"]);
  assertEquals(status, "503");
  assertStringIncludes(text.toLowerCase(), "\r\nretry-after: 3\r\n");
  await first[Symbol.asyncDispose]();
  assertThrows(() => serve({ port: 0, retryAfter: -1 }, () => new Response()), RangeError, "retryAfter");
});

Deno.test("serve() refuses a maxConnections that is not a count", () => {
  assertThrows(() => serve({ port: 0, maxConnections: 0 }, () => new Response()), RangeError, "maxConnections");
  assertThrows(() => serve({ port: 0, maxConnections: "1" as unknown as number }, () => new Response()), TypeError);
});
