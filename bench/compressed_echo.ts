/**
 * Echo over compressed connections: ours, npm `ws` on Deno and on Node, and Bun side by side, at level 6 with a window of
 * 32 KiB and context takeover. (Bun chooses its own level, and its replies refer to nothing before them.) Each server
 * runs in a process of its own, in turn, for several rounds. One row has JSON with values that vary, another one the same
 * five messages again and again.
 *
 *     deno run --allow-all bench/compressed_echo.ts [--rounds=5] [--connections=8] [--in-flight=8] [--lengths=200,4096]
 *         [--kinds=varying,repeated] [--servers=ours,bun] [--one-core] [--idle=300]
 *
 * At last, so many connections stay open when each has echoed 20 messages (--idle), and the server's memory is divided by
 * their number; --rounds=0 asks for that alone.
 *
 * Node compresses on threads of their own. With `--one-core`, on Linux, every server is held to one core of the machine
 * and the load stays on the others, as if the server's process had a core to itself.
 *
 * The load is composed beforehand: what a client with zlib would send from the first message of a connection on. What
 * comes back is counted by frames; the first connection's replies to a new server are inflated and compared.
 */
import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync } from "node:zlib";
import { type Kind, KINDS, makeMessages } from "./compressed_messages.ts";
import { makeFrame } from "./load/frames.js";
import { cpuSeconds, residentBytes } from "./load/meter.js";
import { installPackages, type Packages } from "./packages.ts";
import { pathOf } from "./paths.ts";

/** A kind of message. */
interface Row {
  readonly kind: Kind;
  readonly length: number;
  /** How many are sent on each connection. */
  readonly count: number;
}

/** The bytes that one connection sends, and the lengths of its messages. */
interface Script {
  readonly messages: Uint8Array[];
  readonly frames: Uint8Array[];
  /** The same for a server that wants no message to refer to those before it. */
  readonly alone: Uint8Array[];
}

/** One measurement. */
interface Sample {
  readonly rate: number;
  /** The server's CPU time per message, in microseconds. */
  readonly cpu: number;
  /** Bytes that came back, per message. */
  readonly bytes: number;
}

function listed(name: string): string[] | undefined {
  return Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1].split(",");
}

const lengths = (listed("lengths") ?? ["200", "4096", "65536"]).map(Number);
const kinds = listed("kinds") ?? KINDS;
const ROWS: readonly Row[] = KINDS.filter((kind) => kinds.includes(kind)).flatMap((kind) =>
  lengths.map((length) => ({ kind, length, count: Math.max(40, Math.min(6000, Math.round(2_400_000 / length))) }))
);

const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);

/** Holds a server to the machine's first core. */
const held = Deno.args.includes("--one-core") ? ["taskset", "--cpu-list", "0"] : [];

const deno = (file: string) => [Deno.execPath(), "run", "-A", "-q", pathOf(file)];

function option(name: string, otherwise: number): number {
  const given = Deno.args.find((arg) => arg.startsWith(`--${name}=`));
  return given === undefined ? otherwise : Number(given.split("=")[1]);
}

const rounds = option("rounds", 5);
const connections = option("connections", 8);
const inFlight = option("in-flight", 8);

/** Compresses messages as one client would send them, one after another. */
async function compose({ kind, length, count }: Row): Promise<Script> {
  const messages = makeMessages(count, length, kind);
  const stream = createDeflateRaw({ level: 6 });
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  const frames: Uint8Array[] = [];
  for (const message of messages) {
    stream.write(message);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
    frames.push(makeFrame(0xc2, Buffer.concat(chunks.splice(0)).subarray(0, -TAIL.length), true));
  }
  stream.close();
  const alone = messages.map((message) =>
    makeFrame(0xc2, deflateRawSync(message, { level: 6, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), true)
  );
  return { messages, frames, alone };
}

/** A connection that is open, and what is sent on it. */
interface Opened {
  readonly conn: Deno.TcpConn;
  readonly alone: boolean;
}

async function open(port: number): Promise<Opened> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay();
  const head = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
  await conn.write(new TextEncoder().encode(head));
  let answer = "";
  const byte = new Uint8Array(1);
  while (!answer.endsWith("\r\n\r\n")) {
    if (await conn.read(byte) === null) break;
    answer += String.fromCharCode(byte[0]);
  }
  if (!/^HTTP\/1.1 101/.test(answer) || !/permessage-deflate/i.test(answer)) {
    throw new Error(`No compression: ${answer}`);
  }
  return { conn, alone: /client_no_context_takeover/i.test(answer) };
}

