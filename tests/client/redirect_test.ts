import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { HandshakeError, makeClient, makeServer, serve, type WebSocketListener } from "@wsd/driver";
import { makeCertificate } from "../support/certificate.ts";
import { netTest } from "../support/permissions.ts";

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

netTest("startConnection() follows no redirect of itself", async () => {
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

// Row: redirects
// RFC 9110 §15.4 SHOULD credentials
netTest("startConnection() leaves credentials behind on the way to another origin", async () => {
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

netTest("startConnection() says where a redirect leads nowhere", async () => {
  await using server = redirecting([]);
  const url = `ws://127.0.0.1:${portOf(server)}/to?ftp://example.com/`;
  const error = await makeClient(url, { maxRedirects: 1 }).startConnection().catch((error) => error);
  assertInstanceOf(error, HandshakeError);
  assertStringIncludes(error.message, "ftp://example.com/");
});

// RFC 9110 §4.2.4 SHOULD
netTest("startConnection() takes no credentials from a redirect", async () => {
  await using server = redirecting([]);
  const there = `user:secret@127.0.0.1:${portOf(server)}/`;
  const url = `ws://127.0.0.1:${portOf(server)}/to?ws://${there}`;
  const error = await makeClient(url, { maxRedirects: 1 }).startConnection().catch((error) => error);
  assertInstanceOf(error, HandshakeError);
  assertStringIncludes(error.message, there);
});

Deno.test("makeClient() refuses a maxRedirects that is no count", () => {
  assertThrows(() => makeClient("ws://localhost/", { maxRedirects: -1 }), RangeError, "maxRedirects");
});
