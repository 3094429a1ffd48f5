import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type ClientOptions, makeClient } from "../../client.ts";
import { netTest } from "../support/permissions.ts";
import { field } from "../support/raw_peer.ts";
import { rawServer } from "../support/raw_server.ts";

const BAD_URLS = [
  ["", "parsed"],
  ["localhost:5000", "received localhost:, expected one such as ws://localhost:5000/"],
  ["localhost", 'can\'t be parsed, received "localhost", expected one such as ws://localhost:5000/'],
  ["/chat", "parsed"],
  ["ftp://localhost/", "scheme"],
  ["file:///etc/passwd", "scheme"],
  // RFC 6455 §3 MUST fragment
  ["ws://localhost/#there", "fragment"],
  ["ws://localhost/#", "fragment"],
  ["ws://", "parsed"],
  ["ws://a b/", "parsed"],
  ["ws://localhost:70000/", "parsed"],
] as const;

for (const [url, reason] of BAD_URLS) {
  // RFC 6455 §4.1 MUST valid-uri
  Deno.test(`makeClient() throws TypeError for the URL ${JSON.stringify(url)}`, () => {
    assertStringIncludes(assertThrows(() => makeClient(url), TypeError).message, reason);
  });
}

Deno.test("makeClient() throws TypeError for anything but a URL", () => {
  for (const url of [undefined, null, 5, {}]) {
    assertThrows(() => makeClient(url as unknown as string), TypeError);
  }
});

const transport = { readable: new ReadableStream<Uint8Array>(), writable: new WritableStream<Uint8Array>() };

const WRONG: readonly (readonly [string, Record<string, unknown>, typeof TypeError | typeof RangeError])[] = [
  ["a maxLength that is not a number", { maxLength: "1" }, TypeError],
  ["a negative maxLength", { maxLength: -1 }, RangeError],
  ["a maxLength that is not an integer", { maxLength: 1.5 }, RangeError],
  ["no fragments", { maxFragments: 0 }, RangeError],
  ["a closeTimeout beyond timers", { closeTimeout: 2 ** 31 }, RangeError],
  ["a negative handshakeTimeout", { handshakeTimeout: -1 }, RangeError],
  ["a highWaterMark of 0", { highWaterMark: 0 }, RangeError],
  ["acceptProtocols that is a string", { acceptProtocols: "chat" }, TypeError],
  ["acceptProtocols with one that is not a token", { acceptProtocols: ["a b"] }, TypeError],
  ["acceptProtocols with one twice", { acceptProtocols: ["a", "a"] }, TypeError],
  ["acceptProtocols of numbers", { acceptProtocols: [1] }, TypeError],
  ["additionalHeaders with CR and LF", { additionalHeaders: { "X-A": "a\r\nX-B: b" } }, TypeError],
  ["additionalHeaders with the handshake's own", { additionalHeaders: { Upgrade: "h2c" } }, TypeError],
  ["additionalHeaders with a name that is not a token", { additionalHeaders: { "a b": "c" } }, TypeError],
  ["caCerts that is a string", { caCerts: "pem" }, TypeError],
  ["caCerts of bytes", { caCerts: [new Uint8Array()] }, TypeError],
  ["cert without key", { cert: "pem" }, TypeError],
  ["key without cert", { key: "pem" }, TypeError],
  ["cert and key that are not strings", { cert: 1, key: 2 }, TypeError],
  ["a key that is not a string", { cert: "pem", key: 2 }, TypeError],
  ["a verification that is not a boolean", { unsafelyDisableHostnameVerification: "no" }, TypeError],
  ["a socketPath that is not a string", { socketPath: 5 }, TypeError],
  ["a signal that is none", { signal: {} }, TypeError],
  ["a transport that is none", { transport: {} }, TypeError],
  ["a transport of null", { transport: null }, TypeError],
  ["two ways to the server", { transport, socketPath: "/tmp/x" }, TypeError],
  ["redirects over a transport", { transport, maxRedirects: 1 }, TypeError],
  ["redirects over a socketPath", { socketPath: "/tmp/x", maxRedirects: 1 }, TypeError],
  ["maxRedirects that is not a number", { maxRedirects: "1" }, TypeError],
  ["requireProtocol that is not a boolean", { requireProtocol: "chat" }, TypeError],
  ["a proxy over a transport", { transport, proxy: "http://p:1" }, TypeError],
  ["a proxy to a socketPath", { socketPath: "/tmp/x", proxy: "env" }, TypeError],
  ["a proxy that is not a URL", { proxy: "proxy:3128" }, TypeError],
  ["maxRedirects below 0", { maxRedirects: -1 }, RangeError],
];

for (const [what, options, type] of WRONG) {
  Deno.test(`makeClient() throws ${type.name} for ${what}`, () => {
    const error = assertThrows(() => makeClient("ws://localhost/", options as ClientOptions), type);
    assert(error.message.length > 20);
  });
}

const MISNAMED: readonly (readonly [options: unknown, advice: string])[] = [
  [["chat"], 'give { acceptProtocols: ["chat"] }'],
  [{ headers: {} }, '"headers", it is called "additionalHeaders" here'],
  [{ protocols: ["chat"] }, '"protocols", it is called "acceptProtocols" here'],
  [{ maxLenght: 1 }, 'did you mean "maxLength"?'],
  [{ caCert: [] }, 'did you mean "caCerts"?'],
  ["chat", "the options must be an object, received a string"],
];

for (const [options, advice] of MISNAMED) {
  Deno.test(`makeClient() with ${JSON.stringify(options)} says: ${advice}`, () => {
    const error = assertThrows(() => makeClient("ws://localhost/", options as ClientOptions), TypeError);
    assertStringIncludes(error.message, advice);
  });
}

