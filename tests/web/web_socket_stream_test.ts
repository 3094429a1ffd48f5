import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  ConnectionError,
  ErrorCode,
  HandshakeError,
  serve,
  upgradeWebSocketStream,
  WebSocketError,
  WebSocketStream,
  type WebSocketStreamOptions,
} from "../../mod.ts";
import { netTest } from "../support/permissions.ts";
import { rawServer } from "../support/raw_server.ts";

/** A server of streams, and the client's stream. */
async function open(options: WebSocketStreamOptions = {}, acceptProtocols: string[] = []) {
  const accepted = Promise.withResolvers<WebSocketStream>();
  const server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { stream, response } = upgradeWebSocketStream(request, { acceptProtocols });
    accepted.resolve(stream);
    return response;
  });
  const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
  const stream = new WebSocketStream(url, options);
  const { readable, writable, ...opened } = await stream.opened;
  const peer = await accepted.promise;
  const { readable: peerReadable, writable: peerWritable } = await peer.opened;
  return {
    url,
    stream,
    readable,
    writable,
    opened,
    peer,
    peerReadable,
    peerWritable,
    async [Symbol.asyncDispose]() {
      stream.close();
      await server.shutdown();
    },
  };
}

for (const url of ["ws:foo bar", "about:blank", "ws://localhost/#fragment", "ftp://localhost/", "http://"]) {
  Deno.test(`new WebSocketStream() throws a SyntaxError for the URL ${url}`, () => {
    const error = assertThrows(() => new WebSocketStream(url), DOMException);
    assertEquals(error.name, "SyntaxError");
  });
}

for (const protocols of [["a", "a"], ["a b"], [""]]) {
  Deno.test(`new WebSocketStream() throws a SyntaxError for the subprotocols ${JSON.stringify(protocols)}`, () => {
    const error = assertThrows(() => new WebSocketStream("ws://localhost/", { protocols }), DOMException);
    assertEquals(error.name, "SyntaxError");
  });
}

netTest("WebSocketStream.opened resolves to streams and what was negotiated", async () => {
  await using pair = await open({ protocols: ["alpha", "beta"] }, ["beta"]);
  assertEquals(pair.opened, { extensions: "", protocol: "beta" });
  assertEquals(pair.stream.url, pair.url);
  assertEquals(pair.peer.url, "");
});

netTest("WebSocketStream treats http: as ws:", async () => {
  await using pair = await open();
  const other = new WebSocketStream(pair.url.replace("ws:", "http:"));
  assertEquals(other.url, pair.url);
  await other.opened;
  other.close();
  await other.closed;
});

netTest("WebSocketStream sends and receives text and bytes", async () => {
  await using pair = await open();
  const echoing = pair.peerReadable.pipeTo(pair.peerWritable).catch(() => {});
  const writer = pair.writable.getWriter();
  const reader = pair.readable.getReader();
  for (const message of ["Hi", "", new Uint8Array([1, 2, 3]), new Uint8Array(0)]) {
    await writer.write(message);
    assertEquals((await reader.read()).value, message);
  }
  pair.stream.close();
  await echoing;
});

netTest("WebSocketStream writes exactly the bytes of any view", async () => {
  await using pair = await open();
  const writer = pair.writable.getWriter();
  const reader = pair.peerReadable.getReader();
  for (const view of [Uint16Array.of(1).subarray(0), new DataView(Uint8Array.of(9, 1, 0).buffer, 1)]) {
    await writer.write(view);
    assertEquals((await reader.read()).value, Uint8Array.of(1, 0));
  }
});

const CLOSINGS = [
  ["close code and reason are sent and come back", { closeCode: 3456, reason: "pizza" }, 3456, "pizza"],
  ["no argument sends no code", undefined, 1005, ""],
  ["an empty argument sends no code", {}, 1005, ""],
  ["an empty reason sends no code", { reason: "" }, 1005, ""],
  ["a reason without a code sets 1000", { reason: "non-empty" }, 1000, "non-empty"],
] as const;

for (const [name, info, closeCode, reason] of CLOSINGS) {
  netTest(`WebSocketStream.close(): ${name}`, async () => {
    await using pair = await open();
    pair.stream.close(info);
    assertEquals(await pair.peer.closed, { closeCode, reason });
    assertEquals((await pair.stream.closed).closeCode, closeCode);
  });
}

netTest(
  "WebSocketStream.close() throws for a code or reason that can't be sent, and leaves the connection open",
  async () => {
    await using pair = await open();
    for (const closeCode of [999, 1001, 2999, 5000]) {
      const error = assertThrows(() => pair.stream.close({ closeCode }), DOMException);
      assertEquals(error.name, "InvalidAccessError");
    }
    const error = assertThrows(() => pair.stream.close({ reason: ".".repeat(124) }), DOMException);
    assertEquals(error.name, "SyntaxError");
    assertThrows(() => pair.stream.close(true as never), TypeError);
    await pair.writable.getWriter().write("still open");
    assertEquals((await pair.peerReadable.getReader().read()).value, "still open");
  },
);

