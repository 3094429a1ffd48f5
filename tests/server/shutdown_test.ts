// The end of a server.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { makeClient } from "../../client.ts";
import { makeServer, serve, type ServeOptions, type WebSocketListener } from "../../server.ts";
import { EventLog } from "../support/event_log.ts";
import { LONG } from "../support/hosts.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { handshake, RawPeer } from "../support/raw_peer.ts";

const HOSTNAME = "127.0.0.1";

function start(options: ServeOptions = {}, closeTimeout = LONG) {
  const logs: EventLog[] = [];
  const server = serve({ hostname: HOSTNAME, port: 0, onListen() {}, ...options }, (request) => {
    const ws = makeServer(request, { closeTimeout });
    logs.push(new EventLog(ws));
    ws.startConnection();
    return ws.response;
  });
  return { server, logs };
}

function connect(server: WebSocketListener): Promise<RawPeer> {
  return RawPeer.dial((server.addr as Deno.NetAddr).port);
}

netTest("shutdown() sends every client 1001, and resolves once all have ended", async () => {
  const { server, logs } = start();
  const clients = Array.from(
    { length: 20 },
    () => makeClient(`ws://${HOSTNAME}:${(server.addr as Deno.NetAddr).port}/`),
  );
  const clientLogs = clients.map((client) => new EventLog(client));
  await Promise.all(clients.map((client) => client.startConnection()));
  await Promise.all(logs.map((log) => log.seen("open")));
  assertEquals(server.connections.size, 20);
  const finished = server.shutdown();
  assert(finished === server.finished);
  assert(server.shutdown() === finished);
  await finished;
  assertEquals(server.connections.size, 0);
  for (const log of clientLogs) assertEquals(await log.closed, { code: 1001, reason: "The server shuts down" });
  for (const log of logs) assertEquals(log.events, ["open", "close 1001 The server shuts down"]);
});

