import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { serve, upgradeWebSocket, WebSocket } from "../../mod.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { echo, next, serveSockets } from "./_sockets.ts";

/** What comes to pass, in order, with the state in which it does. */
function log(socket: WebSocket): string[] {
  const events: string[] = [];
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, () => void events.push(`${type} ${socket.readyState}`));
  }
  return events;
}

Deno.test("WebSocket has the constants, and fits the type of the global one", () => {
  assertEquals([WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED], [0, 1, 2, 3]);
  const take: (constructor: typeof globalThis.WebSocket) => void = () => {};
  take(WebSocket as unknown as typeof globalThis.WebSocket);
  const instance: (socket: WebSocket) => globalThis.WebSocket = (socket) => socket;
  assertEquals(instance.length, 1);
});

for (const url of ["ws:foo bar", "about:blank", "ws://localhost/#fragment", "ws://localhost/#", "ftp://a/", "/path"]) {
  Deno.test(`new WebSocket() throws a SyntaxError for the URL ${url}`, () => {
    assertEquals(assertThrows(() => new WebSocket(url), DOMException).name, "SyntaxError");
  });
}

for (const protocols of [["a", "a"], "a b", [""], "", ["a", "a,b"]]) {
  Deno.test(`new WebSocket() throws a SyntaxError for the subprotocols ${JSON.stringify(protocols)}`, () => {
    const error = assertThrows(() => new WebSocket("ws://localhost/", protocols), DOMException);
    assertEquals(error.name, "SyntaxError");
  });
}

netTest("WebSocket opens, sends, receives and closes, with the states of the standard", async () => {
  await using server = serveSockets(echo);
  const ws = new WebSocket(server.url.replace("ws:", "http:"), ["alpha", "beta"]);
  const events = log(ws);
  assertEquals([ws.readyState, ws.url, ws.protocol, ws.extensions, ws.binaryType], [0, server.url, "", "", "blob"]);
  await next(ws, "open");
  assertEquals([ws.readyState, ws.protocol], [1, "beta"]);
  ws.send("Hi");
  const { data, origin } = await next(ws, "message");
  assertEquals([data, origin], ["Hi", server.url.slice(0, -1)]);
  ws.close(3000, "Enough");
  assertEquals(ws.readyState, 2);
  const { wasClean, code, reason } = await next(ws, "close");
  assertEquals([wasClean, code, reason, ws.readyState], [true, 3000, "Enough", 3]);
  assertEquals(events, ["open 1", "message 1", "close 3"]);
});

netTest("WebSocket.send() sends text, buffers, views and Blobs, and anything else as text, in order", async () => {
  await using server = serveSockets(echo);
  const ws = new WebSocket(server.url);
  ws.binaryType = "arraybuffer";
  await next(ws, "open");
  const received: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    ws.onmessage = ({ data }) => {
      received.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      if (received.length === 8) resolve();
    };
  });
  const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  ws.send("text");
  ws.send(bytes.buffer);
  ws.send(new Blob([bytes, "!"]));
  ws.send(new DataView(bytes.buffer, 2, 3));
  ws.send(new Uint16Array(bytes.buffer, 2, 1));
  ws.send(12 as never);
  ws.send(null as never);
  ws.send("\ud800");
  bytes.fill(9);
  await all;
  const whole = [0, 1, 2, 3, 4, 5, 6, 7];
  assertEquals(received, ["text", whole, [...whole, 33], [2, 3, 4], [2, 3], "12", "null", "\ufffd"]);
  ws.close();
  await next(ws, "close");
});

netTest(
  "WebSocket.binaryType selects a Blob or an ArrayBuffer of exactly the message, and nothing else",
  async () => {
    await using server = serveSockets(echo);
    const ws = new WebSocket(server.url);
    await next(ws, "open");
    ws.send(Uint8Array.of(1, 2));
    const blob = (await next(ws, "message")).data;
    assert(blob instanceof Blob);
    assertEquals(await blob.bytes(), Uint8Array.of(1, 2));
    ws.binaryType = "arraybuffer";
    ws.binaryType = "nonsense" as BinaryType;
    ws.send(Uint8Array.of(3));
    const buffer = (await next(ws, "message")).data;
    assert(buffer instanceof ArrayBuffer);
    assertEquals(new Uint8Array(buffer), Uint8Array.of(3));
    ws.close();
    await next(ws, "close");
  },
);