netTest("WebSocketStream.close() during the handshake rejects both promises", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stream = new WebSocketStream(`ws://127.0.0.1:${listener.addr.port}/`);
  stream.close();
  await assertRejects(() => stream.opened, WebSocketError);
  await assertRejects(() => stream.closed, WebSocketError);
});

netTest("WebSocketStream closes without a code when its writable is closed, and that waits for the peer", async () => {
  await using pair = await open();
  const closing = pair.writable.getWriter().close();
  assertEquals(await pair.peer.closed, { closeCode: 1005, reason: "" });
  await closing;
  assertEquals(await pair.stream.closed, { closeCode: 1005, reason: "" });
});

for (const how of ["abort", "cancel"] as const) {
  const end = (pair: { readable: ReadableStream; writable: WritableStream }, reason?: unknown) =>
    how === "abort" ? pair.writable.abort(reason) : pair.readable.cancel(reason);

  netTest(`WebSocketStream: ${how} closes cleanly without a code`, async () => {
    await using pair = await open();
    await end(pair);
    assertEquals(await pair.peer.closed, { closeCode: 1005, reason: "" });
    assertEquals(await pair.stream.closed, { closeCode: 1005, reason: "" });
  });

  netTest(`WebSocketStream: ${how} ignores a code that is not in a WebSocketError`, async () => {
    await using pair = await open();
    await end(pair, { closeCode: 3456, reason: "set" });
    assertEquals(await pair.peer.closed, { closeCode: 1005, reason: "" });
  });

  netTest(`WebSocketStream: ${how} sends the code and reason of a WebSocketError`, async () => {
    await using pair = await open();
    await end(pair, new WebSocketError("", { closeCode: 3333, reason: "obsolete" }));
    assertEquals(await pair.peer.closed, { closeCode: 3333, reason: "obsolete" });
  });

  netTest(`WebSocketStream: ${how} with only a reason sends 1000`, async () => {
    await using pair = await open();
    await end(pair, new WebSocketError("", { reason: "only" }));
    assertEquals(await pair.peer.closed, { closeCode: 1000, reason: "only" });
  });
}

netTest("WebSocketStream: a clean close by the peer ends the readable and fails the writable", async () => {
  await using pair = await open();
  pair.peer.close({ closeCode: 4000, reason: "robot" });
  assertEquals(await pair.stream.closed, { closeCode: 4000, reason: "robot" });
  assertEquals(await pair.readable.getReader().read(), { done: true, value: undefined });
  const error = await assertRejects(() => pair.writable.getWriter().ready, DOMException);
  assertEquals(error.name, "InvalidStateError");
});

netTest(
  "WebSocketStream: a lost connection fails everything with a WebSocketError, after all complete messages",
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const dialling = listener.accept();
    const stream = new WebSocketStream(`ws://127.0.0.1:${listener.addr.port}/`);
    const conn = await dialling;
    const buffer = new Uint8Array(4096);
    const request = new TextDecoder().decode(buffer.subarray(0, (await conn.read(buffer))!));
    const key = /Sec-WebSocket-Key: (\S+)/i.exec(request)![1];
    const digest = await crypto.subtle.digest(
      "SHA-1",
      new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
    );
    const accept = new Uint8Array(digest).toBase64();
    const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`;
    await conn.write(new Uint8Array([...new TextEncoder().encode(head), 0x81, 2, 0x48, 0x69, 0x81, 5, 0x48]));
    conn.close();
    const { readable, writable } = await stream.opened;
    const error = await assertRejects(() => stream.closed, WebSocketError);
    assertEquals(error.closeCode, 1006);
    const reader = readable.getReader();
    assertEquals((await reader.read()).value, "Hi");
    assertEquals((await assertRejects(() => reader.read(), WebSocketError)).closeCode, 1006);
    assertEquals((await assertRejects(() => writable.getWriter().write("x"), WebSocketError)).closeCode, 1006);
  },
);

netTest("WebSocketStream: a signal that is aborted before, or while connecting, gives up with its reason", async () => {
  const gone = new WebSocketStream("ws://127.0.0.1:9/", { signal: AbortSignal.abort() });
  assertEquals((await assertRejects(() => gone.opened, DOMException)).name, "AbortError");
  assertEquals((await assertRejects(() => gone.closed, DOMException)).name, "AbortError");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const stream = new WebSocketStream(`ws://127.0.0.1:${listener.addr.port}/`, { signal: controller.signal });
  using _conn = await listener.accept();
  const reason = new Error("Enough");
  controller.abort(reason);
  assert(await assertRejects(() => stream.opened) === reason);
  assert(await assertRejects(() => stream.closed) === reason);
});

netTest("WebSocketStream: a signal has no effect once the connection is open", async () => {
  const controller = new AbortController();
  await using pair = await open({ signal: controller.signal });
  controller.abort();
  await pair.writable.getWriter().write("Hi");
  assertEquals((await pair.peerReadable.getReader().read()).value, "Hi");
});

