// The live set of a listener's open WebSockets.
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import { connect } from "../../client.ts";
import { makeServer, serve, type Server, type WebSocketListener } from "../../server.ts";
import { broadcast, makePair } from "../../mod.ts";
import { netTest } from "../support/permissions.ts";

type Listener = WebSocketListener<Deno.NetAddr>;

async function start(count: number) {
  const opened: Server<unknown>[] = [];
  const server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("open", () => opened.push(ws));
    ws.on("message", (message) => ws.send(message));
    return ws.accept();
  });
  const clients = await Promise.all(Array.from({ length: count }, () => join(server)));
  return { server, opened, clients };
}

/** Connects a client; an answered message shows that the server's side is open too. */
async function join(server: Listener) {
  const client = await connect(`ws://127.0.0.1:${server.addr.port}/`);
  client.send("Are you there?");
  await client.receive();
  return client;
}

netTest("connections visits what a Set visits while connections are terminated", async () => {
  // Which connection terminates which others, by the order in which they opened.
  const cases = [{ 0: [0] }, { 0: [0, 1] }, { 0: [3] }, { 1: [0, 1] }, { 2: [0, 3] }, {
    0: [0],
    1: [1],
    2: [2],
    3: [3],
  }];
  for (const victims of cases as Record<number, number[]>[]) {
    const { server, opened } = await start(4);
    const expected = new Set(opened);
    const rest = new Set(opened);
    const visited: Server<unknown>[] = [];
    const wanted: Server<unknown>[] = [];
    for (const ws of server.connections) {
      visited.push(ws);
      for (const index of victims[opened.indexOf(ws)] ?? []) {
        opened[index].terminate();
        rest.delete(opened[index]);
        assertFalse(server.connections.has(opened[index]));
        assertEquals(server.connections.size, rest.size);
      }
    }
    for (const ws of expected) {
      wanted.push(ws);
      for (const index of victims[opened.indexOf(ws)] ?? []) expected.delete(opened[index]);
    }
    const ids = (each: Iterable<Server<unknown>>) => Array.from(each, (ws) => opened.indexOf(ws));
    assertEquals(ids(visited), ids(wanted), JSON.stringify(victims));
    assertEquals(ids(server.connections), ids(expected));
    await server.shutdown();
  }
});

netTest("connections is one live object, in the order in which connections opened", async () => {
  const { server, opened, clients } = await start(3);
  const { connections } = server;
  assertEquals([...connections], opened);
  await clients[0].close();
  await opened[0].closed;
  await join(server);
  assertEquals(opened.length, 4);
  assertEquals([...connections], opened.slice(1));
  assert(server.connections === connections);
  await server.shutdown();
  assertEquals([connections.size, ...connections], [0]);
});

netTest("connections has every method of a ReadonlySet", async () => {
  const { server, opened } = await start(2);
  const { connections } = server;
  const set = new Set(opened);
  const [first, second] = opened;
  const others = new Set<unknown>([second, "something else"]);
  assertEquals([...connections.keys()], opened);
  assertEquals([...connections.values()], opened);
  assertEquals([...connections.entries()], [[first, first], [second, second]]);
  const calls: unknown[] = [];
  connections.forEach(function (this: unknown, ...values) {
    calls.push([this, ...values]);
  }, others);
  assertEquals(calls.length, 2);
  for (const [index, call] of (calls as unknown[][]).entries()) {
    assert([others, opened[index], opened[index], connections].every((value, at) => call[at] === value));
  }
  for (const name of ["union", "intersection", "difference", "symmetricDifference"] as const) {
    const result = connections[name](others);
    assert(result instanceof Set);
    assertEquals([...result], [...set[name](others)], name);
  }
  for (const name of ["isSubsetOf", "isSupersetOf", "isDisjointFrom"] as const) {
    for (const other of [others, new Set(), new Set([first]), new Set<unknown>([...opened, 1])]) {
      assertEquals(connections[name](other), set[name](other), name);
    }
  }
  assertEquals(others.intersection(connections), new Set<unknown>([second]));
  assert(set.isSubsetOf(connections));
  await server.shutdown();
});

netTest("connections.has() is false for whatever is not an open connection of this listener", async () => {
  const { server, opened, clients } = await start(1);
  const other = await start(1);
  await using pair = await makePair();
  const [ws] = opened;
  assert(server.connections.has(ws));
  assert(other.server.connections.has(other.opened[0]));
  const foreign: unknown[] = [
    ...[undefined, null, 1, "a", Symbol("a"), {}, () => {}, Object.freeze([])],
    ...[clients[0], other.opened[0], pair.server, pair.client],
    ...[Object.create(ws), Object.create(Object.getPrototypeOf(ws)), new Proxy(ws, {})],
  ];
  for (const value of foreign) assertFalse((server.connections as ReadonlySet<unknown>).has(value));
  assertEquals(server.connections.size, 1);
  await Promise.all([server.shutdown(), other.server.shutdown()]);
});

netTest("connections shows its members to console.log, and can't be changed", async () => {
  const { server } = await start(2);
  for (const text of [Deno.inspect(server.connections), inspect(server.connections)]) {
    assert(/^OpenWebSockets\(2\) \{\s+Server \{ open, .+ \},\s+Server \{ open, .+ \},?\s+\}$/.test(text), text);
  }
  assertEquals(String(server.connections), "[object OpenWebSockets]");
  const { connections } = server as unknown as { connections: Set<unknown> };
  assertThrows(() => connections.clear(), TypeError);
  assertThrows(() => Set.prototype.clear.call(connections), TypeError);
  await server.shutdown();
  assertEquals(Deno.inspect(server.connections), "OpenWebSockets(0) {}");
});

netTest("broadcast() sends to connections, and leaves them out", async () => {
  const { server, clients } = await start(3);
  assertEquals(broadcast(server.connections, "Hi"), { sent: 3, skipped: 0, closed: 0 });
  assertEquals(await Promise.all(clients.map((client) => client.receive())), ["Hi", "Hi", "Hi"]);
  assertEquals(broadcast(server.connections, "Hi", { except: server.connections }).sent, 0);
  await server.shutdown();
});
