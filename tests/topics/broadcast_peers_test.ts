/**
 * Broadcasts and sends, mixed, to peers of npm `ws`, Python's `websockets` and undici, with every agreement of
 * permessage-deflate: each peer echoes what it got, which must be what was sent, in order.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { broadcast, makeServer, type PerMessageDeflateOptions, prepareMessage, serve, type Server } from "@wsd/driver";
import { testWith } from "../support/permissions.ts";
import { Random } from "../support/random.ts";

const NEEDS = { net: true, read: true, env: true, run: true, sys: true, write: true };

/** Every combination of the four parameters, each asked for or not. */
const COMBINATIONS: readonly PerMessageDeflateOptions[] = Array.from({ length: 16 }, (_, bits) => ({
  ...(bits & 1 ? { serverNoContextTakeover: true } : {}),
  ...(bits & 2 ? { clientNoContextTakeover: true } : {}),
  ...(bits & 4 ? { serverMaxWindowBits: 9 } : {}),
  ...(bits & 8 ? { clientMaxWindowBits: 10 } : {}),
}));

type Message = string | Uint8Array;

const WORDS = ["price", "volume", "NASDAQ", "{", "}", ":", "1.25", " ", "\n", "ü", "\u{1f600}"];

/** Text like that of an application, which compresses, of up to so many words. */
function makeText(random: Random, words: number): string {
  return Array.from({ length: random.next(words) + 1 }, () => random.pick(WORDS)).join("");
}

/** What one connection was sent, and what of it has come back. */
class Talk {
  readonly ws: Server;
  readonly expected: Message[] = [];
  readonly #done = Promise.withResolvers<void>();
  #count = 0;

  constructor(ws: Server) {
    this.ws = ws;
    ws.on("message", (message) => this.#onMessage(message));
    ws.on("close", ({ code, reason }) => this.#done.reject(new Error(`Closed with ${code} ${reason}`)));
  }

  #onMessage(message: Message): void {
    const expected = this.expected[this.#count++];
    const same = typeof expected === "string"
      ? message === expected
      : typeof message !== "string" && Buffer.compare(message, expected) === 0;
    if (!same) this.#done.reject(new Error(`Message ${this.#count} came back as another`));
    if (message === "end") this.#done.resolve();
  }

  /** Sends to this one alone. */
  send(message: string, options?: { compress: boolean }): void {
    this.ws.send(message, options);
    this.expected.push(message);
  }

  async end(): Promise<void> {
    await this.#done.promise;
    this.ws.closeConnection();
    assertEquals((await this.ws.closed).code, 1000);
  }
}

/** Sends to all and to each in turn, and waits until every peer has echoed everything. */
async function converse(talks: readonly Talk[], seed: number): Promise<void> {
  const random = new Random(seed);
  const all = talks.map(({ ws }) => ws);
  const toAll = (message: Message, send: (message: Message) => void) => {
    send(message);
    for (const { expected } of talks) expected.push(message);
  };
  for (let i = 0; i < 60; i++) {
    toAll(makeText(random, 200), (message) => assertEquals(broadcast(all, message).sent, talks.length));
    for (const talk of talks) if (random.next(2) === 0) talk.send(makeText(random, 100));
    toAll(new TextEncoder().encode(makeText(random, 300)), (bytes) => broadcast(all, bytes, { compress: "each" }));
    if (i % 3 === 0) toAll(makeText(random, 50), (message) => broadcast(all, message, { compress: false }));
    if (i % 7 === 0) {
      toAll(makeText(random, 20_000), (message) => {
        const prepared = prepareMessage(message);
        for (const ws of all) ws.send(prepared);
      });
    }
    if (i % 5 === 0) { for (const talk of talks) talk.send(makeText(random, 400), { compress: i % 2 === 0 }); }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  toAll("end", (message) => broadcast(all, message));
  await Promise.all(talks.map((talk) => talk.end()));
}

/** Our server, on which the connection to the path `/n` has the combination n. Talks once so many are there. */
async function talk(count: number, connect: (port: number) => Promise<unknown>): Promise<string[]> {
  const talks: Talk[] = [];
  const ready = Promise.withResolvers<void>();
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const index = Number(new URL(request.url).pathname.slice(1));
    const ws = makeServer(request, { perMessageDeflate: { ...COMBINATIONS[index % 16], threshold: 0 } });
    ws.on("open", () => {
      if (talks.push(new Talk(ws)) === count) ready.resolve();
    });
    ws.startConnection();
    return ws.response;
  });
  try {
    const peers = connect((server.addr as Deno.NetAddr).port);
    peers.catch(ready.reject);
    await ready.promise;
    await converse(talks, count);
    await peers;
    return talks.map(({ ws }) => ws.extensions);
  } finally {
    await server.shutdown();
  }
}

// deno-lint-ignore no-explicit-any
type Untyped = any;

testWith(
  NEEDS,
  "broadcast() and send(), mixed, reach npm ws in order with every agreement of compression",
  async () => {
    const { WebSocket }: Untyped = await import("npm:ws@8.18.3");
    const extensions = await talk(17, async (port) => {
      await Promise.all(Array.from({ length: 17 }, async (_, index) => {
        // The last one has no compression at all.
        const perMessageDeflate = index < 16 ? { ...COMBINATIONS[index], threshold: 0 } : false;
        const socket = new WebSocket(`ws://127.0.0.1:${port}/${index}`, { perMessageDeflate, maxPayload: 2 ** 21 });
        socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
        await once(socket, "close");
      }));
    });
    assertEquals(extensions.filter((value) => value === "").length, 1);
    assertEquals(new Set(extensions).size, 17);
  },
);

testWith(NEEDS, "broadcast() and send(), mixed, reach undici in order", async () => {
  const peers = new URL("./_undici_peers.ts", import.meta.url).pathname;
  const extensions = await talk(4, async (port) => {
    const args = ["run", "-A", peers, `${port}`, "0", "1", "4", "5"];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stderr: "piped" }).output();
    assert(success, new TextDecoder().decode(stderr));
  });
  assert(extensions.every((value) => value.startsWith("permessage-deflate")), extensions.join());
});

const PEERS = new URL("./_websockets_peers.py", import.meta.url).pathname;

/** A Python that has the package, null if there is none; another than Debian's may come first on the path. */
async function findPython(): Promise<string | null> {
  if ((await Deno.permissions.query({ name: "run" })).state !== "granted") return "python3";
  const args = ["-c", "import websockets.extensions.permessage_deflate"];
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const { success } = await new Deno.Command(python, { args, stdout: "null", stderr: "null" }).output();
      if (success) return python;
    } catch {
      // It is not there.
    }
  }
  return null;
}

const python = await findPython() ?? "";
const ignore = python === "";

testWith(
  NEEDS,
  "broadcast() and send(), mixed, reach Python's websockets in order with every agreement of compression" +
    (ignore ? " (ignored for want of python3 with websockets)" : ""),
  async () => {
    const options = COMBINATIONS.map((combination) => {
      const entries = Object.entries(combination);
      return JSON.stringify(Object.fromEntries(
        entries.map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
      ));
    });
    const extensions = await talk(16, async (port) => {
      const command = new Deno.Command(python, { args: [PEERS, `${port}`, ...options], stderr: "piped" });
      const { success, stderr } = await command.output();
      assert(success, new TextDecoder().decode(stderr));
    });
    assertEquals(new Set(extensions).size, 16);
  },
  { ignore },
);
