/**
 * What families 12 and 13 of Autobahn|Testsuite ask of compression, asked of the programs here that the suite is run
 * against. The peer is npm's ws, which we did not write; if it can't do what the suite does, the peer is our own.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { assert, assertEquals } from "@std/assert";
import { type PerMessageDeflateOptions, serve } from "@wsd/driver";
import { ZlibPeer } from "../deflate/_pair.ts";
import { testWith } from "../support/permissions.ts";
import { type CompressedCase, type CompressedFamily, families, severalOffers } from "./_compressed_cases.ts";
import { Fuzzer } from "./_fuzzer.ts";
import { runCases } from "./client.ts";
import { echo } from "./server.ts";

const NEEDS = { net: true, read: true, env: true, sys: true };

/** How long a case may take, in milliseconds; each takes far less. */
const LIMIT = 20_000;

const RSV1 = 4;

type Ws = typeof import("npm:ws@8.18.3");
type WebSocket = InstanceType<Ws["WebSocket"]>;

/** Loaded inside the tests, as it reads the environment when it is loaded. */
function load(): Promise<Ws> {
  return import("npm:ws@8.18.3");
}

for (const family of families) {
  testWith(NEEDS, `server.ts passes what family ${family.id}.* asks for: ${family.what}`, async (t) => {
    const ws = await load();
    await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, echo);
    const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
    for (const member of family.cases) {
      await t.step(nameOf(member), async () => {
        const socket = new ws.WebSocket(url, { perMessageDeflate: { ...family.asked, threshold: 0 } });
        const [[response]] = await Promise.all([once(socket, "upgrade"), once(socket, "open")]);
        const outcome = run(member, socket);
        checkAnswer(response.headers["sec-websocket-extensions"], family.asked);
        await outcome;
      });
    }
  });

  testWith(NEEDS, `client.ts passes what family ${family.id}.* asks for: ${family.what}`, async () => {
    const { url, outcomes, close } = await fuzz(await load(), family);
    try {
      assertEquals(await runCases(url), family.cases.length);
      await Promise.all(outcomes);
      assertEquals(outcomes.length, family.cases.length);
    } finally {
      await close();
    }
  });
}

/** A fuzzing server as the suite's is, made of ws; it asks of our client what the family says. */
async function fuzz({ WebSocketServer }: Ws, { cases, demanded }: CompressedFamily) {
  const web = createServer();
  const plain = new WebSocketServer({ noServer: true });
  const compressing = new WebSocketServer({ noServer: true, perMessageDeflate: { ...demanded, threshold: 0 } });
  const outcomes: Promise<void>[] = [];
  web.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname, searchParams } = new URL(request.url!, "ws://localhost");
    if (pathname === "/runCase") {
      compressing.handleUpgrade(request, socket, head, (peer: WebSocket) => {
        const outcome = run(cases[Number(searchParams.get("case")) - 1], peer);
        // All are awaited in the end.
        outcome.catch(() => {});
        outcomes.push(outcome);
      });
    } else {
      plain.handleUpgrade(request, socket, head, (peer: WebSocket) => {
        if (pathname === "/getCaseCount") peer.send(String(cases.length));
        peer.close(1000);
      });
    }
  });
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  const close = () => new Promise((resolve) => web.close(resolve));
  return { url: `ws://127.0.0.1:${(web.address() as AddressInfo).port}/`, outcomes, close };
}

/** Sends the messages one after the other, compares what comes back, and closes. */
async function run({ messages, binary, fragment }: CompressedCase, socket: WebSocket): Promise<void> {
  const closed = once(socket, "close");
  const lost = closed.then(([code]) => Promise.reject(new Error(`Closed with ${code} before the echo`)));
  lost.catch(() => {});
  const timer = setTimeout(() => socket.terminate(), LIMIT);
  try {
    assertEquals(socket.extensions, "permessage-deflate");
    for (const message of messages) {
      const echoed = once(socket, "message");
      for (let at = 0; at < message.length; at += fragment) {
        const fin = at + fragment >= message.length;
        socket.send(message.subarray(at, at + fragment), { binary, compress: true, fin });
      }
      const [data, isBinary] = await Promise.race([echoed, lost]);
      assertEquals(isBinary, binary);
      assert(Buffer.compare(data, message) === 0, "Another message came back");
    }
    socket.close(1000);
    assertEquals((await closed)[0], 1000);
  } finally {
    clearTimeout(timer);
    socket.terminate();
  }
}

/** The server has to promise what it was asked for. */
function checkAnswer(answer: string, { serverNoContextTakeover, serverMaxWindowBits }: PerMessageDeflateOptions): void {
  const parameters = answer.split("; ").filter((parameter) => parameter.startsWith("server_"));
  assertEquals(parameters, [
    ...(serverNoContextTakeover ? ["server_no_context_takeover"] : []),
    ...(serverMaxWindowBits === undefined ? [] : [`server_max_window_bits=${serverMaxWindowBits}`]),
  ]);
}

const CLIENT = "client_no_context_takeover; client_max_window_bits";
const OFFERS = [
  `permessage-deflate; ${CLIENT}; server_no_context_takeover; server_max_window_bits=9`,
  `permessage-deflate; ${CLIENT}; server_no_context_takeover`,
  `permessage-deflate; ${CLIENT}`,
];

testWith(
  { net: true },
  "server.ts passes what family 13.7.* asks for: three offers, the first of which it takes",
  async (t) => {
    await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, echo);
    for (const member of severalOffers.cases) {
      await t.step(nameOf(member), async () => {
        const fuzzer = await Fuzzer.connect((server.addr as Deno.NetAddr).port, OFFERS.join(", "));
        const timer = setTimeout(() => fuzzer.close(), LIMIT);
        try {
          checkAnswer(fuzzer.extensions, { serverNoContextTakeover: true, serverMaxWindowBits: 9 });
          await runByHand(member, fuzzer);
        } finally {
          clearTimeout(timer);
          fuzzer.close();
        }
      });
    }
  },
);

/**
 * As the suite does: compresses each message as a whole, and cuts what comes of it into frames. Nothing is taken over in
 * either direction, so that each message has a compressor of its own, and what comes back fits the window promised.
 */
async function runByHand({ messages, binary, fragment }: CompressedCase, fuzzer: Fuzzer): Promise<void> {
  const opcode = binary ? 2 : 1;
  for (const message of messages) {
    using zlib = new ZlibPeer(15, 9);
    await fuzzer.sendFragments(opcode, await zlib.encode(message), fragment, RSV1);
    const frame = await fuzzer.receive();
    assert(frame !== null, "The connection ended before the echo");
    assertEquals([frame.fin, frame.rsv, frame.opcode], [true, RSV1, opcode]);
    assert(Buffer.compare(await zlib.decode(frame.payload), message) === 0, "Another message came back");
  }
  await fuzzer.expectCleanEnd();
}

Deno.test("no two cases of compression have the same name, and none has too little data", () => {
  const cases = [...families, severalOffers].flatMap(({ cases }) => cases);
  assertEquals(cases.length, 12 * 18);
  assertEquals(new Set(cases.map(({ id }) => id)).size, cases.length);
  assert(cases.every(({ messages }) => messages.length >= 3 && messages.every(({ length }) => length >= 16)));
});

function nameOf({ id, what }: CompressedCase): string {
  return `${id}: ${what}`;
}
