// npm's ws, which nobody here wrote: as a client against every kind of server, and as a server against our client.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { makeServer, type Server } from "../../server.ts";
import { EventLog } from "../support/event_log.ts";
import { pattern } from "../support/frames.ts";
import { type Host, type HostKind, hostKinds, localCertificate, LONG } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";

const MIB = 1024 * 1024;

const NEEDS = { net: true, read: true, write: true, env: true, sys: true };

type Ws = typeof import("npm:ws@8.18.3");
type WebSocket = InstanceType<Ws["WebSocket"]>;

/** What may wait to be sent, in bytes: all messages at once. */
const ALL_AT_ONCE = 64 * MIB;

/** Loaded inside the tests, as it reads the environment when it is loaded. */
function load(): Promise<Ws> {
  return import("npm:ws@8.18.3");
}

const MESSAGES = ["Grüße \u{1f600}", "", "x".repeat(65536), "y".repeat(16 * MIB)];
const BYTES = [Uint8Array.of(0, 255), new Uint8Array(0), pattern(65536), pattern(16 * MIB)];

function same(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return Buffer.compare(a, b) === 0;
}

/** How ws reaches a host. */
function address(host: Host): [url: string, options: Record<string, unknown>] {
  const { caCerts, socketPath } = host.reach();
  return [socketPath === undefined ? host.url : `ws+unix:${socketPath}:/`, { ca: caCerts, perMessageDeflate: false }];
}

hostKinds.filter(({ name }) => name !== "streams").forEach(suite);

function suite(kind: HostKind): void {
  const test = (name: string, fn: (ws: Ws) => Promise<void>) =>
    testWith(NEEDS, `${name}, with ${kind.name}`, async () => await fn(await load()));

  /** Connects a client of ws to our server. */
  async function open(ws: Ws, protocols: string[], headers: Record<string, string> = {}) {
    const accepted = Promise.withResolvers<{ server: Server; log: EventLog }>();
    const host = await kind.open((env) => {
      const server = makeServer(env, {
        closeTimeout: LONG,
        backpressureLimit: ALL_AT_ONCE,
        acceptProtocols: ["chat"],
        additionalHeaders: { "X-Server": "ours" },
      });
      accepted.resolve({ server, log: new EventLog(server) });
      server.startConnection();
      return server.response;
    });
    const [url, options] = address(host);
    const client = new ws.WebSocket(url, protocols, { ...options, headers });
    const upgraded = once(client, "upgrade");
    await once(client, "open");
    const [response] = await upgraded;
    return { host, client, headers: response.headers, ...await accepted.promise };
  }

  test("ws as a client exchanges messages of every size with ours", async (ws) => {
    const { host, client, server, log } = await open(ws, ["other", "chat"]);
    assertEquals([client.protocol, server.protocol], ["chat", "chat"]);
    const echoed: (string | Uint8Array)[] = [];
    const done = Promise.withResolvers<void>();
    const expected = [...MESSAGES, ...BYTES];
    client.on("message", (data: Uint8Array, isBinary: boolean) => {
      echoed.push(isBinary ? data : new TextDecoder().decode(data));
      if (echoed.length === expected.length) done.resolve();
    });
    server.on("message", (message) => server.send(message));
    for (const message of expected) client.send(message);
    await done.promise;
    assert(expected.every((message, i) => same(message, echoed[i]) && same(message, log.messages[i])));
    client.close(3001, "Tschüß");
    assertEquals(await log.closed, { code: 3001, reason: "Tschüß" });
    await closed(client);
    await host[Symbol.asyncDispose]();
  });

  test("ws as a client sees our header, our Close, and our answer to a fragmented message", async (ws) => {
    const { host, client, server, log, headers } = await open(ws, []);
    assertEquals(headers["x-server"], "ours");
    client.send("Hel", { fin: false });
    client.ping("p");
    client.send("lo ", { fin: false });
    client.send("there", { fin: true });
    assertEquals(await log.received(1), ["Hello there"]);
    await new Promise<void>((resolve) =>
      client.once("pong", (data: Uint8Array) => resolve(assertEquals([...data], [112])))
    );
    if (!kind.lacks.has("ping")) {
      assert(log.events.includes("ping 70"));
      const answered = Promise.withResolvers<void>();
      server.sendPing("from us", answered.resolve);
      await answered.promise;
    }
    const end = once(client, "close");
    server.closeConnection("Genug", 4001);
    const [code, reason] = await end;
    assertEquals([code, reason.toString()], [4001, "Genug"]);
    assertEquals((await log.closed).code, 4001);
    await host[Symbol.asyncDispose]();
  });
}

