import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { once } from "node:events";
import {
  type Client,
  HandshakeError,
  makeClient,
  makeServer,
  type PerMessageDeflateOptions,
  type SendOptions,
  serve,
  type Server,
} from "../../mod.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { EventLog } from "../support/event_log.ts";
import { memoryInUse } from "../support/memory.ts";
import { netTest } from "../support/permissions.ts";
import { field, RawPeer } from "../support/raw_peer.ts";
import { Random } from "../support/random.ts";
import { openTcpConns } from "../support/transport_pair.ts";
import { randomMessage, zlibEncode } from "./_pair.ts";

const NAME = "permessage-deflate";

/** Our client and server over TCP, with the server's side of a connection. */
async function openPair(
  client: boolean | PerMessageDeflateOptions,
  server: boolean | PerMessageDeflateOptions,
  run: (client: Client, server: Server) => Promise<void>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<Server>();
  await using host = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const ws = makeServer(request, { perMessageDeflate: server });
    ws.startConnection();
    resolve(ws);
    return ws.response;
  });
  const ws = makeClient(`ws://127.0.0.1:${(host.addr as Deno.NetAddr).port}/`, { perMessageDeflate: client });
  await ws.startConnection();
  await run(ws, await promise);
  const closed = once(ws, "close");
  ws.closeConnection();
  await closed;
}

/** Our server on one end of a connection, and a peer that the test scripts on the other. */
async function openServer(
  offer: string,
  perMessageDeflate: PerMessageDeflateOptions,
  run: (peer: RawPeer, ws: Server, head: string) => Promise<void>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<Server>();
  await using host = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const ws = makeServer(request, { perMessageDeflate });
    resolve(ws);
    ws.startConnection();
    return ws.response;
  });
  using peer = new RawPeer(
    new ConnTransport(await Deno.connect({ hostname: "127.0.0.1", port: (host.addr as Deno.NetAddr).port })),
  );
  const head = await peer.open(new Uint8Array(0), { "Sec-WebSocket-Extensions": offer });
  await run(peer, await promise, head);
}

const AGREED: readonly [
  what: string,
  client: boolean | PerMessageDeflateOptions,
  server: boolean | PerMessageDeflateOptions,
  extensions: string,
][] = [
  ["both", true, true, NAME],
  ["the client alone", true, false, ""],
  ["the server alone", false, true, ""],
  ["nobody", false, false, ""],
  [
    "both, with settings",
    { serverNoContextTakeover: true, serverMaxWindowBits: 11 },
    {
      clientNoContextTakeover: true,
      clientMaxWindowBits: 10,
    },
    `${NAME}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=10`,
  ],
];

for (const [who, client, server, extensions] of AGREED) {
  // RFC 6455 §5.8 MUST
  // RFC 7692 §5 MUST used
  netTest(`ws.extensions is ${JSON.stringify(extensions)} if ${who} asked for compression`, async () => {
    await openPair(client, server, async (ours, theirs) => {
      assertEquals([ours.extensions, theirs.extensions], [extensions, extensions]);
      const message = once(theirs, "message");
      ours.send("a".repeat(5000));
      assertEquals((await message)[0], "a".repeat(5000));
    });
  });
}

netTest("ws.extensions is empty under Deno.serve, which ignores offers", async () => {
  const extensions = Promise.withResolvers<string>();
  await using host = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const ws = makeServer(request, { perMessageDeflate: true });
    ws.on("open", () => extensions.resolve(ws.extensions));
    ws.on("message", (message) => ws.send(message, { compress: false }));
    ws.startConnection();
    return ws.response;
  });
  const ws = makeClient(`ws://127.0.0.1:${host.addr.port}/`, { perMessageDeflate: true });
  await ws.startConnection();
  assertEquals([ws.extensions, await extensions.promise], ["", ""]);
  const message = once(ws, "message");
  ws.send("a".repeat(5000));
  assertEquals((await message)[0].length, 5000);
  const closed = once(ws, "close");
  ws.closeConnection();
  await closed;
});

const SENT: readonly [options: SendOptions | undefined, first: string][] = [
  [undefined, "c1"],
  [{}, "c1"],
  [{ compress: true }, "c1"],
  [{ compress: false }, "text"],
  [{ compress: false, type: "binary" }, "binary"],
  [{ start: 5 }, "c1"],
];

netTest("send() compresses unless compress is false", async () => {
  await openServer(NAME, { threshold: 0 }, async (peer, ws, head) => {
    assertEquals(field(head, "sec-websocket-extensions"), NAME);
    for (const [options, first] of SENT) {
      ws.send("a".repeat(50), options);
      assertEquals((await peer.frame()).split(" ")[0], first, JSON.stringify(options));
    }
    ws.sendText("a".repeat(50), { compress: false });
    assert((await peer.frame()).startsWith("text"));
  });
});

netTest("send() compresses what was sent before the connection was open", async () => {
  const [client, far] = await openTcpConns();
  using peer = new RawPeer(new ConnTransport(far), "server");
  const ws = makeClient("ws://localhost/", { perMessageDeflate: true, transport: new ConnTransport(client) });
  ws.send("a".repeat(2000));
  ws.send("b".repeat(2000), { compress: false });
  const started = ws.startConnection();
  const request = await peer.accept(new Uint8Array(0), [`Sec-WebSocket-Extensions: ${NAME}`]);
  assertEquals(field(request, "sec-websocket-extensions"), `${NAME}; client_max_window_bits`);
  await started;
  assert((await peer.frame()).startsWith("c1"));
  assertEquals(await peer.frame(), `text ${"b".repeat(2000)}`);
  ws.terminate();
});

