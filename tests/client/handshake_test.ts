// What a server can answer, and how a client takes it.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { type Client, type ClientOptions, ErrorCode, HandshakeError, makeClient } from "../../client.ts";
import { sha1 } from "../../src/handshake/sha1.ts";
import { acceptKey } from "../../src/handshake/accept_key.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { EventLog } from "../support/event_log.ts";
import { concat, frameFor } from "../support/frames.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { rawServer, respond } from "../support/raw_server.ts";

const KIB = 1024;

/** Fails to connect, and returns the rejection, having checked what else must be so. */
async function refusal(
  answer: (peer: RawPeer) => Promise<void>,
  options: ClientOptions = {},
): Promise<{ error: HandshakeError; log: EventLog }> {
  await using server = rawServer(answer);
  const ws = makeClient(server.url, { handshakeTimeout: LONG, ...options });
  const log = new EventLog(ws);
  const error = await assertRejects(() => ws.startConnection(), HandshakeError);
  assertEquals(log.events, [`error ${error.code} 1006`, "close 1006"]);
  assert(log.errors[0] === error);
  assertEquals(ws.readyState, "closed");
  assertEquals(await server.peers[0].frame(), "end");
  return { error, log };
}

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\n";

/** Answers with a 101 whose header fields are changed; null takes one out. */
function switching(change: (field: string) => string | null, more = ""): (peer: RawPeer) => Promise<void> {
  return async (peer) => {
    const right = await accepted(peer);
    const lines = right.map(change).filter((line) => line !== null);
    await peer.write(SWITCHING + lines.map((line) => line + "\r\n").join("") + more + "\r\n");
    await peer.frame();
  };
}

