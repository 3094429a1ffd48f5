// What is published on node:diagnostics_channel.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { connect, HandshakeError, makeServer, serve } from "@wsd/driver";
import type { HandshakeEvent } from "@wsd/driver/telemetry";
import { netTest } from "../support/permissions.ts";

/** Gathers what is published on some channels while something runs. */
async function gather(
  names: readonly string[],
  run: () => Promise<void>,
): Promise<[string, Record<string, unknown>][]> {
  const events: [string, Record<string, unknown>][] = [];
  const ends = names.map((name) => {
    const onEvent = (event: unknown) => void events.push([name, event as Record<string, unknown>]);
    subscribe(name, onEvent);
    return () => unsubscribe(name, onEvent);
  });
  try {
    await run();
  } finally {
    ends.forEach((end) => end());
  }
  return events;
}

netTest("handshakes are published for both sides, with their status and without credentials", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    if (new URL(request.url).pathname === "/private") return new Response("Who are you?", { status: 401 });
    return makeServer(request).accept();
  });
  const { port } = server.addr;
  const events = await gather(["wsd:handshake"], async () => {
    await using ws = await connect(`ws://ada:secret@127.0.0.1:${port}/open`);
    assertEquals(ws.readyState, "open");
    await assertRejects(() => connect(`ws://127.0.0.1:${port}/private`), HandshakeError);
  });
  const seen = events.map(([, event]) => event as unknown as HandshakeEvent).filter(({ role }) => role === "client");
  assertEquals(seen.map(({ url, status }) => [new URL(url).pathname, status]), [["/open", 101], ["/private", 401]]);
  assert(seen.every(({ url }) => !url.includes("secret")));
  for (const { startTime, endTime } of seen) assertGreaterOrEqual(endTime, startTime);
  const served = events.filter(([, { role }]) => role === "server");
  assertEquals(served.map(([, { status }]) => status), [101]);
});

netTest("a connection that opens, fails and ends is published, in this order", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    return makeServer(request, { maxLength: 5 }).accept();
  });
  const all = await gather(["wsd:open", "wsd:error", "wsd:close"], async () => {
    const ws = await connect(`ws://127.0.0.1:${server.addr.port}/`);
    const [serving] = server.connections;
    ws.send("much too long");
    await Promise.all([ws.closed, serving.closed]);
  });
  const [serving] = all.filter(([, { ws }]) => String(ws).length > 0 && (ws as { maxLength: number }).maxLength === 5);
  const events = all.filter(([, { ws }]) => ws === serving[1].ws);
  assertEquals(events.map(([name]) => name), ["wsd:open", "wsd:error", "wsd:close"]);
  assertEquals((events[1][1].error as { code: string }).code, "WS_MESSAGE_TOO_LONG");
  assertEquals(events[2][1].code, 1009);
});

for (const listens of [false, true]) {
  const who = listens ? "somebody" : "nobody";
  netTest(`a peer that vanishes is published as an error, if ${who} listens for errors of the connection`, async () => {
    await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      const ws = makeServer(request, { data: "serving" });
      if (listens) ws.on("error", () => {});
      return ws.accept();
    });
    const all = await gather(["wsd:error", "wsd:close"], async () => {
      const ws = await connect(`ws://127.0.0.1:${server.addr.port}/`);
      const [serving] = server.connections;
      ws.terminate();
      await serving.closed;
    });
    const events = all.filter(([, { ws }]) => (ws as { data?: string }).data === "serving");
    assertEquals(events.map(([name]) => name), ["wsd:error", "wsd:close"]);
    assertEquals((events[0][1].error as { code: string }).code, "WS_CONNECTION_LOST");
  });
}
