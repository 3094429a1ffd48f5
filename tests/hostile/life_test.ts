// How connections end where peers don't help, and what a server survives.
import { assert, assertEquals } from "@std/assert";
import { type CloseInfo, makeClient, makeServer, serve, type ServeOptions, type WebSocketListener } from "@wsd/driver";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { ROLES } from "../support/endpoint.ts";
import { EventLog } from "../support/event_log.ts";
import { frameFor } from "../support/frames.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { handshake, RawPeer } from "../support/raw_peer.ts";
import { meet, READ_PATHS } from "./paths.ts";

for (const path of READ_PATHS) {
  for (const role of ROLES) {
    // Row: no-close
    Deno.test(`a ${role} that reads by ${path.name} ends at closeTimeout if its Close is never answered`, async () => {
      const { ws, peer, events, closed } = await meet(role, path, { closeTimeout: 20 });
      ws.closeConnection("", 4000);
      assertEquals(await peer.frame(), "close 4000");
      await closed;
      assertEquals(events, ["error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
      assertEquals(await peer.frame(), "end");
    });

    // Row: no-close
    Deno.test(`a ${role} that reads by ${path.name} ends at closeTimeout if messages come instead of a Close`, async () => {
      const { ws, peer, events, closed } = await meet(role, path, { closeTimeout: 100 });
      ws.closeConnection();
      const writing = (async () => {
        for (;;) {
          await peer.send(0x81, "more");
          await new Promise((resolve) => setTimeout(resolve));
        }
      })().catch(() => {});
      await Promise.all([closed, writing]);
      assertEquals(events.slice(-2), ["error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
    });

    // Row: lost, server-killed
    Deno.test(`a ${role} that reads by ${path.name} reports 1006 if TCP ends mid-frame, after all complete messages`, async () => {
      const { peer, events, closed } = await meet(role, path);
      const bytes = frameFor(role, 0x81, "cut off");
      for (const part of [frameFor(role, 0x81, "whole"), bytes.subarray(0, bytes.length - 1)]) await peer.write(part);
      await peer.end();
      await closed;
      peer.leave();
      assertEquals(events, ["text whole", "error WS_CONNECTION_LOST 1006", "close 1006"]);
    });

    // Row: lost
    Deno.test(`a ${role} that reads by ${path.name} reports 1006 if TCP ends without a Close, at every byte of a frame`, async () => {
      const bytes = frameFor(role, 0x82, new Uint8Array(200));
      for (let length = 0; length < 20; length++) {
        const { peer, events, closed } = await meet(role, path);
        if (length > 0) await peer.write(bytes.subarray(0, length));
        await peer.end();
        await closed;
        peer.leave();
        assertEquals(events, ["error WS_CONNECTION_LOST 1006", "close 1006"]);
      }
    });
  }
}

/** Peers that ask for `/stuck` have less time to answer a Close than others. */
function listen(options: Partial<ServeOptions> = {}): WebSocketListener {
  return serve({ hostname: "127.0.0.1", port: 0, onListen() {}, ...options }, (request) => {
    const closeTimeout = request.url.endsWith("/stuck") ? 100 : LONG;
    const ws = makeServer(request, { closeTimeout, pingInterval: 0 });
    ws.startConnection();
    return ws.response;
  });
}

async function connect(server: WebSocketListener, target = "/"): Promise<RawPeer> {
  const { port } = server.addr as Deno.NetAddr;
  const peer = new RawPeer(new ConnTransport(await Deno.connect({ hostname: "127.0.0.1", port })));
  await peer.write(handshake({}, `GET ${target} HTTP/1.1`));
  await peer.head();
  return peer;
}

// Row: shutdown
netTest("shutdown() sends 1001 to 1,000 connections, and ends those that are stuck within closeTimeout", async () => {
  const server = listen();
  const connectMany = async (count: number, target: string) => {
    const peers: RawPeer[] = [];
    while (peers.length < count) {
      peers.push(...await Promise.all(Array.from({ length: 50 }, () => connect(server, target))));
    }
    return peers;
  };
  const peers = await connectMany(900, "/");
  const stuck = await connectMany(100, "/stuck");
  const ends: CloseInfo[] = [];
  for (const ws of server.connections) ws.on("close", (info) => ends.push(info));
  assertEquals(server.connections.size, 1000);
  const ending = server.shutdown();
  await Promise.all(peers.map(async (peer) => {
    assertEquals((await peer.frame()).slice(0, 10), "close 1001");
    await peer.close(1001);
    assertEquals(await peer.frame(), "end");
    peer.leave();
  }));
  await ending;
  await server.finished;
  assertEquals(ends.length, 1000);
  assertEquals(ends.filter(({ code }) => code === 1001).length, 900);
  assertEquals(ends.filter(({ code }) => code === 1006).length, 100);
  assertEquals(server.connections.size, 0);
  for (const peer of stuck) peer.leave();
});

// Row: shutdown
netTest("serve() shuts down on its signal as with shutdown()", async () => {
  const controller = new AbortController();
  const server = listen({ signal: controller.signal });
  const peer = await connect(server);
  controller.abort();
  assertEquals(await peer.frame(), "close 1001 The server shuts down");
  await peer.close(1001);
  await peer.end();
  await server.finished;
  peer.leave();
});

// Row: handler-throws
netTest(
  "serve() keeps running if a handler throws, rejects, returns nonsense, or answers a client that has left",
  async () => {
    const faults: unknown[] = [];
    const late = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const server = serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen() {},
        onError: (fault) => (faults.push(fault), new Response("Fault\n", { status: 500 })),
      },
      async (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/throws") throw new Error("thrown");
        if (pathname === "/nonsense") return "no response" as unknown as Response;
        if (pathname === "/forged") return new Response(null, { status: 101 });
        if (pathname === "/late") {
          asked.resolve();
          await late.promise;
        }
        const ws = makeServer(request);
        ws.on("message", (message) => ws.send(message));
        ws.startConnection();
        return pathname === "/forgotten" ? new Response("page") : ws.response;
      },
    );
    const { port } = server.addr as Deno.NetAddr;
    for (const path of ["throws", "nonsense", "forged", "forgotten"]) {
      const error = await makeClient(`ws://127.0.0.1:${port}/${path}`).startConnection().catch((error) => error);
      assertEquals(error.status, 500, path);
    }
    const gone = makeClient(`ws://127.0.0.1:${port}/late`);
    const giving = gone.startConnection().catch((error) => error);
    await asked.promise;
    gone.terminate();
    await giving;
    late.resolve();
    const ws = makeClient(`ws://127.0.0.1:${port}/`);
    const log = new EventLog(ws);
    assert(await ws.startConnection());
    ws.send("still here");
    await log.seen("text still here");
    ws.closeConnection();
    await log.closed;
    await server.shutdown();
    assertEquals(faults.length, 4);
  },
);

// Row: server-killed
netTest("a client whose server is killed mid-message reports 1006, after all complete messages", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ws = makeClient(`ws://127.0.0.1:${listener.addr.port}/`);
  const log = new EventLog(ws);
  const started = ws.startConnection();
  const peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
  await peer.accept();
  await started;
  await peer.send(0x81, "whole");
  await peer.write(peer.frameOf(0x82, new Uint8Array(100_000)).subarray(0, 70_000));
  await log.seen("text whole");
  peer.leave();
  assertEquals((await log.closed).code, 1006);
  assertEquals(log.messages, ["whole"]);
});
