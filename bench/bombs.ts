/**
 * Forty connections that send 65 KB each, which inflate to 64 MiB each: by how much the server's process grows at most,
 * when the answers come, and how long another connection waits for the answer to a short message. Ours, npm `ws` on
 * Deno and on Node, each server in a process of its own; Deno's built-in one can't compress. Only Linux shows how much
 * memory a process had at most.
 *
 *     deno run --allow-all bench/bombs.ts [--connections=40] [--servers=ours,ws-deno]
 */
import { Buffer } from "node:buffer";
import { constants, deflateRawSync } from "node:zlib";
import { makeFrame } from "./load/frames.js";
import { installPackages } from "./packages.ts";
import { pathOf } from "./paths.ts";
import { Program } from "./program.ts";
import { MIB } from "./units.ts";

const LENGTH = 64 * MIB - 1;
const argument = (name: string) => Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
const connections = Number(argument("connections") ?? 40);

const compress = (bytes: Uint8Array) =>
  makeFrame(0xc2, deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), true);
const BOMB = compress(new Uint8Array(LENGTH));
const SHORT = compress(Buffer.from("Hello ".repeat(20)));

/** One end of a connection. */
class Peer {
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(1024);

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(port: number): Promise<Peer> {
    const peer = new Peer(await Deno.connect({ hostname: "127.0.0.1", port }));
    const head = "GET /length HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    await peer.write(new TextEncoder().encode(head));
    const answer = await peer.read();
    if (!answer.includes("permessage-deflate")) throw new Error("doesn't compress");
    return peer;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  async read(): Promise<string> {
    const count = await this.#conn.read(this.#buffer);
    if (count === null) throw new Error("The server ended the connection");
    return new TextDecoder("latin1").decode(this.#buffer.subarray(0, count));
  }

  /** Sends a message, and waits for the answer in milliseconds; a heartbeat's Ping is none. */
  async ask(frame: Uint8Array): Promise<number> {
    const start = performance.now();
    await this.write(frame);
    while ((await this.read()).startsWith("\x89"));
    return performance.now() - start;
  }

  close(): void {
    this.#conn.close();
  }
}

function memory(pid: number, name: string): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

const percentile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

async function measure(port: number, pid: number): Promise<string> {
  const peers = await Promise.all(Array.from({ length: connections }, () => Peer.open(port)));
  const beside = await Peer.open(port);
  for (let i = 0; i < 100; i++) await beside.ask(SHORT);
  const before = memory(pid, "VmRSS");
  const waits: number[] = [];
  let exploding = true;
  const asking = (async () => {
    while (exploding) waits.push(await beside.ask(SHORT));
  })();
  const times = await Promise.all(peers.map((peer) => peer.ask(BOMB)));
  exploding = false;
  await asking;
  for (const peer of [...peers, beside]) peer.close();
  const growth = memory(pid, "VmHWM") - before;
  return `grows by ${growth.toFixed(0).padStart(5)} MiB   first answer after ${
    Math.min(...times).toFixed(0)
  } ms, last after ${Math.max(...times).toFixed(0)} ms   beside them p50 ${percentile(waits, 0.5).toFixed(1)} ms, p99 ${
    percentile(waits, 0.99).toFixed(1)
  } ms, most ${Math.max(...waits).toFixed(0)} ms`;
}

const packages = await installPackages();
const { versions } = packages;
const setup = JSON.stringify({ modules: packages.folder });
const deno = (file: string) => [Deno.execPath(), "run", "-A", "-q", pathOf(file)];
const SERVERS: Record<string, string[]> = {
  "ours": deno("servers/compressed_ours.ts"),
  "built-in": deno("servers/built_in.ts"),
  "ws-deno": deno("servers/compressed_ws.js"),
  "ws-node": ["node", pathOf("servers/compressed_ws.js")],
};
const servers = argument("servers")?.split(",") ?? Object.keys(SERVERS);
console.log(`Deno ${Deno.version.deno}, ws ${versions.ws}, Node ${versions.node}; ${connections} bombs of 64 MiB`);
for (const id of servers) {
  const command = SERVERS[id];
  if (command === undefined) {
    throw new TypeError(`Cannot take --servers: received ${id}, expected ${Object.keys(SERVERS)}`);
  }
  using server = new Program([...command, setup]);
  const outcome = await measure(await server.port(), server.pid).catch(({ message }) => message);
  console.log(`${id.padEnd(9)} ${outcome}`);
}
Deno.exit(0);
