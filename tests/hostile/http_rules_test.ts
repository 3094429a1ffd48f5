// Rules of RFC 6455, 9110 and 9112 that a list of attacks leaves out.
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { makeClient, makeServer, serve, type ServeHandler, type WebSocketListener } from "@wsd/driver";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { makeCertificate } from "../support/certificate.ts";
import { EventLog } from "../support/event_log.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { contentOf, field, handshake, RawPeer } from "../support/raw_peer.ts";
import { meet, READ_PATHS } from "./paths.ts";

function listen(handler: ServeHandler): WebSocketListener {
  return serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
}

function connect(server: WebSocketListener): Promise<RawPeer> {
  return RawPeer.dial((server.addr as Deno.NetAddr).port);
}

async function ask(server: WebSocketListener, text: string): Promise<string> {
  using peer = await connect(server);
  await peer.write(text);
  return await peer.rest();
}

// RFC 9110 §5.6.7 MUST
// RFC 9110 §6.6.1 MUST
netTest("serve() adds Date to every response but a 101, and keeps the handler's own", async () => {
  const date = "Tue, 15 Nov 1994 08:12:31 GMT";
  await using server = listen((request) =>
    new Response("page\n", { headers: request.url.endsWith("/own") ? { date } : {} })
  );
  const page = await ask(server, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assertMatch(field(page, "Date") ?? "", /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  assertEquals(field(await ask(server, "GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n"), "Date"), date);
  assert(field(await ask(server, "nonsense\r\n\r\n"), "Date"));
  assert(field(await ask(server, handshake({ "Sec-WebSocket-Version": "8" })), "Date"));
});

// RFC 9110 §10.1.1 MUST at-once
// RFC 9110 §10.1.1 MUST final
netTest("serve() sends 100 to a client that waits for it with a body, before the handler reads", async () => {
  await using server = listen(async (request) => new Response(await request.text()));
  using peer = await connect(server);
  await peer.write("POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  assertEquals((await peer.head()).split("\r\n")[0].slice(0, 12), "HTTP/1.1 100");
  await peer.write("Hi");
  assertEquals(contentOf(await peer.rest()), "Hi");
});

// RFC 9110 §10.1.1 MUST http-1.0
// RFC 9110 §15.2 MUST http-1.0
netTest("serve() sends no 100 if nobody waits: no body, a body that has arrived, HTTP/1.0", async () => {
  await using server = listen(async (request) => new Response(await request.text()));
  for (
    const [line, rest] of [
      ["GET / HTTP/1.1", "\r\n"],
      ["POST / HTTP/1.1", "Content-Length: 2\r\n\r\nHi"],
      ["POST / HTTP/1.0", "Content-Length: 2\r\n\r\nHi"],
    ]
  ) {
    const answer = await ask(server, `${line}\r\nHost: localhost\r\nExpect: 100-continue\r\n${rest}`);
    assertEquals(answer.slice(0, 12), "HTTP/1.1 200", line);
  }
});

// RFC 9110 §9.1 MUST
// RFC 9110 §9.3.2 MUST
// RFC 9110 §9.3.2 SHOULD
netTest("serve() answers a HEAD without a body", async () => {
  await using server = listen(() => new Response("page\n", { headers: { "content-length": "5" } }));
  const answer = await ask(server, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assertEquals([field(answer, "Content-Length"), answer.slice(-4)], ["5", "\r\n\r\n"]);
});

// RFC 9112 §3.2.2 MUST absolute-form
netTest("serve() accepts a target in absolute form, whose host takes precedence over Host", async () => {
  const urls: string[] = [];
  await using server = listen((request) => {
    urls.push(request.url);
    return new Response();
  });
  await ask(server, "GET http://there.example/a?b HTTP/1.1\r\nHost: here.example\r\n\r\n");
  assertEquals(urls, ["http://there.example/a?b"]);
});

// RFC 9112 §3.2.2 MUST host-ignored
// RFC 9110 §4.2.1 MUST
netTest("serve() judges a target in absolute form by its own host, not by Host", async () => {
  const hosts: (string | null)[] = [];
  const handler: ServeHandler = (request) => {
    hosts.push(request.headers.get("host"));
    return new Response();
  };
  const options = { hostname: "127.0.0.1", port: 0, allowedHosts: ["here.example"], onListen() {} };
  await using server = serve(options, handler);
  const status = async (target: string, host: string) =>
    (await ask(server, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).split(" ")[1];
  assertEquals(await status("http://there.example/", "here.example"), "403");
  assertEquals(await status("HTTP://here.example?a", "there.example"), "200");
  assertEquals(hosts, ["here.example"]);
  // Both have to be well-formed all the same.
  assertEquals(await status("http://here.example/", "a b"), "400");
  for (const authority of ["", "user@here.example", "here.example:99999", "here.example\\@a"]) {
    assertEquals(await status(`http://${authority}/`, "here.example"), "400", authority);
  }
});

// RFC 9110 §7.1 MUST
// RFC 9110 §7.4 MUST
netTest("serve() refuses a target that doesn't fit its connection: https: without TLS, * without OPTIONS", async () => {
  await using server = listen((request) => new Response(request.url));
  const answer = (line: string) => ask(server, `${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  assertMatch(await answer("GET https://localhost/"), /^HTTP\/1\.1 421 /);
  assertMatch(await answer("GET *"), /^HTTP\/1\.1 400 /);
  assertEquals(contentOf(await answer("OPTIONS *")), "http://localhost/");
});

// RFC 9112 §6.1 MUST chunked-last
// RFC 9112 §6.1 MUST no-body
// RFC 9112 §6.1 MUST http-1.0-response
// RFC 9112 §6.2 MUST
// RFC 9112 §6.3 SHOULD
// RFC 9110 §8.6 MUST no-body
// RFC 9110 §8.6 SHOULD known
netTest(
  "serve() delimits each body: by length, by chunks, and for HTTP/1.0 by the connection's end",
  async () => {
    const pull = (controller: ReadableStreamDefaultController) => controller.error(new Error("Oops"));
    const bytes = (text: string) => new TextEncoder().encode(text);
    const answers: Record<string, () => Response> = {
      "/text": () => new Response("page\n"),
      "/told": () => new Response("page\n", { headers: { "content-length": "5" } }),
      "/none": () => new Response(null),
      "/gone": () => new Response(null, { status: 204, headers: { "content-length": "5" } }),
      "/empty-chunks": () => new Response(ReadableStream.from([bytes("a"), bytes(""), bytes("b".repeat(20))])),
      "/fails": () =>
        new Response(new ReadableStream({ start: (to) => to.enqueue(bytes("a")), pull }, { highWaterMark: 0 })),
    };
    await using server = serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response() },
      (request) => answers[new URL(request.url).pathname](),
    );
    const framing = async (line: string) => {
      const text = await ask(server, `GET ${line}\r\nHost: localhost\r\n\r\n`);
      const names = ["Content-Length", "Transfer-Encoding"];
      return [...names.map((name) => field(text, name)), text.slice(text.indexOf("\r\n\r\n") + 4)];
    };
    assertEquals(await framing("/text HTTP/1.1"), [null, "chunked", "5\r\npage\n\r\n0\r\n\r\n"]);
    assertEquals(await framing("/text HTTP/1.0"), [null, null, "page\n"]);
    assertEquals(await framing("/told HTTP/1.1"), ["5", null, "page\n"]);
    assertEquals(await framing("/none HTTP/1.1"), ["0", null, ""]);
    assertEquals(await framing("/gone HTTP/1.1"), [null, null, ""]);
    assertEquals((await framing("/empty-chunks HTTP/1.1"))[2], `1\r\na\r\n14\r\n${"b".repeat(20)}\r\n0\r\n\r\n`);
    assertEquals((await framing("/fails HTTP/1.1"))[2], "1\r\na\r\n");
  },
);

// RFC 9112 §6.1 SHOULD
// RFC 9112 §6.1 MUST http-1.0-request
// RFC 9112 §6.3 MUST unknown-coding
// RFC 9112 §6.3 Text
netTest("serve() refuses a body in a transfer coding whose end it can't find", async () => {
  await using server = listen(async (request) => new Response(await request.text()));
  const status = async (coding: string, version = "1.1") => {
    const head = `POST / HTTP/${version}\r\nHost: localhost\r\nTransfer-Encoding: ${coding}\r\n\r\n`;
    return (await ask(server, `${head}0\r\n\r\n`)).split(" ")[1];
  };
  assertEquals(await status("gzip"), "400");
  assertEquals(await status("chunked, gzip"), "400");
  assertEquals(await status("gzip, Chunked"), "501");
  assertEquals(await status("chunked"), "411");
  assertEquals(await status("chunked", "1.0"), "400");
});

// RFC 9112 §3 SHOULD long-line
// RFC 9110 §4.1 SHOULD
// RFC 9110 §5.1 SHOULD
netTest("serve() accepts a request line of 8,000 bytes, and unknown fields", async () => {
  await using server = listen((request) => new Response(String(request.url.length)));
  const target = `/${"a".repeat(8000 - "GET / HTTP/1.1".length)}`;
  const answer = await ask(server, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nX-Unknown: \xe9\r\n\r\n`);
  assertEquals(contentOf(answer), String("http://localhost".length + target.length));
});

// RFC 9110 §6.2 SHOULD own-version
// RFC 9110 §6.2 SHOULD minor-version
netTest("serve() accepts an unknown minor version, and answers with its own", async () => {
  await using server = listen(() => new Response("page\n"));
  assertMatch(await ask(server, "GET / HTTP/1.9\r\nHost: localhost\r\n\r\n"), /^HTTP\/1\.1 200 /);
});

// RFC 9112 §2.2 SHOULD empty-line
// RFC 9112 §2.2 MUST space
netTest(
  "serve() accepts one empty line before a request, and refuses white space before its fields",
  async () => {
    await using server = listen(() => new Response("page\n"));
    const status = async (text: string) => (await ask(server, text)).split(" ")[1];
    assertEquals(await status("\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "200");
    assertEquals(await status("GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"), "400");
    assertEquals(await status("GET / HTTP/1.1\r\n\tX: a\r\nHost: localhost\r\n\r\n"), "400");
  },
);

// RFC 9112 §6.1 MUST both-lengths
// RFC 9112 §6.3 MUST content-length
netTest("serve() refuses a body whose length is ambiguous, and reads none of it", async () => {
  const bodies: string[] = [];
  await using server = listen(async (request) => {
    bodies.push(await request.text());
    return new Response();
  });
  const status = async (fields: string) =>
    (await ask(server, `POST / HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n0\r\n\r\n`)).split(" ")[1];
  assertEquals(await status("Content-Length: 5\r\nTransfer-Encoding: chunked"), "400");
  assertEquals(await status("Content-Length: 5\r\nContent-Length: 6"), "400");
  assertEquals(await status("Content-Length: +5"), "400");
  assertEquals(await status("Content-Length: 0x5"), "400");
  assertEquals(bodies, []);
});

netTest("serve() refuses a handshake with a body, which a proxy could confuse with frames", async () => {
  await using server = listen((request) => {
    const ws = makeServer(request);
    ws.startConnection();
    return ws.response;
  });
  const frames = "\x81\x80\0\0\0\0";
  for (const name of ["Content-Length", "Transfer-Encoding"]) {
    const value = name === "Content-Length" ? String(frames.length) : "chunked";
    assertMatch(await ask(server, handshake({ [name]: value }) + frames), /^HTTP\/1\.1 4\d\d /);
  }
});

// RFC 6455 §11.3.1 MUST
// RFC 6455 §11.3.5 MUST
netTest("serve() refuses a second line of Sec-WebSocket-Key, and of Sec-WebSocket-Version", async () => {
  await using server = listen((request) => {
    const ws = makeServer(request);
    ws.startConnection();
    return ws.response;
  });
  for (const line of ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]) {
    const head = handshake().replace("\r\n\r\n", `\r\n${line}\r\n\r\n`);
    assertMatch(await ask(server, head), /^HTTP\/1\.1 4(00|26) /);
  }
});

// RFC 6455 §11.3.3 MUST
// RFC 6455 §11.3.4 MUST
netTest("startConnection() refuses a second line of Sec-WebSocket-Accept, and of Sec-WebSocket-Protocol", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  for (const line of ["Sec-WebSocket-Accept: AAAA", "Sec-WebSocket-Protocol: chat"]) {
    const ws = makeClient(`ws://127.0.0.1:${listener.addr.port}/`, { acceptProtocols: ["chat"] });
    const started = ws.startConnection().catch((error) => error);
    using peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
    await peer.accept(undefined, ["Sec-WebSocket-Protocol: chat", line]);
    assertEquals((await started).name, "HandshakeError");
  }
});

// RFC 6455 §4.1 MUST sni
netTest("startConnection() sends the server's name in the TLS handshake", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ws = makeClient(`wss://localhost:${listener.addr.port}/`);
  const started = ws.startConnection().catch((error) => error);
  using conn = await listener.accept();
  const hello = new Uint8Array(4096);
  const length = await conn.read(hello) ?? 0;
  assertStringIncludes(new TextDecoder("latin1").decode(hello.subarray(0, length)), "localhost");
  conn.close();
  await started;
});

// RFC 6455 §7.1.1 SHOULD clean
// RFC 9112 §9.8 MUST
netTest("both sides end TLS with a closure alert before they end TCP", async () => {
  const { cert, key, ca } = await makeCertificate({ hostnames: ["127.0.0.1"] });
  await using server = serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.startConnection();
    return ws.response;
  });
  for (const end of ["closeConnection", "terminate"] as const) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const ws = makeClient(`wss://127.0.0.1:${listener.addr.port}/`, { caCerts: [ca] });
    const started = ws.startConnection();
    using near = await listener.accept();
    using far = await Deno.connect({ hostname: "127.0.0.1", port: (server.addr as Deno.NetAddr).port });
    const ends = Promise.all([relay(near, far), relay(far, near)]);
    await started;
    ws[end]();
    await ws.closed;
    // In TLS 1.3 an alert is a record like any other: two bytes, with 17 of the cipher's own.
    for (const last of await ends) assertEquals(last, [0x17, 19], end);
  }
});

/** Passes bytes on up to their end, and gives the type and the length of the last TLS record among them. */
async function relay(from: Deno.Conn, to: Deno.Conn): Promise<number[]> {
  const records: number[] = [];
  let last: number[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    records.push(...buffer.subarray(0, count));
    await to.write(buffer.subarray(0, count));
    for (let length; records.length >= 5 && records.length >= (length = 5 + records[3] * 256 + records[4]);) {
      last = [records[0], length - 5];
      records.splice(0, length);
    }
  }
  await to.closeWrite().catch(() => {});
  return records.length === 0 ? last : [];
}

// RFC 6455 §9.1 MUST not-before-answer
netTest("a client whose offer of compression was declined sends without it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ws = makeClient(`ws://127.0.0.1:${listener.addr.port}/`, { perMessageDeflate: true });
  const started = ws.startConnection();
  using peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
  assertStringIncludes(await peer.accept(), "permessage-deflate");
  await started;
  ws.send("a".repeat(5000));
  assertEquals(await peer.frame(), `text ${"a".repeat(5000)}`);
  ws.terminate();
});