netTest("shutdown() ends clients that hang within closeTimeout, and those that sent no request at once", async () => {
  const { server, logs } = start({}, 30);
  using hung = await connect(server);
  await hung.open();
  using silent = await connect(server);
  using half = await connect(server);
  await half.write("GET / HTTP/1.1\r\n");
  await logs[0].seen("open");
  await server.shutdown();
  assertEquals(logs[0].events, ["open", "error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
  assertEquals(await hung.frame(), "close 1001 The server shuts down");
  assertEquals([await hung.frame(), await silent.rest(), await half.rest()], ["end", "", ""]);
});

netTest("shutdown() leaves no connection that was accepted at the same moment", async () => {
  for (let round = 0; round < 10; round++) {
    const { server, logs } = start();
    const dialing = Array.from({ length: 8 }, () => connect(server));
    // The runtime reports that several are connected and one is accepted at once, in this order.
    await dialing[0];
    await server.shutdown();
    assertEquals(server.stats.pending, 0);
    for (const dialed of await Promise.allSettled(dialing)) {
      if (dialed.status === "rejected") continue;
      await dialed.value.write(handshake()).catch(() => {});
      // The system resets those that were never accepted.
      assertEquals(await dialed.value.rest().catch(() => ""), "");
      dialed.value.leave();
    }
    assertEquals(logs, []);
  }
});

netTest("shutdown() waits for a handler, and closes what it opens", async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const server = serve({ hostname: HOSTNAME, port: 0, onListen() {} }, async (request) => {
    asked.resolve();
    await go.promise;
    const ws = makeServer(request, { closeTimeout: LONG });
    ws.startConnection();
    ws.send("queued");
    return ws.response;
  });
  using peer = await connect(server);
  await peer.write(handshake());
  await asked.promise;
  let ended = false;
  const finished = server.shutdown().then(() => ended = true);
  assertEquals(ended, false);
  go.resolve();
  assertStringIncludes(await peer.head(), " 101 ");
  assertEquals(await peer.frame(), "text queued");
  assertEquals(await peer.frame(), "close 1001 The server shuts down");
  await peer.close(1001);
  assertEquals(await peer.frame(), "end");
  peer.leave();
  await finished;
});

netTest("shutdown() leaves connections that are already closing to their own closeTimeout", async () => {
  const { server, logs } = start();
  using peer = await connect(server);
  await peer.open();
  await logs[0].seen("open");
  const [ws] = server.connections;
  ws.closeConnection("first", 3000);
  const finished = server.shutdown();
  assertEquals(await peer.frame(), "close 3000 first");
  await peer.close(3000);
  assertEquals(await peer.frame(), "end");
  peer.leave();
  await finished;
});

netTest("shutdown() accepts no new connections", async () => {
  const { server } = start();
  await server.shutdown();
  await server[Symbol.asyncDispose]();
  const refused = await connect(server).catch((error) => error);
  assert(refused instanceof Deno.errors.ConnectionRefused);
});

netTest("signal shuts the server down, before and after it has begun to listen", async () => {
  const controller = new AbortController();
  const { server, logs } = start({ signal: controller.signal });
  using peer = await connect(server);
  await peer.open();
  await logs[0].seen("open");
  controller.abort();
  assertEquals(await peer.frame(), "close 1001 The server shuts down");
  peer.leave();
  await server.finished;
  await start({ signal: AbortSignal.abort() }).server.finished;
});

netTest("connections holds each one until its 'close'", async () => {
  const { server, logs } = start();
  using peer = await connect(server);
  await peer.open();
  await logs[0].seen("open");
  const [ws] = server.connections;
  const sizes: number[] = [];
  ws.on("close", () => sizes.push(server.connections.size));
  await peer.close(1000);
  await peer.frame();
  peer.leave();
  await logs[0].closed;
  assertEquals([...sizes, server.connections.size], [1, 0]);
  await server.shutdown();
});

testWith({ net: true, run: true, read: true }, "unref() lets the process end, and ref() keeps it", async () => {
  const run = async (calls: string) => {
    const code = `
      import { serve } from "@wsd/driver";
      const server = serve({ hostname: "${HOSTNAME}", port: 0, onListen() {} }, () => new Response("x"));
      ${calls}
      globalThis.addEventListener("unload", () => console.log("end"));`;
    const args = ["eval", code];
    const cwd = new URL("../../", import.meta.url);
    return new TextDecoder().decode((await new Deno.Command(Deno.execPath(), { args, cwd }).output()).stdout);
  };
  const fetching = `
    server.unref();
    server.ref();
    setTimeout(async () => {
      console.log(await (await fetch("http://${HOSTNAME}:" + server.addr.port)).text());
      server.unref();
    });`;
  assertEquals(await Promise.all([run("server.unref();"), run(fetching)]), ["end\n", "x\nend\n"]);
});

/** Opens many WebSockets, and tells how many of them are closed when. */
async function openMany(server: WebSocketListener, count: number) {
  const { port } = server.addr as Deno.NetAddr;
  const clients = Array.from({ length: count }, () => makeClient(`ws://${HOSTNAME}:${port}/`));
  const logs = clients.map((client) => new EventLog(client));
  await Promise.all(clients.map((client) => client.startConnection()));
  while (server.connections.size < count) await tick();
  return logs;
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

netTest("shutdown() closes with the given code and reason, at random times within spread", async () => {
  const { random } = Math;
  const { server } = start();
  const logs = await openMany(server, 4);
  const times = [0, 0.3, 0.6, 0.9];
  Math.random = () => times.shift()!;
  const order: number[] = [];
  logs.forEach((log, i) => void log.closed.then(() => order.push(i)));
  try {
    await server.shutdown({ code: 1012, reason: "Back soon", spread: 200 });
  } finally {
    Math.random = random;
  }
  for (const log of logs) assertEquals(await log.closed, { code: 1012, reason: "Back soon" });
  assertEquals(order, [0, 1, 2, 3]);
  assertEquals(times, []);
});

netTest("shutdown() called again closes at once what the earlier call has not closed yet", async () => {
  const { server } = start();
  const [log] = await openMany(server, 1);
  const finished = server.shutdown({ code: 1012, spread: LONG });
  assertEquals(server.connections.size, 1);
  assert(server.shutdown() === finished);
  await finished;
  assertEquals(await log.closed, { code: 1001, reason: "The server shuts down" });
});

netTest("shutdown() waits for no WebSocket that has ended by itself within spread", async () => {
  const { server } = start();
  using peer = await connect(server);
  await peer.open();
  const finished = server.shutdown({ spread: LONG });
  await peer.close(1000);
  assertEquals(await peer.frame(), "close 1000");
  peer.leave();
  await finished;
});

netTest("shutdown() throws for wrong options, and the server keeps running", async () => {
  const { server } = start();
  assertThrows(() => server.shutdown({ code: 1005 }), RangeError);
  assertThrows(() => server.shutdown({ spread: -1 }), RangeError, "spread");
  assertThrows(() => server.shutdown({ spread: "1" as unknown as number }), TypeError, "spread");
  assertThrows(() => server.shutdown({ spred: 1 } as unknown as { spread: number }), TypeError, '"spread"');
  using peer = await connect(server);
  assertStringIncludes(await peer.open(), " 101 ");
  peer.leave();
  await server.shutdown();
});