/** A server of ws's, on a port of its own, plain or with TLS. */
async function wsServer(ws: Ws, onConnection: (socket: WebSocket) => void, secure: boolean) {
  const { cert, key, ca } = await localCertificate();
  const web = secure ? createServer({ cert, key }) : (await import("node:http")).createServer();
  const server = new ws.WebSocketServer({
    server: web,
    maxPayload: 64 * MIB,
    handleProtocols: (protocols: Set<string>) => protocols.has("chat") ? "chat" : false,
  });
  server.on("headers", (headers: string[], request: { headers: Record<string, string> }) => {
    headers.push(`X-Client: ${request.headers["x-client"]}`, "Set-Cookie: server=b; Path=/", "Set-Cookie: c=d");
  });
  server.on("connection", onConnection);
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  const { port } = web.address() as AddressInfo;
  return {
    url: `${secure ? "wss" : "ws"}://127.0.0.1:${port}/`,
    options: { caCerts: [ca], closeTimeout: LONG },
    async [Symbol.asyncDispose]() {
      server.close();
      const ended = once(web, "close");
      web.close();
      await ended;
    },
  };
}

for (const secure of [false, true]) {
  const scheme = secure ? "wss:" : "ws:";

  testWith(NEEDS, `ws as a server echoes messages of every size to our client, over ${scheme}`, async () => {
    const ended = Promise.withResolvers<unknown[]>();
    await using server = await wsServer(await load(), (socket) => {
      socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
      socket.on("close", (code: number, reason: Uint8Array) => ended.resolve([code, reason.toString()]));
    }, secure);
    const client = new Client(server.url, {
      backpressureLimit: ALL_AT_ONCE,
      ...server.options,
      acceptProtocols: ["other", "chat"],
      additionalHeaders: { "X-Client": "ours" },
    });
    assertEquals(client.responseHeaders, null);
    const log = new EventLog(client);
    await client.startConnection();
    assertEquals(client.protocol, "chat");
    const { responseHeaders } = client;
    assertEquals(responseHeaders?.getSetCookie(), ["server=b; Path=/", "c=d"]);
    assertEquals(responseHeaders?.get("x-client"), "ours");
    const expected = [...MESSAGES, ...BYTES];
    for (const message of expected) client.send(message);
    const echoed = await log.received(expected.length);
    assert(expected.every((message, i) => same(message, echoed[i])));
    client.closeConnection("Tschüß", 3001);
    assertEquals((await log.closed).code, 3001);
    assertEquals(await ended.promise, [3001, "Tschüß"]);
  });

  testWith(NEEDS, `ws as a server sends Pings, fragments and a Close to our client, over ${scheme}`, async () => {
    const pongs: string[] = [];
    await using server = await wsServer(await load(), (socket) => {
      socket.on("pong", (data: Uint8Array) => {
        pongs.push(data.toString());
        socket.close(4002, "Genug");
      });
      socket.send("Hel", { fin: false });
      socket.ping("p");
      socket.send("lo", { fin: true });
    }, secure);
    const client = new Client(server.url, { ...server.options });
    const log = new EventLog(client);
    const answered = Promise.withResolvers<void>();
    client.sendPing("from us", answered.resolve);
    await client.startConnection();
    await answered.promise;
    assertEquals(await log.closed, { code: 4002, reason: "Genug" });
    assertEquals(pongs, ["p"]);
    assertEquals(log.events.filter((event) => !event.startsWith("pong")), [
      "open",
      "ping 70",
      "text Hello",
      "close 4002 Genug",
    ]);
  });
}

testWith(NEEDS, "ws as a server refuses our client with a status and a body", async () => {
  const ws = await load();
  const web = (await import("node:http")).createServer();
  const server = new ws.WebSocketServer({
    server: web,
    verifyClient: (_: unknown, callback: (ok: boolean, code: number, message: string) => void) =>
      callback(false, 401, "Who are you?"),
  });
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  const client = new Client(`ws://127.0.0.1:${(web.address() as AddressInfo).port}/`);
  const log = new EventLog(client);
  await client.startConnection().catch(() => {});
  const [error] = log.errors as (Error & { status?: number; body?: Uint8Array })[];
  assertInstanceOf(error, Error);
  assertEquals([error.status, new TextDecoder().decode(error.body)], [401, "Who are you?"]);
  server.close();
  const ended = once(web, "close");
  web.close();
  await ended;
});

async function closed(client: WebSocket): Promise<void> {
  if (client.readyState !== 3) await once(client, "close");
}
