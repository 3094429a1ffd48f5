// A process that was held up runs its timers before it reads what has arrived meanwhile: no peer is cut for that.
import { assertEquals } from "@std/assert";
import { makeClient, type ServerOptions } from "@wsd/driver";
import { IdleTimer } from "../../src/connection/idle_timer.ts";
import { SharedTimeout } from "../../src/connection/shared_timeout.ts";
import { acceptKey } from "../../src/handshake/accept_key.ts";
import { sha1 } from "../../src/handshake/sha1.ts";
import { acceptOn } from "../../src/server/accept_on.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { netTest } from "../support/permissions.ts";
import { field, handshake, RawPeer } from "../support/raw_peer.ts";

const HOSTNAME = "127.0.0.1";

/** A time-out, in milliseconds. */
const TIMEOUT = 200;

/** Holds up the process for longer than the time-out. What was written before is with the system. */
function holdUp(): void {
  for (const end = performance.now() + 2 * TIMEOUT; performance.now() < end;);
}

/** A server's answer that accepts a request. */
function answerTo(request: string): string {
  const key = acceptKey(field(request, "sec-websocket-key") ?? "", sha1);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${key}\r\n\r\n`;
}

/** Both ends of a TCP connection. */
async function connect(): Promise<{ peer: RawPeer; transport: ConnTransport }> {
  using listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [conn, accepted] = await Promise.all([Deno.connect({ hostname: HOSTNAME, port }), listener.accept()]);
  return { peer: new RawPeer(new ConnTransport(conn)), transport: new ConnTransport(accepted) };
}

/** A server whose client is a bare peer. */
async function accept(options: ServerOptions) {
  const { peer, transport } = await connect();
  const [ws] = await Promise.all([acceptOn(transport, { pingInterval: 0, ...options }), peer.open()]);
  const errors: unknown[] = [];
  ws.on("error", ({ code }) => errors.push(code));
  return { ws, peer, errors, closed: new Promise<number>((resolve) => ws.on("close", ({ code }) => resolve(code))) };
}

// Row: late-timer
netTest("heartbeat reads a Pong that has arrived while the process was held up", async () => {
  const { ws, peer, closed } = await accept({ pingInterval: 160, pingTimeout: TIMEOUT });
  const outcome = Promise.race([new Promise<string>((resolve) => ws.on("pong", () => resolve("pong"))), closed]);
  const [, payload] = (await peer.frame()).split(" ");
  const answered = peer.send(0x8a, Uint8Array.fromHex(payload));
  holdUp();
  await answered;
  assertEquals(await outcome, "pong");
  ws.terminate();
  await closed;
  peer.leave();
});

// Row: late-timer
netTest("IdleTimer looks again whether something has arrived while the process was held up", async () => {
  const { peer, transport } = await connect();
  let [received, looks] = [0, 0];
  const reading = transport.read(new Uint8Array(1)).then(() => received++);
  const { promise: outcome, resolve } = Promise.withResolvers<string>();
  // What is held up is the reading of bytes, as by a message that takes long to process: timers come behind that.
  const writing = peer.take(1).then(() => {
    const written = peer.write("x");
    holdUp();
    return written;
  });
  const activity = () => {
    looks++;
    // The first one was at the beginning. One more that finds no change would be the end.
    if (looks === 2) transport.write(new Uint8Array(1)).catch(resolve);
    if (looks === 4) resolve(`received ${received}`);
    return received;
  };
  const timer = new IdleTimer(activity, () => resolve("idle"), TIMEOUT);
  assertEquals(await outcome, "received 1");
  timer.stop();
  await Promise.all([writing, reading]);
  peer.leave();
  transport.close();
});

// Row: late-timer
netTest("closeTimeout does not cut a peer whose Close has arrived while the process was held up", async () => {
  const { ws, peer, errors, closed } = await accept({ closeTimeout: TIMEOUT });
  ws.close(1000, "Bye");
  assertEquals(await peer.frame(), "close 1000 Bye");
  const answered = peer.close(1000, "Bye");
  holdUp();
  await answered;
  assertEquals(await peer.frame(), "end");
  peer.leave();
  assertEquals([await closed, errors], [1000, []]);
});

// Row: late-timer
netTest("handshakeTimeout does not cut a client whose request has arrived while the process was held up", async () => {
  const { peer, transport } = await connect();
  const accepted = acceptOn(transport, { pingInterval: 0, handshakeTimeout: TIMEOUT });
  const asked = peer.write(handshake());
  holdUp();
  await asked;
  const ws = await accepted;
  assertEquals((await peer.head()).slice(0, 12), "HTTP/1.1 101");
  ws.terminate();
  peer.leave();
});

// Row: late-timer
netTest(
  "handshakeTimeout does not give up a server whose answer has arrived while the process was held up",
  async () => {
    using listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const ws = makeClient(`ws://${HOSTNAME}:${port}/`, { pingInterval: 0, handshakeTimeout: TIMEOUT });
    const opened = ws.startConnection();
    const peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
    const answered = peer.write(answerTo(await peer.head()));
    holdUp();
    await answered;
    await opened;
    ws.terminate();
    peer.leave();
  },
);

Deno.test("SharedTimeout postpones a late callback once, by as much as it is late", async () => {
  const start = performance.now();
  const times: number[] = [];
  const done = new Promise<void>((resolve) => {
    SharedTimeout.after(TIMEOUT, () => {
      times.push(performance.now() - start);
      resolve();
    });
  });
  holdUp();
  let turns = 0;
  setTimeout(() => turns++);
  await done;
  assertEquals([turns, times[0] >= 3 * TIMEOUT - 1], [1, true]);
});
