/** A client that leaves while its handler waits is noticed, however much of what it has sent is unread. */
import { assert, assertEquals } from "@std/assert";
import { makeServer, serve, type ServeHandler, type ServeOptions, type Server } from "../../mod.ts";
import { ReadAheadBudget } from "../../src/server/read_ahead_budget.ts";
import { SocketReader } from "../../src/server/socket_reader.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { EventLog } from "../support/event_log.ts";
import { localCertificate, LONG } from "../support/hosts.ts";
import { memoryInUse } from "../support/memory.ts";
import { type Needs, netTest, testWith } from "../support/permissions.ts";
import { contentOf, handshake, RawPeer } from "../support/raw_peer.ts";

const HOSTNAME = "127.0.0.1";

/** A server under test, and a way to it. */
interface Host extends AsyncDisposable {
  faults: unknown[];
  dial(): Promise<Deno.Conn>;
}

/** What `serve` listens on. */
interface Kind {
  name: string;
  permissions: Needs;
  open(handler: ServeHandler, options?: ServeOptions): Host | Promise<Host>;
}

const KINDS: readonly Kind[] = [
  {
    name: "TCP",
    permissions: { net: true },
    open: (handler, options) => start(handler, { ...options, hostname: HOSTNAME, port: 0 }, dialTcp),
  },
  {
    name: "TLS",
    permissions: { net: true },
    async open(handler, options) {
      const { cert, key, ca } = await localCertificate();
      return start(handler, { ...options, hostname: HOSTNAME, port: 0, cert, key }, async (addr) => {
        const { port } = addr as Deno.NetAddr;
        const conn = await Deno.connectTls({ hostname: HOSTNAME, port, caCerts: [ca] });
        await conn.handshake();
        return conn;
      });
    },
  },
  {
    name: "a Unix socket",
    permissions: { net: true, read: true, write: true },
    async open(handler, options) {
      const folder = await Deno.makeTempDir();
      const path = `${folder}/socket`;
      const host = start(handler, { ...options, path }, () => Deno.connect({ transport: "unix", path }));
      return {
        ...host,
        async [Symbol.asyncDispose]() {
          await host[Symbol.asyncDispose]();
          await Deno.remove(folder, { recursive: true });
        },
      };
    },
  },
];

function dialTcp(addr: Deno.Addr): Promise<Deno.Conn> {
  return Deno.connect({ hostname: HOSTNAME, port: (addr as Deno.NetAddr).port });
}

