import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { makeClient, makeServer, type PerMessageDeflateOptions, serve, type WebSocketDriver } from "../../mod.ts";
import { testWith } from "../support/permissions.ts";
import { COMBINATIONS } from "../support/deflate_combinations.ts";
import { ignore, python, PYTHON_COMBINATIONS, WHY } from "../support/python_websockets.ts";
import { Random } from "../support/random.ts";
import { randomMessage } from "./_pair.ts";

const NEEDS = { net: true, read: true, env: true, run: true, sys: true, write: true };

/** So many messages on each of 16 connections are more than 1,000 each way. */
const MESSAGES = 63;

/** Messages of 0 B to 1 MiB, most of them short, text and binary. */
function makeMessages(seed: number): (string | Uint8Array)[] {
  const random = new Random(seed);
  const lengths = Array.from({ length: MESSAGES - 3 }, () => random.next(random.pick([20, 500, 3000, 3000, 60_000])));
  const longest = seed === 3 ? 2 ** 20 : 80_000;
  return [...lengths, 0, longest / 2, longest].map((length, index) => {
    const bytes = randomMessage(random, length);
    return index % 2 === 0 ? bytes : new TextDecoder("latin1").decode(bytes);
  });
}

/** Sends all messages, some at a time, and compares what comes back. */
async function converse(ws: WebSocketDriver, messages: readonly (string | Uint8Array)[]): Promise<void> {
  const received = Promise.withResolvers<void>();
  let count = 0;
  ws.on("message", (message) => {
    const expected = messages[count++];
    const same = typeof expected === "string"
      ? message === expected
      : typeof message !== "string" && Buffer.compare(message, expected) === 0;
    if (!same) received.reject(new Error(`Message ${count - 1} of ${expected.length} came back as another`));
    if (count === messages.length) received.resolve();
    else if (count % 9 === 0) send();
  });
  ws.on("close", ({ code, reason }) => received.reject(new Error(`Closed with ${code} ${reason} after ${count}`)));
  const send = () => {
    for (const message of messages.slice(count, count + 9)) ws.send(message);
  };
  send();
  await received.promise;
  ws.closeConnection();
}

/** What the response must and must not have for a combination. */
function checkExtensions(extensions: string, options: PerMessageDeflateOptions): void {
  assert(extensions.startsWith("permessage-deflate"), extensions);
  const has = (text: string) => extensions.includes(text);
  assertEquals(has("server_no_context_takeover"), options.serverNoContextTakeover ?? false, extensions);
  if (options.clientNoContextTakeover) assert(has("client_no_context_takeover"), extensions);
  assertEquals(has("server_max_window_bits=9"), options.serverMaxWindowBits === 9, extensions);
  if (options.clientMaxWindowBits === 10) assert(has("client_max_window_bits=10"), extensions);
}

/** Our client with each combination, against a peer's server for each. */
async function talkAsClient(ports: readonly number[]): Promise<void> {
  for (const [index, port] of ports.entries()) {
    const options = COMBINATIONS[index];
    const ws = makeClient(`ws://127.0.0.1:${port}/`, { perMessageDeflate: { ...options, threshold: 0 } });
    await ws.startConnection();
    checkExtensions(ws.extensions, options);
    const closed = once(ws, "close");
    await converse(ws, makeMessages(index));
    assertEquals((await closed)[0].code, 1000);
  }
}

/** Our server, whose connection to the path `/n` has the combination n; calls back with its port, and waits for all. */
async function talkAsServer(connect: (port: number) => Promise<void>): Promise<void> {
  const talks: Promise<void>[] = [];
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const index = Number(new URL(request.url).pathname.slice(1));
    const options = COMBINATIONS[index];
    const ws = makeServer(request, { perMessageDeflate: { ...options, threshold: 0 } });
    talks.push(
      once(ws, "open").then(() => {
        checkExtensions(ws.extensions, options);
        return converse(ws, makeMessages(index));
      }),
    );
    ws.startConnection();
    return ws.response;
  });
  try {
    await connect((server.addr as Deno.NetAddr).port);
    assertEquals(talks.length, COMBINATIONS.length);
    await Promise.all(talks);
  } finally {
    await server.shutdown();
  }
}

// npm ws

// deno-lint-ignore no-explicit-any
type Untyped = any;

const loadWs = async (): Promise<Untyped> => await import("npm:ws@8.18.3");

// RFC 7692 §7.2.2 MUST offer-not-binding
testWith(NEEDS, "our client and npm ws exchange compressed messages with every combination of parameters", async () => {
  const { WebSocketServer } = await loadWs();
  const servers: Untyped[] = [];
  for (const options of COMBINATIONS) {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: { ...options, threshold: 0 } });
    server.on("connection", (socket: Untyped) => {
      socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
    });
    await once(server, "listening");
    servers.push(server);
  }
  try {
    await talkAsClient(servers.map((server) => server.address().port));
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
});

testWith(NEEDS, "our server and npm ws exchange compressed messages with every combination of parameters", async () => {
  const { WebSocket } = await loadWs();
  await talkAsServer(async (port) => {
    for (const [index, options] of COMBINATIONS.entries()) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/${index}`, {
        perMessageDeflate: { ...options, threshold: 0 },
        maxPayload: 2 ** 21,
      });
      socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
      const [code] = await once(socket, "close");
      assertEquals(code, 1000);
    }
  });
});

// Python's websockets

const PEER = new URL("./_websockets_peer.py", import.meta.url).pathname;

testWith(
  NEEDS,
  `our client and Python's websockets exchange compressed messages with every combination of parameters${WHY}`,
  async () => {
    await using peer = new Deno.Command(python, {
      args: [PEER, "server", ...PYTHON_COMBINATIONS],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = peer.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (text.split("\n").length <= COMBINATIONS.length) text += (await reader.read()).value;
    await talkAsClient(text.trim().split("\n").map(Number));
    await peer.stdin.close();
    assert((await peer.status).success);
    await reader.cancel();
  },
  { ignore },
);

testWith(
  NEEDS,
  `our server and Python's websockets exchange compressed messages with every combination of parameters${WHY}`,
  async () => {
    await talkAsServer(async (port) => {
      const args = [PEER, "client", String(port), ...PYTHON_COMBINATIONS];
      const { success, stderr } = await new Deno.Command(python, { args, stderr: "piped" }).output();
      assert(success, new TextDecoder().decode(stderr));
    });
  },
  { ignore },
);