netTest("WebSocket.close() throws for codes and reasons that can't be sent", async () => {
  await using server = serveSockets();
  const ws = new WebSocket(server.url);
  for (const code of [0, 500, 999, 1001, 1005, 2999, 5000, 65536, NaN]) {
    assertEquals(assertThrows(() => ws.close(code), DOMException).name, "InvalidAccessError");
  }
  assertEquals(assertThrows(() => ws.close(1000, "é".repeat(62)), DOMException).name, "SyntaxError");
  assertEquals(ws.readyState, 0);
  await next(ws, "open");
  ws.close(3000.6 as never);
  assertEquals((await next(ws, "close")).code, 3001);
});

netTest("WebSocket.close() without a code sends none, and reports 1005", async () => {
  const closed = Promise.withResolvers<CloseEvent>();
  await using server = serveSockets((socket) => socket.onclose = closed.resolve);
  const ws = new WebSocket(server.url);
  await next(ws, "open");
  ws.close();
  ws.close(4000);
  const { wasClean, code } = await next(ws, "close");
  assertEquals([wasClean, code, (await closed.promise).code], [true, 1005, 1005]);
});

netTest("WebSocket.close() before it is open fails the connection: an error, then 1006", async () => {
  await using server = serveSockets();
  const ws = new WebSocket(server.url);
  const events = log(ws);
  ws.close();
  assertEquals([ws.readyState, events.length], [2, 0]);
  const { wasClean, code } = await next(ws, "close");
  assertEquals([wasClean, code, events.join()], [false, 1006, "error 3,close 3"]);
});

netTest("WebSocket that can't connect, or is refused, reports an error, then 1006", async () => {
  await using refusing = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response(null));
  const ws = new WebSocket(`ws://127.0.0.1:${(refusing.addr as Deno.NetAddr).port}/`);
  const events = log(ws);
  const error = next(ws, "error");
  const { wasClean, code, reason } = await next(ws, "close");
  assertEquals([wasClean, code, reason, events.join()], [false, 1006, "", "error 3,close 3"]);
  assert((await error as ErrorEvent).error instanceof Error);
});

netTest("WebSocket that failed the connection itself reports 1006, whatever it sent", async () => {
  await using server = serveSockets((socket) => socket.onopen = () => socket.send("too long"));
  const ws = new WebSocket(server.url, [], { maxLength: 3 });
  const events = log(ws);
  const { wasClean, code } = await next(ws, "close");
  assertEquals([wasClean, code, events.join()], [false, 1006, "open 1,error 3,close 3"]);
});

netTest("WebSocket.send() throws before it is open, and counts but drops messages once it is closing", async () => {
  await using server = serveSockets();
  const ws = new WebSocket(server.url);
  assertEquals(assertThrows(() => ws.send("x"), DOMException).name, "InvalidStateError");
  await next(ws, "open");
  ws.send("é".repeat(10));
  assertEquals(ws.bufferedAmount, 20);
  ws.close();
  ws.send("lost");
  ws.send(new Blob(["lost too"]));
  await next(ws, "close");
  assertEquals(ws.bufferedAmount, 12);
  ws.send(new Uint8Array(5));
  assertEquals(ws.bufferedAmount, 17);
});

netTest("WebSocket.bufferedAmount falls to 0 when all is written", async () => {
  await using server = serveSockets(echo);
  const ws = new WebSocket(server.url);
  await next(ws, "open");
  let received = 0;
  const all = new Promise<void>((resolve) => ws.onmessage = () => ++received === 3 ? resolve() : undefined);
  for (let i = 0; i < 3; i++) ws.send(new Uint8Array(1000));
  assertEquals(ws.bufferedAmount, 3000);
  await all;
  assertEquals(ws.bufferedAmount, 0);
  ws.close();
  await next(ws, "close");
});

netTest("WebSocket drops messages that arrive once it is closing", async () => {
  const opened = Promise.withResolvers<WebSocket>();
  await using server = serveSockets(opened.resolve);
  const ws = new WebSocket(server.url);
  const events = log(ws);
  const socket = await opened.promise;
  await Promise.all([next(ws, "open"), next(socket, "open")]);
  socket.send("too late");
  ws.close();
  await next(ws, "close");
  assertEquals(events, ["open 1", "close 3"]);
});

