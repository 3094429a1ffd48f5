import { assertEquals } from "@std/assert";
import { type Client, makeClient } from "../../mod.ts";
import { StreamTransport } from "../../src/transport/stream_transport.ts";
import { netTest } from "../support/permissions.ts";
import { concat } from "../support/frames.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { rawServer } from "../support/raw_server.ts";

/** More than what a connection reads at first, and then some that come by themselves. */
const EARLY = 460;
const LATER = 40;

const texts = Array.from({ length: EARLY + LATER }, (_, i) => `message ${i}`);

/** A server that sends messages in one piece with its answer, further ones behind it, and a Close. */
function talkative() {
  return rawServer(async (peer) => {
    await peer.accept(concat(texts.slice(0, EARLY).map((text) => peer.frameOf(0x81, text))));
    for (const text of texts.slice(EARLY)) await peer.send(0x81, text);
    await peer.close(1000);
    while (!(await peer.frame()).startsWith("close"));
    await peer.end();
  });
}

const PREPARED: Record<string, (ws: Client) => void> = {
  "does nothing else": () => {},
  'closes in a listener of "open"': (ws) => ws.on("open", () => ws.closeConnection()),
  "asks to go on before it is open": (ws) => ws.resume(),
  'pauses and goes on in a listener of "open"': (ws) => ws.on("open", () => pauseAndResume(ws)),
  'goes on in a listener of "message"': (ws) => ws.on("message", () => ws.resume()),
  'pauses and goes on in a listener of "message"': (ws) => ws.on("message", () => pauseAndResume(ws)),
};

function pauseAndResume(ws: Client): void {
  ws.pause();
  ws.resume();
}

/** What a client hears of its connection from now on. */
function hear(ws: Client): { messages: unknown[]; errors: unknown[] } {
  const messages: unknown[] = [];
  const errors: unknown[] = [];
  ws.on("message", (message) => messages.push(message));
  ws.on("error", (error) => errors.push(error));
  return { messages, errors };
}

for (const [name, prepare] of Object.entries(PREPARED)) {
  netTest(`a client that ${name} loses nothing that arrives with the response`, async () => {
    await using server = talkative();
    const ws = makeClient(server.url);
    const heard = hear(ws);
    prepare(ws);
    await ws.startConnection();
    assertEquals(await ws.closed, { code: 1000, reason: "" });
    assertEquals(heard, { messages: texts, errors: [] });
  });
}

netTest("a client that closes as soon as it is open loses nothing that arrives with the response", async () => {
  await using server = talkative();
  const ws = makeClient(server.url);
  await ws.startConnection();
  ws.closeConnection();
  const heard = hear(ws);
  assertEquals(await ws.closed, { code: 1000, reason: "" });
  assertEquals(heard, { messages: texts, errors: [] });
});

// Streams in memory need no turn of the event loop: a timer that is left over is one that the sanitizer reports.
Deno.test('terminate() in a listener of "open" leaves no timer that would start to read', async () => {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const peer = new RawPeer(new StreamTransport({ readable: there.readable, writable: back.writable }), "server");
  const ws = makeClient("ws://localhost/", { transport: { readable: back.readable, writable: there.writable } });
  ws.on("open", () => ws.terminate());
  await Promise.all([ws.startConnection(), peer.accept()]);
  assertEquals(ws.readyState, "closed");
  peer.leave();
});