const REFUSED = [
  `${NAME}; server_max_window_bits=16`,
  `${NAME}; client_max_window_bits`,
  `${NAME}; unknown`,
  `${NAME}; server_no_context_takeover; server_no_context_takeover`,
  `${NAME}, ${NAME}`,
  "x-other",
];

for (const extensions of REFUSED) {
  // RFC 7692 §7 MUST impossible-answer
  netTest(`startConnection() of a client refuses the response ${extensions}`, async () => {
    const [client, far] = await openTcpConns();
    using peer = new RawPeer(new ConnTransport(far), "server");
    const ws = makeClient("ws://localhost/", { perMessageDeflate: true, transport: new ConnTransport(client) });
    const accepted = peer.accept(new Uint8Array(0), [`Sec-WebSocket-Extensions: ${extensions}`]);
    const error = await assertRejects(() => ws.startConnection(), HandshakeError);
    assertEquals([error.status, ws.readyState], [101, "closed"]);
    await accepted;
    assertEquals(await peer.frame(), "end");
  });
}

// RFC 7692 §5 MUST invalid-answer
netTest("startConnection() of a client without compression refuses a response that enables it", async () => {
  const [client, far] = await openTcpConns();
  using peer = new RawPeer(new ConnTransport(far), "server");
  const ws = makeClient("ws://localhost/", { transport: new ConnTransport(client) });
  const accepted = peer.accept(new Uint8Array(0), [`Sec-WebSocket-Extensions: ${NAME}`]);
  await assertRejects(() => ws.startConnection(), HandshakeError, "extension");
  await accepted;
});

netTest("a connection keeps reading after a message that took several turns to inflate, up to the Close", async () => {
  await openServer(NAME, {}, async (peer, ws) => {
    const events: string[] = [];
    ws.on("message", (message) => void events.push(`${typeof message} ${message.length}`));
    const closed = once(ws, "close");
    await peer.send(0xc2, zlibEncode(randomMessage(new Random(2), 3_000_000)));
    await peer.send(0x81, "Next");
    await peer.send(0xc1, zlibEncode(new Uint8Array(1_000_000).fill(97)));
    await peer.close(1000, "Done");
    assertEquals(await peer.frame(), "close 1000 Done");
    peer.leave();
    assertEquals((await closed)[0], { code: 1000, reason: "Done" });
    assertEquals(events, ["object 3000000", "string 4", "string 1000000"]);
  });
});

netTest(
  "a message inflated over several turns ends the connection with 1009 if too long, 1007 if corrupt",
  async () => {
    const long = zlibEncode(new Uint8Array(80 * 2 ** 20));
    const corrupt = new Uint8Array([...zlibEncode(randomMessage(new Random(2), 2_000_000)).subarray(0, -1), 7]);
    for (const [payload, code] of [[long, 1009], [corrupt, 1007]] as const) {
      await openServer(NAME, {}, async (peer, ws) => {
        const events: string[] = [];
        ws.on("error", (error) => void events.push(String(error.code)));
        const closed = new EventLog(ws).closed;
        await peer.send(0xc2, payload);
        assert((await peer.frame()).startsWith(`close ${code}`));
        peer.leave();
        assertEquals((await closed).code, code);
        assertEquals(events.length, 1);
      });
    }
  },
);

netTest("memory is freed after 1,000 compressed connections were opened and closed", async () => {
  const message = randomMessage(new Random(2), 3000);
  const use = async (ws: Client) => {
    const echoed = once(ws, "message");
    ws.send(message);
    await echoed;
  };
  const talk = (count: number) => Promise.all(Array.from({ length: 20 }, () => openMany(count / 20, use)));
  await talk(100);
  const before = memoryInUse();
  await talk(1000);
  // Both sides of a connection hold more than 200 KiB each while it is open: 400 MB, if they were kept.
  assertLess(memoryInUse() - before, 40 * 2 ** 20);
});

netTest("idle compressed connections hold no compressor", async () => {
  await using host = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const ws = makeServer(request, { perMessageDeflate: true });
    ws.startConnection();
    return ws.response;
  });
  const before = memoryInUse();
  const clients: Client[] = [];
  for (let i = 0; i < 100; i++) {
    const ws = makeClient(`ws://127.0.0.1:${(host.addr as Deno.NetAddr).port}/`, { perMessageDeflate: true });
    await ws.startConnection();
    clients.push(ws);
  }
  assertEquals(clients.map(({ extensions }) => extensions), Array(100).fill(NAME));
  // 200 ends, each with what it reads into, and no compressor of 168 KiB.
  assertLess(memoryInUse() - before, 200 * 20 * 1024);
  await Promise.all(clients.map(async (ws) => {
    const closed = once(ws, "close");
    ws.closeConnection();
    await closed;
  }));
});

/** Opens connections one after another, and closes each when it was used. */
async function openMany(count: number, use: (ws: Client) => Promise<void>): Promise<void> {
  await using host = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const ws = makeServer(request, { perMessageDeflate: true });
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
    return ws.response;
  });
  const url = `ws://127.0.0.1:${(host.addr as Deno.NetAddr).port}/`;
  for (let i = 0; i < count; i++) {
    const ws = makeClient(url, { perMessageDeflate: true });
    await ws.startConnection();
    await use(ws);
    const closed = once(ws, "close");
    ws.closeConnection();
    await closed;
  }
}