// RFC 6455 §5.5.1 SHOULD client-waits
Deno.test("a client lets the server end TCP once both have sent a Close", async () => {
  for (const path of READ_PATHS) {
    const { ws, peer, closed } = await meet("client", path, { closeTimeout: LONG });
    ws.closeConnection();
    assertEquals(await peer.frame(), "close 1000");
    await peer.close(1000);
    const frame = peer.frame();
    // Many turns later it still waits.
    let ended = false;
    void frame.then(() => ended = true);
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve));
    assertFalse(ended);
    assertEquals(ws.readyState, "closing");
    await peer.end();
    await closed;
    assertEquals(await frame, "end");
    peer.leave();
  }
});

// RFC 6455 §5.5.1 MUST server-first
// RFC 6455 §7.1.1 SHOULD time-wait
Deno.test("a server ends TCP first once both have sent a Close, and waits for its client's end", async () => {
  for (const path of READ_PATHS) {
    const { ws, peer, closed } = await meet("server", path, { closeTimeout: LONG });
    await peer.close(1000);
    assertEquals(await peer.frame(), "close 1000");
    assertEquals(await peer.frame(), "end");
    assertEquals(ws.readyState, "closing");
    await peer.end();
    await closed;
    peer.leave();
  }
});

// RFC 6455 §7.1.7 SHOULD close-code
netTest("a client that fails the connection sends a Close and doesn't wait for one", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ws = makeClient(`ws://127.0.0.1:${listener.addr.port}/`, { closeTimeout: LONG });
  const log = new EventLog(ws);
  const started = ws.startConnection();
  using peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
  await peer.accept();
  await started;
  await peer.send(0x83);
  assertMatch(await peer.frame(), /^close 1002/);
  assertEquals(await peer.frame(), "end");
  await peer.end();
  assertEquals((await log.closed).code, 1002);
});