netTest(
  "WebSocket's handlers keep their first position, can be replaced and unset, and may be any object",
  async () => {
    await using server = serveSockets();
    const ws = new WebSocket(server.url);
    const order: string[] = [];
    ws.onopen = () => void order.push("never");
    ws.addEventListener("open", () => void order.push("listener"));
    ws.onopen = function (this: WebSocket) {
      order.push(`handler ${this === ws}`);
    };
    ws.onmessage = 5 as never;
    assertEquals(ws.onmessage, null);
    const object = {};
    ws.onerror = object as never;
    assert(ws.onerror === object as never);
    await next(ws, "open");
    assertEquals(order, ["handler true", "listener"]);
    ws.onopen = null;
    assertEquals(ws.onopen, null);
    ws.close();
    await next(ws, "close");
  },
);

netTest("WebSocket fails when the server picks none of the subprotocols", async () => {
  await using server = serveSockets();
  const ws = new WebSocket(server.url, ["alpha"]);
  const [failed, closed] = [next(ws, "error"), next(ws, "close")];
  assertStringIncludes((await failed as ErrorEvent).message, "a subprotocol must be chosen");
  assertEquals((await closed).code, 1006);
});

Deno.test("WebSocket says in its error that a signal was aborted, and with which reason", async () => {
  const reason = new Error("Enough");
  const ws = new WebSocket("ws://127.0.0.1:9/", [], { signal: AbortSignal.abort(reason) });
  const { error } = await next(ws, "error") as ErrorEvent;
  assertEquals([error.cause, error.closeCode], [reason, 1006]);
  assertStringIncludes(error.message, "Enough");
});

testWith({ run: true, write: true, read: true }, "WebSocket tells that the permission is missing", async () => {
  const url = new URL("../../", import.meta.url);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      'import { WebSocket } from "@wsd/driver"; new WebSocket("ws://127.0.0.1:9/").onerror = (e) => console.log(e.message);',
    );
    const args = ["run", "--no-prompt", "--no-check", `--config=${url.pathname}deno.json`, file];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
    assertStringIncludes(new TextDecoder().decode(stdout), "--allow-net");
  } finally {
    await Deno.remove(file);
  }
});

testWith({ net: true, env: true, read: true }, "graphql-ws runs on WebSocket against our server", async () => {
  const { createClient } = await import("npm:graphql-ws@5.16.0");
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = upgradeWebSocket(request, { protocol: "graphql-transport-ws" });
    socket.onmessage = ({ data }) => {
      const { type, id } = JSON.parse(data);
      if (type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
      if (type !== "subscribe") return;
      socket.send(JSON.stringify({ type: "next", id, payload: { data: { hello: "world" } } }));
      socket.send(JSON.stringify({ type: "complete", id }));
    };
    return response;
  });
  const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
  const closed = Promise.withResolvers<void>();
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    on: { closed: () => closed.resolve() },
  });
  const results: unknown[] = [];
  for await (const result of client.iterate({ query: "{ hello }" })) results.push(result);
  assertEquals(results, [{ data: { hello: "world" } }]);
  await client.dispose();
  await closed.promise;
});

testWith({ net: true, env: true, read: true }, "reconnecting-websocket runs on WebSocket, and comes back", async () => {
  const { default: ReconnectingWebSocket } = await import("npm:reconnecting-websocket@4.4.0");
  let connections = 0;
  await using server = serveSockets((socket) => {
    connections++;
    if (connections === 1) socket.onopen = () => socket.close(4000);
    else echo(socket);
  });
  // deno-lint-ignore no-explicit-any
  const Constructor = ReconnectingWebSocket as any;
  const ws = new Constructor(server.url, [], { WebSocket, minReconnectionDelay: 1, maxReconnectionDelay: 1 });
  const message = new Promise((resolve) => ws.addEventListener("message", resolve));
  ws.addEventListener("open", () => connections === 2 && ws.send("Still there"));
  assertEquals((await message as MessageEvent).data, "Still there");
  assertEquals(connections, 2);
  const closed = new Promise((resolve) => ws.addEventListener("close", resolve));
  ws.close();
  await closed;
});