netTest("WebSocketStream.close() gets through though messages wait unread", async () => {
  await using pair = await open();
  const writer = pair.peerWritable.getWriter();
  const writing = (async () => {
    while (true) await writer.write(new Uint8Array(64 * 1024));
  })();
  writing.catch(() => {});
  await pair.readable.getReader().read();
  pair.stream.close({ closeCode: 1000 });
  assertEquals((await pair.stream.closed).closeCode, 1000);
  await assertRejects(() => writing);
});

netTest("new WebSocketStream() sends headers", async () => {
  const received = Promise.withResolvers<string | null>();
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    received.resolve(request.headers.get("x-token"));
    return upgradeWebSocketStream(request).response;
  });
  const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
  const stream = new WebSocketStream(url, { headers: { "x-token": "123" } });
  await stream.opened;
  assertEquals(await received.promise, "123");
  stream.close();
  await stream.closed;
});

netTest("WebSocketStream fails with the standard's class only, and with the codes of what happened", async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    return new Response("Who are you?", { status: 401 });
  });
  const stream = new WebSocketStream(`ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
  const error = await assertRejects(() => stream.opened, WebSocketError);
  assert(error.constructor === WebSocketError);
  assertEquals([error.name, error.code, error.closeCode], ["WebSocketError", ErrorCode.HANDSHAKE_FAILED, 1006]);
  assertInstanceOf(error.cause, HandshakeError);
  assertEquals(error.cause.status, 401);
  assert(await assertRejects(() => stream.closed) === error);
});

netTest("WebSocketStream fails everything with the same error when the connection is lost", async () => {
  await using server = rawServer(async (peer) => {
    await peer.accept();
    peer.leave();
  });
  const stream = new WebSocketStream(server.url);
  const { readable, writable } = await stream.opened;
  const error = await assertRejects(() => stream.closed, WebSocketError);
  assert(error.constructor === WebSocketError);
  assertEquals([error.code, error.closeCode], [ErrorCode.CONNECTION_LOST, 1006]);
  assertInstanceOf(error.cause, ConnectionError);
  assert(await assertRejects(() => readable.getReader().read()) === error);
  assert(await assertRejects(() => writable.getWriter().ready) === error);
});

netTest("WebSocketStream fails when the server picks none of the subprotocols", async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    return upgradeWebSocketStream(request).response;
  });
  const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
  const stream = new WebSocketStream(url, { protocols: ["chat"] });
  assertEquals((await assertRejects(() => stream.opened, WebSocketError)).code, ErrorCode.HANDSHAKE_FAILED);
});

// web-platform-tests: "close with unwritten data should not be considered clean"
netTest("WebSocketStream is not closed cleanly when the peer closes it during a write", async () => {
  await using server = rawServer(async (peer) => {
    await peer.accept();
    await peer.send(0x88, Uint8Array.of(0x11, 0xd7, 0x42, 0x79));
    while (!(await peer.frame()).startsWith("close"));
    await peer.end();
  });
  const stream = new WebSocketStream(server.url);
  const { readable, writable } = await stream.opened;
  const writer = writable.getWriter();
  const writing = writer.write(new Uint8Array(32 * 1024 * 1024));
  const error = await assertRejects(() => writing, WebSocketError);
  assertEquals([error.constructor, error.closeCode, error.reason], [WebSocketError, 4567, "By"]);
  assert(await assertRejects(() => stream.closed) === error);
  assert(await assertRejects(() => readable.getReader().read()) === error);
  assert(await assertRejects(() => writer.write("later")) === error);
});

netTest("WebSocketStream: a write after a clean close rejects with an InvalidStateError", async () => {
  await using pair = await open();
  pair.peer.close({ closeCode: 4000 });
  assertEquals((await pair.stream.closed).closeCode, 4000);
  const error = await assertRejects(() => pair.writable.getWriter().write("late"), DOMException);
  assertEquals(error.name, "InvalidStateError");
});

netTest("WebSocketStream writes anything but text and bytes as text", async () => {
  await using pair = await open();
  const writer = pair.writable.getWriter();
  const reader = pair.peerReadable.getReader();
  for (const [chunk, text] of [[12, "12"], [null, "null"], [new Blob(), "[object Blob]"], ["\ud800", "\ufffd"]]) {
    await writer.write(chunk as never);
    assertEquals((await reader.read()).value, text as string);
  }
  await assertRejects(() => writer.write(Symbol() as never), TypeError);
});

netTest("WebSocketStream copies the bytes that are written", async () => {
  await using pair = await open();
  const bytes = new Uint8Array(1024 * 1024).fill(1);
  const writing = pair.writable.getWriter().write(bytes);
  // The sink takes a chunk in a turn of its own.
  await null;
  bytes.fill(2);
  const { value } = await pair.peerReadable.getReader().read();
  await writing;
  assert((value as Uint8Array).every((byte) => byte === 1));
});
