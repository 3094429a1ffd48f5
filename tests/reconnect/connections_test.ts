// The loop over connections, and the single one.
import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { Client, connect, connections, HandshakeError, WebSocketError } from "../../client.ts";
import { connectionsIn } from "../../src/client/connections.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { TestEnvironment } from "./_environment.ts";
import { closed, open, openAndClose, openAndCut, refuse, scriptedServer, type Step } from "./_script.ts";

/** Time of which each wait passes at once. */
class ImpatientEnvironment extends TestEnvironment {
  /** The waits. */
  readonly waits: number[] = [];

  override after(delay: number, callback: () => void): () => void {
    const cancel = super.after(delay, callback);
    // The limit on the URL function is not a wait.
    if (delay === LONG) return cancel;
    this.waits.push(delay);
    queueMicrotask(() => this.pass(delay));
    return cancel;
  }
}

function iterate(url: string, environment: TestEnvironment, options = {}) {
  return connectionsIn(environment, url, { handshakeTimeout: LONG, ...options });
}

/** Opens, sends a message, and closes. */
function say(message: string, code: number): Step {
  return async (peer) => {
    await peer.accept(peer.frameOf(0x81, message));
    await peer.close(code);
    await closed(peer);
    peer.leave();
  };
}

netTest(
  "connections() yields an open client each time, with its messages, until the server closes with 1000",
  async () => {
    await using server = scriptedServer(say("one", 1011), refuse(500), say("two", 1012), say("three", 1000));
    const environment = new ImpatientEnvironment();
    const messages: unknown[] = [];
    for await (const ws of iterate(server.url, environment)) {
      assertInstanceOf(ws, Client);
      assertEquals(ws.readyState, "open");
      try {
        for await (const message of ws) messages.push(message);
      } catch (error) {
        assertInstanceOf(error, WebSocketError);
      }
    }
    assertEquals(messages, ["one", "two", "three"]);
    assertEquals(environment.waits, [500, 1_000, 17_500]);
    assertEquals([server.peers.length, environment.timers], [4, 0]);
  },
);

netTest("connections() rejects with the final error", async () => {
  await using server = scriptedServer(openAndCut, refuse(404));
  const environment = new ImpatientEnvironment();
  let count = 0;
  const error = await assertRejects(async () => {
    for await (const ws of iterate(server.url, environment)) {
      count++;
      await ws.closed;
    }
  }, HandshakeError);
  assertEquals([count, error.status], [1, 404]);
});

netTest("connections() rejects with a final close code other than 1000", async () => {
  await using server = scriptedServer(openAndClose(1008));
  const url = server.url.replace("//", "//user:secret@");
  const error = await assertRejects(
    async () => {
      for await (const ws of iterate(url, new ImpatientEnvironment())) await ws.closed;
    },
    WebSocketError,
    "1008",
  );
  assertEquals([error.closeCode, error.message.includes("secret")], [1008, false]);
});

netTest("connections() closes a connection that the loop's body is done with, and opens another one", async () => {
  await using server = scriptedServer(open);
  const environment = new ImpatientEnvironment();
  const clients: Client[] = [];
  for await (const ws of iterate(server.url, environment)) {
    assertEquals(clients.map(({ readyState }) => readyState), clients.map(() => "closed"));
    clients.push(ws);
    if (clients.length === 3) break;
  }
  assertEquals(await clients[0].closed, { code: 1000, reason: "" });
  assertEquals([clients[2].readyState, server.peers.length], ["closed", 3]);
  assertEquals(environment.waits, [500, 1_000]);
});

netTest("connections() ends with the signal's reason, whatever it is doing", async () => {
  await using server = scriptedServer(open);
  const reason = new Error("The program ends");
  // While a connection is open.
  const first = new AbortController();
  await assertRejects(
    async () => {
      for await (const ws of iterate(server.url, new TestEnvironment(), { signal: first.signal })) {
        first.abort(reason);
        await ws.closed;
      }
    },
    Error,
    reason.message,
  );
  // While it waits.
  const second = new AbortController();
  await using failing = scriptedServer(openAndCut);
  await assertRejects(
    async () => {
      for await (const ws of iterate(failing.url, new TestEnvironment(), { signal: second.signal })) {
        await ws.closed;
        setTimeout(() => second.abort(reason));
      }
    },
    Error,
    reason.message,
  );
  // Before it has begun.
  await assertRejects(() => iterate(server.url, new TestEnvironment(), { signal: second.signal }).next());
  assertEquals([server.peers.length, failing.peers.length], [1, 1]);
});

Deno.test("connections() throws at the call for malformed arguments", () => {
  assertThrows(() => connections("ftp://localhost/"), TypeError, "ftp:");
  assertThrows(() => connections("ws://localhost/", { maxDelay: -1 }), RangeError, "maxDelay");
  assertThrows(() => connections("ws://localhost/", { whileAway: "queue" } as never), TypeError, "whileAway");
});

netTest("connect() resolves to the open client, and loses nothing that follows the handshake", async () => {
  await using server = scriptedServer(say("hello", 1000));
  const ws = await connect(server.url);
  assertEquals(ws.readyState, "open");
  assertEquals(await new Promise((resolve) => ws.once("message", resolve)), "hello");
  assertEquals((await ws.closed).code, 1000);
});

netTest("connect() rejects as startConnection() does", async () => {
  await using server = scriptedServer(refuse(403));
  const error = await assertRejects(() => connect(server.url), HandshakeError);
  assertEquals(error.status, 403);
  await assertRejects(() => connect("ftp://localhost/"), TypeError);
});