async function accepted(peer: RawPeer): Promise<string[]> {
  const key = /^sec-websocket-key: (.*)\r$/im.exec(await peer.head())![1];
  return ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${acceptKey(key, sha1)}`];
}

const replace = (name: string, line: string | null) => (field: string) => field.startsWith(name) ? line : field;

const VIOLATIONS = [
  ["a wrong Sec-WebSocket-Accept", switching(replace("Sec-", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))],
  ["no Sec-WebSocket-Accept", switching(replace("Sec-", null))],
  ["no Upgrade", switching(replace("Upgrade", null))],
  ["another Upgrade", switching(replace("Upgrade", "Upgrade: h2c"))],
  ["no Connection", switching(replace("Connection", null))],
  ["another Connection", switching(replace("Connection", "Connection: close"))],
  ["a subprotocol that was not offered", switching((line) => line, "Sec-WebSocket-Protocol: other\r\n")],
  ["two subprotocols", switching((line) => line, "Sec-WebSocket-Protocol: a, b\r\n")],
  ["a subprotocol in another case", switching((line) => line, "Sec-WebSocket-Protocol: A\r\n")],
  ["an extension that was not offered", switching((line) => line, "Sec-WebSocket-Extensions: x-none\r\n")],
  ["a malformed extension", switching((line) => line, "Sec-WebSocket-Extensions: ;;\r\n")],
] as const;

for (const [what, answer] of VIOLATIONS) {
  netTest(`startConnection() rejects ${what}`, async () => {
    const { error } = await refusal(answer, { acceptProtocols: ["a", "b"] });
    assertEquals(error.status, 101);
    assertEquals(error.code, ErrorCode.HANDSHAKE_FAILED);
    assertEquals(error.headers.has("upgrade") || what === "no Upgrade", true);
  });
}

netTest("startConnection() accepts a correct response however it is spelled, and its subprotocol", async () => {
  await using server = rawServer(async (peer) => {
    const [, , accept] = await accepted(peer);
    const name = accept.replace("Sec-WebSocket-Accept:", "SEC-WEBSOCKET-ACCEPT:  ");
    await peer.write(`${SWITCHING}UPGRADE: WebSocket\r\nconnection: keep-alive,\r\n upgrade\r\n${name}  \r\n`);
    await peer.write("Sec-WebSocket-Protocol: b\r\n\r\n");
    await peer.frame();
  });
  const ws = makeClient(server.url, { acceptProtocols: ["a", "b"] });
  const seen: (string | null | undefined)[] = [];
  ws.on("open", () => seen.push(ws.responseHeaders?.get("connection")));
  assert(await ws.startConnection());
  assertEquals(ws.protocol, "b");
  assertEquals(seen, ["keep-alive, upgrade"]);
  assert(ws.responseHeaders === ws.responseHeaders);
  ws.terminate();
});

// RFC 9110 §15.2 MUST read-past
netTest("startConnection() reads past 1xx responses, up to 16", async () => {
  await using server = rawServer(async (peer) => {
    const lines = (await accepted(peer)).join("\r\n");
    await peer.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(16) + `${SWITCHING}${lines}\r\n\r\n`);
    await peer.frame();
  });
  const ws = makeClient(server.url);
  assert(await ws.startConnection());
  ws.terminate();
  const { error } = await refusal(respond("HTTP/1.1 100 Continue\r\n\r\n".repeat(17)));
  assertStringIncludes(error.message, "16");
});

// Row: early-frames
netTest("startConnection() loses no frame that arrives in the segment of the 101, nor a Close", async () => {
  const behind = concat([frameFor("client", 0x81, "a"), frameFor("client", 0x82, "b")]);
  await using server = rawServer(async (peer) => {
    await peer.accept(concat([behind, frameFor("client", 0x88, Uint8Array.of(3, 232))]));
    assertEquals(await peer.frame(), "close 1000");
    await peer.end();
  });
  const ws = makeClient(server.url);
  const log = new EventLog(ws);
  await ws.startConnection();
  await log.closed;
  assertEquals(log.events, ["open", "text a", "binary 62", "close 1000"]);
});

const chunked = "5\r\nHello\r\n6;x=y\r\n world\r\n0\r\n\r\n";

const BODIES: readonly (readonly [string, string, string[], string])[] = [
  ["Content-Length", "401 Unauthorized\r\nContent-Length: 5\r\n", ["Hello", "more"], "Hello"],
  // RFC 9112 §6.3 MUST behind-response
  ["Content-Length, in pieces", "401 Unauthorized\r\nContent-Length: 5\r\n", ["He", "l", "lo"], "Hello"],
  ["Content-Length, cut off", "401 Unauthorized\r\nContent-Length: 50\r\n", ["Hello"], "Hello"],
  ["a Content-Length of 0", "401 Unauthorized\r\nContent-Length: 0\r\n", ["x"], ""],
  ["a negative Content-Length", "401 Unauthorized\r\nContent-Length: -5\r\n", ["Hello"], ""],
  // RFC 9112 §6.3 MUST content-length-response
  ["a Content-Length that is not a number", "401 Unauthorized\r\nContent-Length: 1e3\r\n", ["Hello"], ""],
  ["chunks", "401 Unauthorized\r\nTransfer-Encoding: chunked\r\n", [chunked], "Hello world"],
  // RFC 9112 §6.1 MUST chunked
  // RFC 9112 §7.1.1 MUST
  ["chunks in single bytes", "401 Unauthorized\r\nTransfer-Encoding: chunked\r\n", [...chunked], "Hello world"],
  // RFC 9112 §7.1 MUST
  ["chunks with zeros in front", "401 Unauthorized\r\nTransfer-Encoding: chunked\r\n", [
    `${"0".repeat(40)}`,
    `${"0".repeat(40)}5;a\r\nHello\r\n00\r\nmore`,
  ], "Hello"],
  ["chunks, cut off", "401 Unauthorized\r\nTransfer-Encoding: chunked\r\n", ["5\r\nHello\r\nff\r\n wor"], "Hello wor"],
  ["chunks that are none", "401 Unauthorized\r\nTransfer-Encoding: chunked\r\n", ["zz\r\nHello"], ""],
  ["a body until the end", "200 OK\r\n", ["Hel", "lo"], "Hello"],
  ["a redirect", "302 Found\r\nLocation: /there\r\nContent-Length: 2\r\n", ["Go"], "Go"],
  ["204, which has no body", "204 No Content\r\n", ["x"], ""],
  ["304, which has no body", "304 Not Modified\r\n", ["x"], ""],
  ["no reason phrase", "503\r\nContent-Length: 2\r\n", ["no"], "no"],
];

for (const [what, head, parts, body] of BODIES) {
  // Row: refusals
  // RFC 6455 §4.1 Text
  // RFC 6455 §10.5 Text
  // RFC 9110 §15.5.2 SHOULD
  netTest(`startConnection() rejects with status, headers and body: ${what}`, async () => {
    const { error } = await refusal(respond(`HTTP/1.1 ${head}X-Why: because\r\n\r\n`, ...parts));
    assertEquals(error.status, Number(head.slice(0, 3)));
    assertEquals(error.headers.get("x-why"), "because");
    assertEquals(new TextDecoder().decode(error.body), body);
    assertStringIncludes(error.message, head.slice(0, 3));
  });
}

const endless = (start: string, unit: string) => async (peer: RawPeer) => {
  await peer.head();
  await peer.write(start).catch(() => {});
  // The client gives up at some time, and then writing fails.
  for (let more = true; more;) more = await peer.write(unit).then(() => true, () => false);
};

for (
  const [what, head, unit] of [
    ["a body of Content-Length 1 MiB", `Content-Length: ${KIB * KIB}\r\n`, "x".repeat(KIB)],
    ["an endless body", "", "x".repeat(KIB)],
    ["endless chunks", "Transfer-Encoding: chunked\r\n", `400\r\n${"x".repeat(KIB)}\r\n`],
  ]
) {
  // Row: refusals
  netTest(`startConnection() keeps 64 KiB of ${what}`, async () => {
    const { error } = await refusal(endless(`HTTP/1.1 500 Oops\r\n${head}\r\n`, unit));
    assertEquals(error.body.length, 64 * KIB);
    assert(error.body.every((byte) => byte === 0x78));
  });
}

netTest("startConnection() gives up on an endless chunk extension", async () => {
  const { error } = await refusal(
    endless("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n5;", "x".repeat(KIB)),
  );
  assertEquals(new TextDecoder().decode(error.body), "Hello");
});

const UNREADABLE = [
  ["garbage", respond("SSH-2.0-OpenSSH_9.6\r\n")],
  ["binary garbage", respond("\x16\x03\x01\x02\x00\x01")],
  ["an endless head", endless(SWITCHING, `X-A: ${"a".repeat(KIB)}\r\n`)],
  ["an endless line", endless("HTTP/1.1 101 ", "a".repeat(KIB))],
  ["a 101 that is cut off", respond(SWITCHING + "Upgrade: webso")],
  ["no answer at all", respond()],
  ["a folded line that goes on with no field", respond(`${SWITCHING} Upgrade: websocket\r\n\r\n`)],
  ["HTTP/2", respond("HTTP/2.0 101 Switching\r\n\r\n")],
] as const;

for (const [what, answer] of UNREADABLE) {
  netTest(`startConnection() rejects ${what}`, async () => {
    const { error } = await refusal(answer);
    assertEquals(error.status, null);
    assertEquals(error.body.length, 0);
    assertStringIncludes(
      error.message,
      what.includes("at all") || what.includes("cut off") ? "ended it" : "response head",
    );
  });
}

// Row: silent-server
Deno.test("startConnection() rejects if the connection fails before the response", async () => {
  const transport: Transport = { ...answering(() => {}), read: () => Promise.reject(new Error("Reset")) };
  const error = await assertRejects(() => makeClient("ws://a/", { transport }).startConnection(), HandshakeError);
  assertStringIncludes(error.message, "lost before the response of the server");
  assertEquals((error.cause as Error).message, "Reset");
});

netTest("startConnection() rejects at handshakeTimeout if the server never responds", async () => {
  const { error } = await refusal(async (peer) => {
    await peer.head();
    await peer.frame();
  }, { handshakeTimeout: 20 });
  assertEquals(error.code, ErrorCode.HANDSHAKE_TIMEOUT);
  assertStringIncludes(error.message, "20 ms");
});

netTest("startConnection() reports a refusal whose body was cut off by the timeout", async () => {
  const { error } = await refusal(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nHello");
    await peer.frame();
  }, { handshakeTimeout: 50 });
  assertEquals([error.status, error.code], [401, ErrorCode.HANDSHAKE_FAILED]);
  assertEquals(new TextDecoder().decode(error.body), "Hello");
});

netTest("startConnection() has no effect a second time, before and after it is open", async () => {
  await using server = rawServer(async (peer) => {
    await peer.accept();
    await peer.frame();
  });
  const ws = makeClient(server.url);
  const first = ws.startConnection();
  assertEquals(await ws.startConnection(), false);
  assertEquals(await first, true);
  assertEquals(await ws.startConnection(), false);
  ws.terminate();
  assertEquals(await ws.startConnection(), false);
  assertEquals(server.peers.length, 1);
});

// What ends a handshake that is under way

async function giveUp(
  act: (ws: Client, started: Promise<boolean>) => Promise<void>,
  options: ClientOptions = {},
): Promise<EventLog> {
  const asked = Promise.withResolvers<void>();
  await using server = rawServer(async (peer) => {
    await peer.head();
    asked.resolve();
    await peer.frame();
  });
  const ws = makeClient(server.url, { handshakeTimeout: LONG, ...options });
  const log = new EventLog(ws);
  const started = ws.startConnection();
  await asked.promise;
  await act(ws, started);
  await log.closed;
  assertEquals(ws.readyState, "closed");
  assertEquals(await server.peers[0].frame(), "end");
  return log;
}

netTest("closeConnection() while connecting gives up, with 1006 and no error", async () => {
  const log = await giveUp(async (ws, started) => {
    assertEquals(ws.closeConnection("Never mind"), true);
    assertEquals(ws.readyState, "closing");
    assertEquals(ws.closeConnection(), false);
    assertEquals(ws.send("x"), false);
    assertStringIncludes((await assertRejects(() => started, HandshakeError)).message, "closed meanwhile");
  });
  assertEquals(log.events, ["close 1006"]);
});

netTest("terminate() while connecting gives up at once", async () => {
  const log = await giveUp(async (ws, started) => {
    ws.terminate();
    assertEquals(ws.readyState, "closed");
    await assertRejects(() => started, HandshakeError);
  });
  assertEquals(log.events, ["close 1006"]);
});

netTest("signal ends the handshake, and rejects with its reason", async () => {
  const controller = new AbortController();
  const reason = new Error("Too slow for me");
  const log = await giveUp(async (_, started) => {
    controller.abort(reason);
    assert(await assertRejects(() => started) === reason);
  }, { signal: controller.signal });
  assertEquals(log.events, ["error WS_HANDSHAKE_FAILED 1006", "close 1006"]);
});

netTest("signal that is already aborted prevents dialing", async () => {
  await using server = rawServer(() => Promise.resolve());
  const ws = makeClient(server.url, { signal: AbortSignal.abort() });
  const log = new EventLog(ws);
  assertInstanceOf(await assertRejects(() => ws.startConnection()), DOMException);
  assertEquals(log.events, ["error WS_HANDSHAKE_FAILED 1006", "close 1006"]);
  assertEquals(server.peers.length, 0);
});

netTest("signal that is aborted later has no effect", async () => {
  await using server = rawServer(async (peer) => {
    await peer.accept();
    assertEquals(await peer.frame(), "text still here");
    peer.leave();
  });
  const controller = new AbortController();
  const ws = makeClient(server.url);
  const log = new EventLog(ws);
  await ws.startConnection({ signal: controller.signal });
  controller.abort();
  assertEquals(ws.readyState, "open");
  ws.send("still here");
  await log.closed;
});

Deno.test("closeConnection() and terminate() before startConnection() end the connection", async () => {
  for (const end of [(ws: Client) => void ws.closeConnection(), (ws: Client) => ws.terminate()]) {
    const ws = makeClient("ws://localhost/");
    const log = new EventLog(ws);
    ws.send("lost");
    end(ws);
    assertEquals(log.events, ["close 1006"]);
    assertEquals([ws.readyState, ws.bufferedAmount], ["closed", 0]);
    assertEquals(await ws.startConnection(), false);
  }
});

Deno.test("startConnection() closes the given transport if it gives up", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const cancelled = Promise.withResolvers<void>();
  const silent = new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() });
  const ws = makeClient("ws://localhost/", { transport: { readable: silent, writable } });
  await assertRejects(() => ws.startConnection({ signal: AbortSignal.abort() }));
  await cancelled.promise;
  await assertRejects(() => readable.getReader().read());
});

netTest("terminate() while a refusal's body is read takes precedence over the refusal", async () => {
  const begun = Promise.withResolvers<void>();
  await using server = rawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nHello");
    begun.resolve();
    await peer.frame();
  });
  const ws = makeClient(server.url);
  const started = ws.startConnection();
  await begun.promise;
  await turn();
  ws.terminate();
  assertStringIncludes((await assertRejects(() => started, HandshakeError)).message, "closed meanwhile");
});

/** A transport that answers right, and then has something done before anybody has seen the answer. */
function answering(then: () => void): Transport {
  let answer: Uint8Array | null = null;
  return {
    retainsWrites: false,
    write(bytes) {
      const key = /^sec-websocket-key: (.*)\r$/im.exec(new TextDecoder().decode(bytes))![1];
      const accept = `Sec-WebSocket-Accept: ${acceptKey(key, sha1)}`;
      answer = new TextEncoder().encode(`${SWITCHING}Upgrade: websocket\r\nConnection: Upgrade\r\n${accept}\r\n\r\n`);
      return Promise.resolve();
    },
    read(buffer) {
      if (answer === null) return Promise.resolve(null);
      const { length } = answer;
      buffer.set(answer);
      answer = null;
      queueMicrotask(then);
      return Promise.resolve(length);
    },
    closeWrite: () => Promise.resolve(),
    close() {},
  };
}

for (const [what, act] of [["terminate()", "terminate"], ["closeConnection()", "closeConnection"]] as const) {
  Deno.test(`${what} while the response is on its way opens nothing`, async () => {
    const ws: Client = makeClient("ws://localhost/", { transport: answering(() => void ws[act]()) });
    const log = new EventLog(ws);
    await assertRejects(() => ws.startConnection(), HandshakeError, "closed meanwhile");
    assertEquals(log.events, ["close 1006"]);
  });
}

netTest("startConnection() leaves nothing on the signal", async () => {
  await using server = rawServer(async (peer) => {
    await peer.accept();
    await peer.frame();
  });
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners.add(args[1]);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners.delete(args[1]);
    removeEventListener.apply(signal, args);
  };
  const ws = makeClient(server.url, { signal });
  await ws.startConnection();
  assertEquals(listeners.size, 0);
  ws.terminate();
});

netTest("startConnection() need not be awaited if there is an error listener", async () => {
  await using server = rawServer(respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  const ws = makeClient(server.url);
  const log = new EventLog(ws);
  ws.startConnection();
  await log.closed;
  assertEquals(log.events, ["error WS_HANDSHAKE_FAILED 1006", "close 1006"]);
});

const CUTS = [
  ["no answer", ""],
  ["half a head", "HTTP/1.1 101 Switching Pro"],
  ["a head without its end", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"],
] as const;

for (const [what, answer] of CUTS) {
  netTest(`startConnection() distinguishes a connection that ends with ${what} from a refusal`, async () => {
    const { error } = await refusal(respond(answer));
    assertEquals([error.code, error.status], [ErrorCode.CONNECTION_LOST, null]);
  });
}

Deno.test("startConnection() rejects with the transport's error if writing the request fails", async () => {
  const cause = new Deno.errors.BrokenPipe("gone");
  const transport: Transport = {
    retainsWrites: false,
    read: () => Promise.resolve(null),
    write: () => Promise.reject(cause),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const ws = makeClient("ws://localhost/", { transport });
  const log = new EventLog(ws);
  const error = await assertRejects(() => ws.startConnection(), HandshakeError);
  assertEquals(error.code, ErrorCode.CONNECTION_LOST);
  assert(error.cause === cause);
  assertEquals(log.events, ["error WS_CONNECTION_LOST 1006", "close 1006"]);
});

// RFC 6455 §4.1 MUST unreachable
netTest("startConnection() distinguishes the reasons why a server can't be reached", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr;
  gone.close();
  for (const url of [`ws://127.0.0.1:${port}/`, `wss://127.0.0.1:${port}/`, "ws://no-such-host.invalid/"]) {
    const ws = makeClient(url);
    const log = new EventLog(ws);
    const error = await assertRejects(() => ws.startConnection(), HandshakeError);
    assertEquals([error.code, error.status], [ErrorCode.CONNECT_FAILED, null]);
    assertStringIncludes(error.message, url);
    assertInstanceOf(error.cause, Error);
    assertEquals(log.events, ["error WS_CONNECT_FAILED 1006", "close 1006"]);
  }
});

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
