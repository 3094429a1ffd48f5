/**
 * Broadcasts and sends, mixed, to peers that echo: what comes back must be what was sent, in order.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { broadcast, makeServer, prepareMessage, serve, type Server } from "@wsd/driver";
import { COMBINATIONS } from "../support/deflate_combinations.ts";
import { Random } from "../support/random.ts";

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

/**
 * Runs our server, on which the connection to the path `/n` has the combination n, and talks once so many are there.
 *
 * @param count How many peers there will be.
 * @param connect Has them connect to a port, and resolves when all have gone.
 * @param page What other requests are answered with.
 * @returns What each connection has agreed on.
 */
export async function talk(
  count: number,
  connect: (port: number) => Promise<unknown>,
  page = "",
): Promise<string[]> {
  const talks: Talk[] = [];
  const ready = Promise.withResolvers<void>();
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    if (request.headers.get("upgrade") === null) {
      return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
    }
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