/** Counts frames in a stream that is read piece by piece, and may keep their payloads. */
class Replies {
  count = 0;
  bytes = 0;
  #pending = new Uint8Array(0);
  readonly payloads: Uint8Array[] = [];
  readonly #keep: boolean;

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  take(read: Uint8Array): void {
    this.bytes += read.length;
    const bytes = this.#pending.length === 0 ? read : Buffer.concat([this.#pending, read]);
    let at = 0;
    while (at + 2 <= bytes.length) {
      const short = bytes[at + 1];
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (at + header > bytes.length) break;
      let length = short;
      if (short >= 126) length = bytes.subarray(at + 2, at + header).reduce((sum, byte) => sum * 256 + byte, 0);
      if (at + header + length > bytes.length) break;
      if (this.#keep) this.payloads.push(bytes.slice(at + header, at + header + length));
      at += header + length;
      this.count++;
    }
    this.#pending = bytes.slice(at);
  }
}

/** Sends the script with so many messages under way, until each has its reply. */
async function talk({ conn, alone }: Opened, script: Script, limit: number, keep = false): Promise<Replies> {
  const frames = alone ? script.alone : script.frames;
  const replies = new Replies(keep);
  const buffer = new Uint8Array(256 * 1024);
  let sent = 0;
  const send = async () => {
    const until = Math.min(limit, replies.count + inFlight);
    if (until <= sent) return;
    const batch = Buffer.concat(frames.slice(sent, until));
    sent = until;
    for (let at = 0; at < batch.length;) at += await conn.write(batch.subarray(at));
  };
  await send();
  while (replies.count < limit) {
    const count = await conn.read(buffer);
    if (count === null) throw new Error("The server ended the connection");
    replies.take(buffer.subarray(0, count));
    await send();
  }
  return replies;
}

async function check(port: number, script: Script): Promise<void> {
  const opened = await open(port);
  const { payloads } = await talk(opened, script, Math.min(100, script.frames.length), true);
  opened.conn.close();
  const stream = createInflateRaw();
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  for (const [index, payload] of payloads.entries()) {
    stream.write(Buffer.concat([payload, TAIL]));
    await new Promise<void>((resolve) => stream.flush(resolve));
    if (!Buffer.concat(chunks.splice(0)).equals(script.messages[index])) throw new Error(`Reply ${index} differs`);
  }
  stream.close();
}

/** Starts a server, and ends it when the callback is done. */
async function withServer<T>(
  command: string[],
  packages: Packages,
  callback: (port: number, pid: number) => Promise<T>,
): Promise<T> {
  const setup = JSON.stringify({ modules: `${packages.folder}node_modules/` });
  const [program, ...args] = [...held, ...command, setup];
  const child = new Deno.Command(program, { args, stdout: "piped" }).spawn();
  try {
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await reader.read()).value ?? "\n";
    return await callback(Number(/PORT (\d+)/.exec(text)?.[1]), child.pid);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

async function measure(port: number, pid: number, script: Script): Promise<Sample> {
  await check(port, script);
  const total = connections * script.frames.length;
  await runAll(port, script, Math.ceil(script.frames.length / 4));
  const cpu = cpuSeconds(pid);
  const start = performance.now();
  const bytes = await runAll(port, script, script.frames.length);
  const seconds = (performance.now() - start) / 1000;
  return { rate: total / seconds, cpu: (cpuSeconds(pid) - cpu) * 1e6 / total, bytes: bytes / total };
}

async function runAll(port: number, script: Script, limit: number): Promise<number> {
  const conns = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const replies = await Promise.all(conns.map((opened) => talk(opened, script, limit)));
  for (const { conn } of conns) conn.close();
  return replies.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The memory of a connection that has echoed 20 messages of 4 KiB and stays open, in KiB. */
async function measureMemory(port: number, pid: number, script: Script): Promise<number> {
  const many = option("idle", 300);
  await check(port, script);
  const warm = await Promise.all(Array.from({ length: 20 }, () => open(port)));
  for (const opened of warm) await talk(opened, script, 20);
  const before = residentBytes(pid);
  const conns: Opened[] = [];
  for (let i = 0; i < many; i++) {
    const opened = await open(port);
    await talk(opened, script, 20);
    conns.push(opened);
  }
  const used = residentBytes(pid) - before;
  for (const { conn } of [...warm, ...conns]) conn.close();
  return used / many / 1024;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

function format(name: string, samples: Sample[], ours: Sample[]): string {
  const of = (pick: (sample: Sample) => number) => median(samples.map(pick));
  const ratio = median(samples.map(({ rate }, index) => ours[index].rate / rate));
  const inCpu = median(samples.map(({ cpu }, index) => cpu / ours[index].cpu));
  return `${name.padEnd(11)} ${of(({ rate }) => rate).toFixed(0).padStart(7)} msg/s  ` +
    `${of(({ cpu }) => cpu).toFixed(1).padStart(7)} us CPU  ${
      of(({ bytes }) => bytes).toFixed(1).padStart(8)
    } B back  ` +
    `ours ÷ ${ratio.toFixed(2)}  in CPU ${inCpu.toFixed(2)}`;
}

const packages = await installPackages();
const { versions } = packages;
const ALL: Record<string, string[]> = {
  "ours": deno("servers/compressed_ours.ts"),
  "ws on Deno": deno("servers/compressed_ws.js"),
  "ws on Node": ["node", pathOf("servers/compressed_ws.js")],
  "Bun": [packages.bun, pathOf("servers/compressed_bun.js")],
};
const chosen = listed("servers")?.map((name) => name.toLowerCase());
const SERVERS = Object.fromEntries(
  Object.entries(ALL).filter(([name]) =>
    chosen?.includes(name.toLowerCase()) ?? (name !== "Bun" || versions.bun !== null)
  ),
);
console.log(
  `Deno ${Deno.version.deno}, ws ${versions.ws}, Node ${versions.node}, Bun ${versions.bun}; medians of ${rounds} rounds;`,
);
console.log(
  `${connections} connections with ${inFlight} messages under way on each; level 6, window 15, takeover${
    held.length > 0 ? "; on one core" : ""
  }`,
);
for (const row of rounds === 0 ? [] : ROWS) {
  const script = await compose(row);
  const samples = new Map(Object.keys(SERVERS).map((name) => [name, [] as Sample[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(SERVERS)) {
      const sample = await withServer(command, packages, (port, pid) => measure(port, pid, script));
      samples.get(name)!.push(sample);
    }
  }
  console.log(`\n${row.length} B JSON, ${row.kind}`);
  for (const [name, list] of samples) console.log(format(name, list, samples.get("ours")!));
}
const script = await compose({ kind: "varying", length: 4096, count: 100 });
console.log(`\nMemory of each of ${option("idle", 300)} connections that have echoed 20 messages of 4 KiB`);
for (const [name, command] of Object.entries(SERVERS)) {
  const kib = await withServer(command, packages, (port, pid) => measureMemory(port, pid, script));
  console.log(`${name.padEnd(11)} ${kib.toFixed(0).padStart(7)} KiB`);
}
