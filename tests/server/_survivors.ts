/**
 * Prints how many bytes survive V8's minor collections of each connection, or of each wait on one, as JSON. Run it with
 * `--v8-flags=--expose-gc`, and so much memory that V8 collects only when it is told to.
 */
import { getHeapSpaceStatistics } from "node:v8";
import { connect, makePair, makeServer, serve, type Server } from "../../mod.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { RawPeer } from "../support/raw_peer.ts";

const ROUNDS = 9;
const HOSTNAME = "127.0.0.1";
/** How many connections are open at a time. */
const OPEN = 32;

const { gc } = globalThis as unknown as { gc: (options: { type: "minor" }) => void };

/** An object that has survived two minor collections is old. */
async function oldSpace(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve));
  gc({ type: "minor" });
  gc({ type: "minor" });
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")!.space_used_size;
}

/** What each call leaves behind, in bytes: the median of several rounds, since now and then something else grows. */
async function survivorsOf(step: () => Promise<unknown>, count: number, atOnce: number): Promise<number> {
  const round = async () => {
    let waiting = count;
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (waiting-- > 0) await step();
    }));
    return await oldSpace();
  };
  // The first round also compiles.
  let before = await round();
  const left: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const now = await round();
    left.push((now - before) / count);
    before = now;
  }
  return left.toSorted((a, b) => a - b)[ROUNDS >> 1];
}

/** Connects to a server, closes, and waits for the server's end of it. */
async function visit({ port }: Deno.NetAddr, ended: () => Promise<void>): Promise<void> {
  using peer = await RawPeer.dial(port);
  await peer.open();
  await peer.close(1000);
  await peer.frame();
  await peer.frame();
  peer.leave();
  await ended();
}

/** Accepts a client, and answers its Close. */
async function answer(peer: RawPeer): Promise<void> {
  await peer.accept();
  await peer.frame();
  await peer.close(1000);
  peer.leave();
}

/** Accepts connections, and lets somebody wait for the end of each. */
function acceptor() {
  const ends: Promise<unknown>[] = [];
  const accept = (request: Request) => {
    const ws: Server = makeServer(request);
    ends.push(ws.closed);
    return ws.accept();
  };
  return { accept, ended: async () => void await ends.shift() };
}

const left: Record<string, number> = {};
{
  const { accept, ended } = acceptor();
  const server = serve({ hostname: HOSTNAME, port: 0, onListen() {} }, accept);
  left["a connection of serve()"] = await survivorsOf(() => visit(server.addr, ended), 100, OPEN);
  await server.shutdown();
}
{
  const { accept, ended } = acceptor();
  const server = Deno.serve({ hostname: HOSTNAME, port: 0, onListen() {} }, accept);
  left["a connection of Deno.serve()"] = await survivorsOf(() => visit(server.addr, ended), 100, OPEN);
  await server.shutdown();
}
{
  const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const accepting = (async () => {
    for await (const conn of listener) void answer(new RawPeer(new ConnTransport(conn), "server"));
  })();
  const connectOnce = async () => {
    const client = await connect(`ws://${HOSTNAME}:${listener.addr.port}/`);
    client.closeConnection();
    await client.closed;
  };
  left["a connection of connect()"] = await survivorsOf(connectOnce, 100, OPEN);
  listener.close();
  await accepting;
}
{
  await using pair = await makePair();
  pair.server.on("message", (message) => pair.server.send(message));
  left["a call of receive()"] = await survivorsOf(
    async () => {
      pair.client.send("Hi");
      await pair.client.receive();
    },
    1000,
    1,
  );
  left["a call of ping()"] = await survivorsOf(() => pair.client.ping(), 1000, 1);
}
console.log(JSON.stringify(left));