Deno.test("startConnection() throws TypeError for an option that only makeClient() takes", () => {
  const options = { maxLength: 1 } as ClientOptions;
  assertThrows(() => makeClient("ws://localhost/").startConnection(options), TypeError, '"maxLength"');
});

// RFC 9110 §4.2.2 MUST
Deno.test("makeClient() throws TypeError for a Unix socket with wss:, which would be unencrypted", () => {
  assertStringIncludes(
    assertThrows(() => makeClient("wss://localhost/", { socketPath: "/tmp/x" }), TypeError).message,
    "TLS",
  );
});

Deno.test("startConnection() throws TypeError for a wrong option, and can be called again", async () => {
  const ws = makeClient("ws://localhost/", { transport });
  assertThrows(() => ws.startConnection({ cert: "pem" }), TypeError);
  assertThrows(() => ws.startConnection({ socketPath: "/tmp/x" }), TypeError);
  ws.acceptProtocols = ["a b"];
  assertThrows(() => ws.startConnection(), TypeError);
  ws.acceptProtocols = [];
  ws.additionalHeaders.set("Upgrade", "h2c");
  assertThrows(() => ws.startConnection(), TypeError);
  ws.additionalHeaders.delete("Upgrade");
  assertEquals(ws.readyState, "connecting");
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => ws.startConnection({ signal }), Error, "enough");
  assertEquals(ws.readyState, "closed");
});

// RFC 9110 §4.2.4 MUST
Deno.test("url is the server's URL, with its scheme and without credentials", () => {
  assertEquals(makeClient("http://localhost:5000/a?b").url, "ws://localhost:5000/a?b");
  assertEquals(makeClient(new URL("https://user:secret@localhost/")).url, "wss://localhost/");
  assertEquals(makeClient("ws://LOCALHOST:80").url, "ws://localhost/");
});

// RFC 6455 §3 MUST hash
// RFC 6455 §11.1.1 MUST
Deno.test("url is written in ASCII, and keeps a # that is written as %23", () => {
  const { url } = makeClient("ws://b\u00fccher.example/gr\u00fc\u00dfe%23?q=\u00fc");
  assertEquals(url, "ws://xn--bcher-kva.example/gr%C3%BC%C3%9Fe%23?q=%C3%BC");
});

// RFC 6455 §4.1 MUST target
// RFC 9112 §3.2 MUST client
// RFC 9112 §3.2.1 MUST
netTest("startConnection() requests what the URL names", async () => {
  const requests: string[] = [];
  await using server = rawServer(async (peer) => {
    requests.push(await peer.accept());
    assertEquals(await peer.frame(), "close 1000");
    await peer.close(1000);
    await peer.end();
  });
  const { port } = server;
  const urls = [
    [`ws://127.0.0.1:${port}/chat/room?x=1&y=%20`, "GET /chat/room?x=1&y=%20 HTTP/1.1", null],
    [`http://127.0.0.1:${port}`, "GET / HTTP/1.1", null],
    [`ws://user:pass@127.0.0.1:${port}/`, "GET / HTTP/1.1", "Basic dXNlcjpwYXNz"],
    [`ws://a%3Ab:%C3%BC@127.0.0.1:${port}/`, "GET / HTTP/1.1", "Basic YTpiOsO8"],
    [`ws://user@127.0.0.1:${port}/`, "GET / HTTP/1.1", "Basic dXNlcjo="],
    [`ws://%ff%zz%:%@127.0.0.1:${port}/`, "GET / HTTP/1.1", "Basic /yV6eiU6JQ=="],
  ] as const;
  for (const [url, line, authorization] of urls) {
    const ws = makeClient(url, {
      acceptProtocols: ["b", "a"],
      additionalHeaders: { "X-A": "1", "Origin": "http://o" },
    });
    const closed = new Promise((resolve) => ws.on("close", resolve));
    await ws.startConnection();
    ws.closeConnection();
    await closed;
    const request = requests.pop()!;
    assertEquals(request.split("\r\n")[0], line);
    assertEquals(field(request, "host"), `127.0.0.1:${port}`);
    assertEquals(field(request, "authorization"), authorization);
    assertEquals(field(request, "upgrade"), "websocket");
    assertEquals(field(request, "connection"), "Upgrade");
    assertEquals(field(request, "sec-websocket-version"), "13");
    assertEquals(field(request, "sec-websocket-protocol"), "b, a");
    assertEquals(field(request, "x-a"), "1");
    assertEquals(field(request, "origin"), "http://o");
    assert(/^[A-Za-z0-9+/]{22}==$/.test(field(request, "sec-websocket-key")!));
  }
});

netTest("startConnection() prefers the caller's own Authorization and Host", async () => {
  await using server = rawServer(async (peer) => {
    const request = await peer.accept();
    assertEquals(field(request, "authorization"), "Bearer t");
    assertEquals(field(request, "host"), "example.com");
    assertEquals(request.match(/^(authorization|host):/gim)?.length, 2);
    await peer.frame();
  });
  const ws = makeClient(server.url.replace("ws://", "ws://user:pass@"), {
    additionalHeaders: { Authorization: "Bearer t", Host: "example.com" },
  });
  const closed = new Promise((resolve) => ws.on("close", resolve));
  assert(await ws.startConnection());
  ws.terminate();
  await closed;
});

// RFC 6455 §4.1 MUST key
netTest("startConnection() makes a new key for every connection", async () => {
  const keys = new Set<string | null>();
  await using server = rawServer(async (peer) => {
    keys.add(field(await peer.accept(), "sec-websocket-key"));
    await peer.frame();
  });
  for (let i = 0; i < 3; i++) {
    const ws = makeClient(server.url);
    await ws.startConnection();
    ws.terminate();
  }
  assertEquals(keys.size, 3);
});
