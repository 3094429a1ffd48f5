import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ErrorCode, HandshakeError, makeClient, makeServer, serve, type WebSocketListener } from "@wsd/driver";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificate.ts";
import { netTest } from "../support/permissions.ts";
import { rawServer, respond } from "../support/raw_server.ts";
import { closeServer } from "../support/transport_pair.ts";

/** A server that redirects `/to?…` and opens everything else; it notes what it was asked with. */
function redirecting(asked: Headers[], tls: { cert?: string; key?: string } = {}): WebSocketListener {
  return serve({ port: 0, hostname: "127.0.0.1", onListen() {}, ...tls }, (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/to") {
      return new Response("elsewhere\n", { status: 307, headers: { location: url.search.slice(1) } });
    }
    asked.push(new Headers(request.headers));
    const ws = makeServer(request);
    ws.startConnection();
    return ws.response;
  });
}

function portOf(server: WebSocketListener): number {
  return (server.addr as Deno.NetAddr).port;
}

netTest("startConnection() doesn't follow redirects by default", async () => {
  await using server = redirecting([]);
  const error = await makeClient(`ws://127.0.0.1:${portOf(server)}/to?/there`).startConnection().catch((error) =>
    error
  );
  assertInstanceOf(error, HandshakeError);
  assertEquals(error.status, 307);
  assertEquals(error.headers.get("location"), "/there");
});

// RFC 9110 §15.4 SHOULD loops
netTest("startConnection() follows redirects up to maxRedirects, with all headers on the same origin", async () => {
  const asked: Headers[] = [];
  await using server = redirecting(asked);
  const url = `ws://127.0.0.1:${portOf(server)}/to?/to?/there`;
  const options = { additionalHeaders: { authorization: "Bearer x", cookie: "a=b", "x-other": "c" } };
  const error = await makeClient(url, { ...options, maxRedirects: 1 }).startConnection().catch((error) => error);
  assertEquals(error.status, 307);
  const ws = makeClient(url, { ...options, maxRedirects: 2 });
  const closed = new Promise((resolve) => ws.on("close", resolve));
  assert(await ws.startConnection());
  ws.closeConnection();
  await closed;
  assertEquals([asked[0].get("authorization"), asked[0].get("cookie"), asked[0].get("x-other")], [
    "Bearer x",
    "a=b",
    "c",
  ]);
});

// Fetch §4.4, HTTP-redirect fetch: the URL's credentials are those of the request, and go along on the same origin.
netTest("startConnection() keeps the URL's credentials and the caller's Host on the same origin", async () => {
  const asked: Headers[] = [];
  await using server = redirecting(asked);
  const url = `ws://user:secret@127.0.0.1:${portOf(server)}/to?/to?/there`;
  const ws = makeClient(url, { additionalHeaders: { host: "chat.example" }, maxRedirects: 2 });
  assert(await ws.startConnection());
  ws.terminate();
  assertEquals([asked[0].get("authorization"), asked[0].get("host")], ["Basic dXNlcjpzZWNyZXQ=", "chat.example"]);
});

netTest("startConnection() accepts a Location with a fragment, which it doesn't send", async () => {
  const asked: Headers[] = [];
  await using server = redirecting(asked);
  const there = encodeURI(`http://127.0.0.1:${portOf(server)}/there`) + "#part";
  await using here = rawServer(respond(`HTTP/1.1 302 Found\r\nLocation: ${there}\r\nContent-Length: 0\r\n\r\n`));
  const ws = makeClient(here.url, { maxRedirects: 1 });
  assert(await ws.startConnection());
  ws.terminate();
  assertEquals(asked.length, 1);
});

// Row: redirects
netTest(
  "startConnection() drops the caller's Host when redirected to another origin, for good",
  async () => {
    const asked: Headers[] = [];
    await using here = redirecting(asked);
    await using there = redirecting([]);
    const back = `http://127.0.0.1:${portOf(here)}/there`;
    const url = `ws://127.0.0.1:${portOf(here)}/to?http://127.0.0.1:${portOf(there)}/to?${back}`;
    const additionalHeaders = { host: "chat.example", authorization: "Bearer x" };
    const ws = makeClient(url, { additionalHeaders, maxRedirects: 2 });
    assert(await ws.startConnection());
    ws.terminate();
    assertEquals([asked[0].get("host"), asked[0].get("authorization")], [`127.0.0.1:${portOf(here)}`, null]);
  },
);