function start(handler: ServeHandler, options: ServeOptions, dial: (addr: Deno.Addr) => Promise<Deno.Conn>): Host {
  const faults: unknown[] = [];
  const onError = (fault: unknown) => {
    faults.push(fault);
    return new Response("Fault\n", { status: 500 });
  };
  const server = serve({ ...options, onListen() {}, onError } as ServeOptions, handler);
  return { faults, dial: () => dial(server.addr), [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Bytes that contain their own positions. */
function numbered(length: number): Uint8Array<ArrayBuffer> {
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, (_, i) => i);
  return new Uint8Array(words.buffer, 0, length);
}

/** Asks for a page until it is served: until then there is no free place. */
async function untilServed(host: Host): Promise<void> {
  for (let status = ""; status !== "200";) {
    using peer = new RawPeer(new ConnTransport(await host.dial()));
    await peer.write("GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
    status = (await peer.rest()).slice(9, 12);
  }
}

const SIZES = [17, 200, 1024].map((kibibytes) => [kibibytes * 1024, `${kibibytes} KiB`] as const);

/** How a client leaves. What it has not read when it closes the connection makes its end a reset. */
const WAYS = ["FIN", "reset"] as const;

for (const { name, permissions, open } of KINDS) {
  for (const [size, length] of SIZES) {
    for (const way of WAYS) {
      // Row: leaving-early
      testWith(
        permissions,
        `request.signal aborts at a ${way} after ${length} of unread body, over ${name}`,
        async () => {
          const asked = Promise.withResolvers<void>();
          const reasons: unknown[] = [];
          await using host = await open(async (request) => {
            if (new URL(request.url).pathname === "/page") return new Response("page\n");
            asked.resolve();
            await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
            reasons.push(request.signal.reason);
            return new Response("nobody reads this");
          }, { maxConnections: 1 });
          const peer = new RawPeer(new ConnTransport(await host.dial()));
          const expect = way === "reset" ? "Expect: 100-continue\r\n" : "";
          await peer.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n${expect}\r\n`);
          await asked.promise;
          await peer.write(new Uint8Array(size));
          if (way === "FIN") await peer.end();
          peer.leave();
          await untilServed(host);
          assertEquals(reasons.map((reason) => (reason as Error).name), ["AbortError"]);
          assertEquals(host.faults, []);
        },
      );
    }

    for (const started of [true, false]) {
      const when = started ? "startConnection()" : "makeServer() alone";
      // Row: leaving-early
      testWith(
        permissions,
        `${when} and ${length} of early frames: a client that leaves is noticed, over ${name}`,
        async () => {
          const logs: EventLog[] = [];
          const asked = Promise.withResolvers<void>();
          await using host = await open(async (request) => {
            const ws = makeServer(request);
            logs.push(new EventLog(ws));
            if (started) ws.startConnection();
            asked.resolve();
            await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
            if (!started) assertEquals(ws.startConnection(), true);
            return ws.response;
          });
          const peer = new RawPeer(new ConnTransport(await host.dial()));
          await peer.write(handshake());
          await asked.promise;
          await peer.send(0x82, new Uint8Array(size));
          peer.leave();
          await logs[0].closed;
          assertEquals(logs[0].events, ["error WS_CONNECTION_LOST 1006", "close 1006"]);
          assertEquals(host.faults, []);
        },
      );
    }
  }

  for (const size of [0, 1, 17 * 1024, 1024 * 1024, 3 * 1024 * 1024]) {
    testWith(permissions, `a body of ${size} bytes that waits for its handler comes whole, over ${name}`, async () => {
      const go = Promise.withResolvers<void>();
      await using host = await open(async (request) => {
        await go.promise;
        const received = await request.bytes();
        return new Response(String(received.every((byte, i) => byte === sent[i]) && received.length === size));
      });
      const sent = numbered(size);
      using peer = new RawPeer(new ConnTransport(await host.dial()));
      await peer.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
      const writing = peer.write(sent);
      await passed(200);
      go.resolve();
      await writing;
      assertEquals(contentOf(await peer.rest()), "true");
      assertEquals(host.faults, []);
    });
  }

  for (const pausing of [false, true]) {
    const how = pausing ? "paused at once" : "read";
    testWith(permissions, `2 MiB of early frames come whole and in order, ${how}, over ${name}`, async () => {
      const go = Promise.withResolvers<void>();
      const received: Uint8Array[] = [];
      const opened = Promise.withResolvers<Server>();
      await using host = await open(async (request) => {
        const ws = makeServer(request, { closeTimeout: LONG });
        ws.on("message", (message) => {
          if (pausing && received.length === 1) ws.pause();
          received.push(message as Uint8Array);
        });
        ws.on("open", () => opened.resolve(ws as Server));
        ws.startConnection();
        await go.promise;
        return ws.response;
      });
      const lengths = Array.from({ length: 200 }, (_, i) => i * 104);
      using peer = new RawPeer(new ConnTransport(await host.dial()));
      await peer.write(handshake());
      const writing = (async () => {
        for (const length of lengths) await peer.send(0x82, numbered(length));
        await peer.close(1000);
      })();
      await passed(200);
      go.resolve();
      const ws = await opened.promise;
      if (pausing) {
        await passed(50);
        assertEquals(received.length, 2);
        ws.resume();
      }
      await writing;
      await peer.head();
      assertEquals(await peer.frame(), "close 1000");
      assertEquals(received.map((message) => message.length), lengths);
      const expected = numbered(lengths.at(-1)!);
      assert(received.every((message) => message.every((byte, i) => byte === expected[i])));
      peer.leave();
    });
  }
}

netTest("200 clients that send 2 MiB each to handlers that wait take no more memory than the budget", async () => {
  let asked = 0;
  const go = Promise.withResolvers<void>();
  await using host = await KINDS[0].open(async () => {
    asked++;
    await go.promise;
    return new Response();
  });
  const size = 2 * 1024 * 1024;
  const body = new Uint8Array(size);
  const conns = await Promise.all(Array.from({ length: 200 }, host.dial));
  const before = memoryInUse();
  const head = new TextEncoder().encode(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
  const writing = conns.map(async (conn) => {
    await conn.write(head);
    await new ConnTransport(conn).write(body).catch(() => {});
  });
  // Until the budget is used up. A two-hundredth of it is left to who comes next.
  while (asked < conns.length || ReadAheadBudget.shared.free > 16 * 1024 * 1024 / 100) await passed(10);
  await passed(100);
  const grown = memoryInUse() - before;
  assert(grown < (16 + 12) * 1024 * 1024, `200 connections take ${grown} bytes`);
  conns.forEach((conn) => conn.close());
  await Promise.all(writing);
  go.resolve();
  while (ReadAheadBudget.shared.free < 16 * 1024 * 1024) await passed(10);
});

/** A transport that brings bytes without end, and counts them. */
class Endless implements Transport {
  readonly retainsWrites = false;
  count = 0;
  read(buffer: Uint8Array): Promise<number> {
    this.count += buffer.length;
    return Promise.resolve(buffer.length);
  }
  write = () => Promise.resolve();
  closeWrite = () => Promise.resolve();
  close() {}
}

Deno.test("SocketReader.watch() reads ahead as the budget allows, shared by all, and on when others give back", async () => {
  const [total, own] = [1024 * 1024, 16 * 1024];
  const budget = new ReadAheadBudget(total, total / 4);
  const transports = Array.from({ length: 20 }, () => new Endless());
  const readers = transports.map((transport) => new SocketReader(transport, budget));
  readers.forEach((reader) => reader.watch(() => {}));
  await passed(0);
  const counts = transports.map(({ count }) => count);
  const share = total / (transports.length + 1);
  assert(counts.every((count) => count >= own + share - 16 * 1024 && count <= own + share + 16 * 1024), `${counts}`);
  assert(budget.free >= 0);
  // Those that stay share what the others give back.
  readers.slice(4).forEach((reader) => reader.close());
  await passed(0);
  const later = transports.slice(0, 4).map(({ count }) => count);
  assert(later.every((count) => count > total / 8), `${later}`);
  assertEquals(transports.slice(4).map(({ count }) => count), counts.slice(4));
  readers.forEach((reader) => reader.close());
  await passed(0);
  assertEquals(budget.free, total);
});

Deno.test("SocketReader.watch() holds no more than the budget for one connection", async () => {
  const budget = new ReadAheadBudget(64 * 1024 * 1024, 1024 * 1024);
  const transport = new Endless();
  const reader = new SocketReader(transport, budget);
  reader.watch(() => {});
  await passed(0);
  assertEquals(transport.count <= 1024 * 1024 + 16 * 1024 && transport.count > 1024 * 1024, true);
  assertEquals(reader.buffered, transport.count);
  const taken = await reader.receive();
  await passed(0);
  assert(reader.buffered > 1024 * 1024, `${reader.buffered} after ${taken?.length}`);
  reader.close();
  await passed(0);
  assertEquals(budget.free, 64 * 1024 * 1024);
});

Deno.test("SocketReader holds no more memory than came, also if bytes come one by one", async () => {
  let left = 40_000;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const transport: Transport = Object.assign(new Endless(), {
    read(buffer: Uint8Array): Promise<number | null> {
      if (left-- === 0) return Promise.resolve(null);
      buffer[0] = left & 0xff;
      return Promise.resolve(1);
    },
  });
  const before = memoryInUse();
  const reader = new SocketReader(transport, new ReadAheadBudget());
  reader.watch(resolve);
  await ended;
  assertEquals(reader.buffered, 40_000);
  const grown = memoryInUse() - before;
  assert(grown < 400_000, `40000 bytes take ${grown}`);
  reader.close();
});

/** Time is what is tested: the handler's, until its client is watched. */
function passed(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, milliseconds);
  return promise;
}
