// How a client says why it is not open.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { ErrorCode, HandshakeError, makeClient, WebSocket, WebSocketStream } from "../../client.ts";
import { EventLog } from "../support/event_log.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { rawServer, respond } from "../support/raw_server.ts";

const NO_NETWORK = { permissions: { net: false } } as const;

/** The event that `onerror` of the web's class receives. */
async function errorOf(ws: WebSocket): Promise<Error> {
  const { error } = await new Promise<ErrorEvent>((resolve) => ws.onerror = (event) => resolve(event as ErrorEvent));
  return error;
}

Deno.test({
  ...NO_NETWORK,
  name: "startConnection() without the permission rejects with NotCapable, and calls an error listener",
  async fn() {
    const ws = makeClient("ws://127.0.0.1:9/");
    const log = new EventLog(ws);
    await assertRejects(() => ws.startConnection(), Deno.errors.NotCapable, "--allow-net");
    assertEquals(log.events, ["error WS_HANDSHAKE_FAILED 1006", "close 1006"]);
    assertStringIncludes(log.errors[0].message, "ws://127.0.0.1:9/: Requires net access");
    assertInstanceOf(log.errors[0].cause, Deno.errors.NotCapable);
  },
});

Deno.test({
  ...NO_NETWORK,
  name: "WebSocket and WebSocketStream without the permission say so",
  async fn() {
    const error = await errorOf(new WebSocket("ws://127.0.0.1:9/"));
    assertStringIncludes(error.message, "--allow-net");
    const stream = new WebSocketStream("ws://127.0.0.1:9/");
    stream.closed.catch(() => {});
    assertStringIncludes((await assertRejects(() => stream.opened, Error)).message, "--allow-net");
  },
});

Deno.test("WebSocket with an aborted signal reports its reason", async () => {
  const signal = AbortSignal.abort(new Error("The user has left"));
  const error = await errorOf(new WebSocket("ws://127.0.0.1:9/", [], { signal }));
  assertStringIncludes(error.message, "The user has left");
  assertEquals((error.cause as Error).message, "The user has left");
});

Deno.test("startConnection() need not be awaited if an error listener is added after it, or listens once", async () => {
  for (const how of ["on", "once"] as const) {
    const ws = makeClient("ws://127.0.0.1:9/", { signal: AbortSignal.abort() });
    ws.startConnection();
    const error = await new Promise<Error>((resolve) => ws[how]("error", resolve));
    assertInstanceOf(error, HandshakeError);
  }
});

const REFUSALS: readonly (readonly [response: string, said: string])[] = [
  ["401 No\r\nContent-Length: 13\r\n\r\nWho are you?\n", '401 Unauthorized: "Who are you?"'],
  ["401 No\r\nContent-Length: 0\r\n\r\n", "401 Unauthorized"],
  ["403 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "403 Forbidden"],
  ['403 No\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}', '403 Forbidden: "{\\x22a\\x22:1}"'],
  ["499 Odd\r\nContent-Length: 4\r\n\r\n\x1b[2J", '499: "\\x1b[2J"'],
];

for (const [response, said] of REFUSALS) {
  netTest(`startConnection() says that the server refused the WebSocket with ${said}`, async () => {
    await using server = rawServer(respond(`HTTP/1.1 ${response}`));
    const { message } = await assertRejects(() => makeClient(server.url).startConnection(), HandshakeError);
    assertEquals(message, `The server refused the WebSocket with ${said} (${server.url})`);
  });
}

// Row: endless-refusal
netTest("startConnection() reports a refusal whose body never ends, with the part that arrived", async () => {
  const heads = ["Transfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n", "Content-Length: 99\r\n\r\nHello", "\r\nHello"];
  for (const head of heads) {
    await using server = rawServer(async (peer) => {
      await peer.head();
      await peer.write(`HTTP/1.1 503 Service Unavailable\r\n${head}`);
      assertEquals(await peer.frame(), "end");
    });
    const ws = makeClient(server.url, { handshakeTimeout: LONG });
    const error = await assertRejects(() => ws.startConnection(), HandshakeError);
    assertEquals([error.status, new TextDecoder().decode(error.body)], [503, "Hello"]);
  }
});

netTest("startConnection() with wss: to a port without TLS suggests ws:", async () => {
  await using server = rawServer(async (peer) => {
    await peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    await peer.rest();
  });
  const url = server.url.replace("ws:", "wss:");
  const error = await assertRejects(() => makeClient(url).startConnection(), HandshakeError, "try ws:");
  assertEquals(error.code, ErrorCode.TLS_FAILED);
});

netTest("startConnection() with ws: to a port with TLS suggests wss:", async () => {
  // A TLS alert, as a server sends it that has read an HTTP request: RFC 8446 §6.
  await using server = rawServer(respond("\x15\x03\x03\x00\x02\x02\x16"));
  await assertRejects(() => makeClient(server.url).startConnection(), HandshakeError, "try wss:");
});

netTest(
  "a server that picks no subprotocol fails the web classes, and makeClient() if an option says so",
  async () => {
    await using server = rawServer(async (peer) => {
      await peer.accept();
      await peer.rest();
    });
    const error = await errorOf(new WebSocket(server.url, "chat"));
    assertStringIncludes(error.message, "a subprotocol must be chosen");
    const stream = new WebSocketStream(server.url, { protocols: ["chat"] });
    stream.closed.catch(() => {});
    await assertRejects(() => stream.opened, Error, "a subprotocol must be chosen");
    const strict = makeClient(server.url, { acceptProtocols: ["chat"], requireProtocol: true });
    await assertRejects(() => strict.startConnection(), HandshakeError, "a subprotocol must be chosen");
    const ws = makeClient(server.url, { acceptProtocols: ["chat"] });
    assert(await ws.startConnection());
    assertEquals(ws.protocol, null);
    ws.terminate();
    // Nothing was offered, so nothing must be picked.
    const plain = new WebSocket(server.url);
    await new Promise((resolve) => plain.onopen = resolve);
    plain.close();
  },
);