// Row: redirects
netTest("startConnection() presents cert to the first origin only, and checks the name at every other", async () => {
  const authority = await makeAuthority();
  const alice = await makeCertificate({ hostnames: [], name: "alice", authority });
  const wrong = await makeCertificate({ hostnames: ["example.com"], authority });
  const right = await makeCertificate({ hostnames: ["localhost"], authority });
  const shown: (string | undefined)[] = [];
  await using last = await askingServer(right, authority.cert, shown, () => null);
  await using stranger = redirecting([], { cert: wrong.cert, key: wrong.key });
  const options = { caCerts: [authority.cert], cert: alice.cert, key: alice.key, maxRedirects: 1 };

  await using first = await askingServer(right, authority.cert, shown, () => `https://localhost:${last.port}/`);
  const ws = makeClient(`wss://localhost:${first.port}/`, options);
  await assertRejects(() => ws.startConnection(), HandshakeError, "404");
  assertEquals(shown, ["alice", undefined]);

  await using careless = await askingServer(right, authority.cert, [], () => `https://127.0.0.1:${portOf(stranger)}/`);
  const misled = makeClient(`wss://localhost:${careless.port}/`, {
    ...options,
    unsafelyDisableHostnameVerification: true,
  });
  const error = await assertRejects(() => misled.startConnection(), HandshakeError);
  assertEquals(error.code, ErrorCode.TLS_FAILED);
});

/** A server that asks for a client's certificate, which only those of node can, and redirects or knows nothing. */
async function askingServer(
  { cert, key }: Certificate,
  ca: string,
  shown: (string | undefined)[],
  location: () => string | null,
) {
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
  server.on("upgrade", (_request, socket) => {
    shown.push((socket as TLSSocket).getPeerCertificate()?.subject?.CN as string | undefined);
    const to = location();
    const head = to === null ? "404 Not Found" : `302 Found\r\nLocation: ${to}`;
    socket.end(`HTTP/1.1 ${head}\r\nContent-Length: 0\r\n\r\n`);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => closeServer(server) };
}

// Row: redirects
// RFC 9110 §15.4 SHOULD credentials
netTest("startConnection() drops credentials when redirected to another origin", async () => {
  const asked: Headers[] = [];
  await using there = redirecting(asked);
  await using here = redirecting([]);
  const ws = makeClient(`ws://user:secret@127.0.0.1:${portOf(here)}/to?http://127.0.0.1:${portOf(there)}/`, {
    additionalHeaders: { cookie: "a=b", "x-other": "c" },
    maxRedirects: 1,
  });
  const closed = new Promise((resolve) => ws.on("close", resolve));
  assert(await ws.startConnection());
  ws.closeConnection();
  await closed;
  assertEquals([asked[0].get("authorization"), asked[0].get("cookie"), asked[0].get("x-other")], [null, null, "c"]);
});

// Row: redirects
netTest("startConnection() follows no redirect from wss: to ws:", async () => {
  const { cert, key, ca } = await makeCertificate({ hostnames: ["localhost", "127.0.0.1"] });
  const asked: Headers[] = [];
  await using there = redirecting(asked);
  await using here = redirecting([], { cert, key });
  const url = `wss://localhost:${portOf(here)}/to?ws://127.0.0.1:${portOf(there)}/`;
  const error = await makeClient(url, { caCerts: [ca], maxRedirects: 1 }).startConnection().catch((error) => error);
  assertInstanceOf(error, HandshakeError);
  assertStringIncludes(error.message, "give up TLS");
  assertEquals(asked, []);
});

netTest("startConnection() explains why a redirect can't be followed", async () => {
  await using server = redirecting([]);
  const url = `ws://127.0.0.1:${portOf(server)}/to?ftp://example.com/`;
  const error = await makeClient(url, { maxRedirects: 1 }).startConnection().catch((error) => error);
  assertInstanceOf(error, HandshakeError);
  assertStringIncludes(error.message, "ftp://example.com/");
});

// RFC 9110 §4.2.4 SHOULD
netTest("startConnection() ignores credentials in a redirect", async () => {
  await using server = redirecting([]);
  const there = `user:secret@127.0.0.1:${portOf(server)}/`;
  const url = `ws://127.0.0.1:${portOf(server)}/to?ws://${there}`;
  const error = await makeClient(url, { maxRedirects: 1 }).startConnection().catch((error) => error);
  assertInstanceOf(error, HandshakeError);
  assertStringIncludes(error.message, there);
});

Deno.test("makeClient() refuses a maxRedirects that is not a count", () => {
  assertThrows(() => makeClient("ws://localhost/", { maxRedirects: -1 }), RangeError, "maxRedirects");
});
