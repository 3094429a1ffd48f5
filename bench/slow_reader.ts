/**
 * A client on a slow line gets a long message back: does it come whole, and by how much does the server's process grow
 * at most? Each server runs in a process of its own, with its default heartbeat, and says why a connection has ended
 * before its time. Only Linux shows the memory.
 *
 *     deno run --allow-all bench/slow_reader.ts [--mib=60] [--speed=2] [--servers=ours,built-in,ws-deno] [--ours=FOLDER]
 */
import { parseArgs } from "node:util";
import { contendersOf, FLOOR, SERVERS } from "./contenders.ts";
import { makeFrame } from "./load/frames.js";
import { makeRequest } from "./load/handshake.js";
import { installPackages } from "./packages.ts";
import { Program } from "./program.ts";
import { MIB } from "./units.ts";

/** How much is read at a time, in bytes. */
const PORTION = 64 * 1024;

const BINARY = 0x82;
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;

const { values } = parseArgs({
  options: {
    mib: { type: "string", default: "60" },
    speed: { type: "string", default: "2" },
    servers: { type: "string" },
    ours: { type: "string", multiple: true, default: [] },
  },
});
const length = Number(values.mib) * MIB;
const speed = Number(values.speed) * MIB;

/** Reads no faster than a given number of bytes per second. */
class SlowLine {
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(PORTION);
  #free = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** The next bytes, which are overwritten by the next read. */
  async read(): Promise<Uint8Array> {
    const wait = this.#free - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const count = await this.#conn.read(this.#buffer);
    if (count === null) throw new Error("the server ended the connection");
    this.#free = Math.max(this.#free, performance.now() - 100) + 1000 * count / speed;
    return this.#buffer.subarray(0, count);
  }

  /** Writes after everything before: a Pong in the middle of the message would be taken for a part of it. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#written = this.#written.then(() => this.#writeAll(bytes));
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }
}

/** Sends the message fast, and reads its echo slowly; Pings are answered when they are read, after the message. */
async function measure(port: number): Promise<number> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const line = new SlowLine(conn);
  await line.write(makeRequest("/"));
  await line.read();
  const start = performance.now();
  const writing = line.write(makeFrame(BINARY, new Uint8Array(length), true));
  // If it fails, so does reading.
  writing.catch(() => {});
  let header: number[] = [];
  let [payload, first] = [0, 0];
  for (;;) {
    const bytes = await line.read();
    for (let at = 0; at < bytes.length;) {
      if (payload > 0) {
        const part = Math.min(payload, bytes.length - at);
        payload -= part;
        at += part;
      } else {
        header.push(bytes[at++]);
        const short = header[1] ?? 0;
        if (header.length < (short < 126 ? 2 : short === 126 ? 4 : 10)) continue;
        first = header[0];
        payload = short < 126 ? short : header.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
        header = [];
        if (first === CLOSE) throw new Error("the server closed the connection");
        // The Pings of all of these servers are short: their payload comes in the same read.
        if (first === PING) line.write(makeFrame(PONG, bytes.slice(at, at + payload), true)).catch(() => {});
      }
      if (first === BINARY && payload === 0) {
        await writing;
        return (performance.now() - start) / 1000;
      }
    }
  }
}

/** The most memory that a process has had, in MiB. */
function mostMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) / 1024;
}

const packages = await installPackages();
const setup = JSON.stringify({
  modules: packages.folder,
  load: "idle",
  payload: { length: 16, kind: "text" },
  fragments: 1,
  reports: true,
});
console.log(`${values.mib} MiB sent at full speed, and read at ${values.speed} MiB/s`);
for (const { id, name, command } of [...SERVERS, ...contendersOf(values.ours).servers]) {
  const program = command(packages);
  const chosen = values.servers?.split(",").includes(id.split("@")[0]) ?? id !== FLOOR;
  if (program === null || !chosen) continue;
  using server = new Program([...program, setup], { stderr: "inherit" });
  const port = await server.port();
  const before = mostMemory(server.pid);
  const outcome = await measure(port).then(
    (seconds) => `came whole after ${seconds.toFixed(0)} s`,
    (error) => `LOST: ${error.message}`,
  );
  console.log(`${name.padEnd(30)} ${outcome}; the server grew by ${(mostMemory(server.pid) - before).toFixed(0)} MiB`);
}
Deno.exit(0);
