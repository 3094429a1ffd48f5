// A network that vanishes without a word, and a laptop that sleeps: the heartbeat notices, and the client comes back.
import { assertEquals } from "@std/assert";
import { type ConnectionError, ErrorCode, makeReconnectingClient, makeServer, serve } from "../../mod.ts";
import { sortOptions } from "../../src/client/connections.ts";
import { FaultyProxy } from "../faults/_proxy.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { ClientLog } from "./_client_log.ts";
import { Program } from "./_program.ts";

const LIVELY = { minDelay: 10, maxDelay: 100, pingInterval: 100, pingTimeout: 200 };

function echo(options = {}) {
  const closes: Promise<unknown>[] = [];
  const server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const ws = makeServer(request, options);
    ws.on("message", (message) => ws.send(message));
    closes.push(ws.closed);
    ws.startConnection();
    return ws.response;
  });
  return { server, port: (server.addr as Deno.NetAddr).port, closes };
}

netTest("a reconnecting client notices a network that is cut without a FIN, and comes back", async () => {
  const { server, port } = echo();
  await using _server = server;
  let count = 0;
  // The first connection passes nothing more from the server after the handshake and some Pongs; nothing ends.
  await using proxy = new FaultyProxy(port, () => count++ === 0 ? { stallAfter: 200 } : {});
  const ws = makeReconnectingClient(`ws://127.0.0.1:${proxy.port}/`, { ...LIVELY, whileAway: "queue" });
  const log = new ClientLog(ws);
  const down = new Promise<unknown>((resolve) => ws.once("down", ({ error }) => resolve(error)));
  await ws.startConnection();
  assertEquals((await down as ConnectionError).code, ErrorCode.HEARTBEAT_TIMEOUT);
  assertEquals(ws.send("still here"), "queued");
  await log.until("text still here");
  assertEquals(log.events.filter((event) => event === "up"), ["up", "up"]);
  await ws[Symbol.asyncDispose]();
});

Deno.test("a reconnecting client has a heartbeat by default", () => {
  const pingInterval = (options = {}) => sortOptions("ws://localhost/", options).client.pingInterval;
  assertEquals([pingInterval(), pingInterval({ pingInterval: undefined })], [30_000, 30_000]);
  assertEquals([pingInterval({ pingInterval: 5_000 }), pingInterval({ pingInterval: 0 })], [5_000, 0]);
});

testWith(
  { net: true, run: true },
  "a client whose process sleeps for longer than its heartbeat comes back",
  async () => {
    // The server ends the connection while the client sleeps.
    const { server, port, closes } = echo({ pingInterval: 50, pingTimeout: 100 });
    await using _server = server;
    await using client = new Program("_sleeping_client.ts", `ws://127.0.0.1:${port}/`);
    assertEquals(await client.line(), "up");
    client.kill("SIGSTOP");
    assertEquals(await closes[0], { code: 1006, reason: "" });
    client.kill("SIGCONT");
    assertEquals(await client.line(), "down 1006");
    assertEquals(await client.line(), "up");
    for (const ws of server.connections) ws.send("awake");
    assertEquals(await client.line(), "text awake");
  },
);

testWith({ net: true, run: true }, "a client of a server that is frozen comes back when that goes on", async () => {
  await using server = new Program("_counting_server.ts");
  const ws = makeReconnectingClient(`ws://127.0.0.1:${await server.port}/`, { ...LIVELY, handshakeTimeout: 200 });
  const log = new ClientLog(ws);
  const down = new Promise<unknown>((resolve) => ws.once("down", ({ error }) => resolve(error)));
  await ws.startConnection();
  server.kill("SIGSTOP");
  assertEquals((await down as ConnectionError).code, ErrorCode.HEARTBEAT_TIMEOUT);
  // The system goes on accepting connections for it, but nobody answers the handshake.
  const failed = new Promise<unknown>((resolve) => {
    ws.on("waiting", ({ failure }) => failure.phase === "opening" && resolve(failure.error));
  });
  assertEquals((await failed as ConnectionError).code, ErrorCode.HANDSHAKE_TIMEOUT);
  server.kill("SIGCONT");
  await log.until("up", 2);
  await ws[Symbol.asyncDispose]();
});
