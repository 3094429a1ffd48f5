/**
 * One message that is longer than either process may grow, there and back: `large_echo.ts MIB` starts a server in a
 * process of its own, streams a message of so many MiB to it and back, and prints by how much both have grown.
 *
 * @module
 */
import { makeClient, makeServer, serve, type WebSocketDriver } from "@wsd/driver";

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;
/** After this many bytes the code is compiled and the heap has its size; then the client's growth is measured. */
const WARM_UP = 64 * MIB;
/** Watches the memory of this process, in MiB, until it is asked by how much it has grown. */
function watchGrowth(): () => number {
  const base = Deno.memoryUsage().rss;
  let most = base;
  const look = () => void (most = Math.max(most, Deno.memoryUsage().rss));
  const timer = setInterval(look, 10);
  return () => {
    look();
    clearInterval(timer);
    return Math.round((most - base) / MIB);
  };
}

/** Sends every message back as it comes. */
async function echo(ws: WebSocketDriver): Promise<void> {
  await ws.opened;
  const growth = watchGrowth();
  for await (const message of ws.messages) await ws.sendStream(message, { type: message.type });
  console.log(growth());
}

function runServer(): void {
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request, { maxLength: Number.MAX_SAFE_INTEGER });
    echo(ws).finally(() => server.shutdown());
    ws.startConnection();
    return ws.response;
  });
  console.log((server.addr as Deno.NetAddr).port);
}

/** Chunks that contain their own positions. */
function* numbered(bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHUNK) {
    const chunk = new Uint8Array(CHUNK);
    new DataView(chunk.buffer).setFloat64(0, at);
    yield chunk;
  }
}

/** Every chunk begins with its place; what is between is zero. */
class Checker {
  #at = 0;
  #head = new Uint8Array(8);

  take(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length;) {
      const within = this.#at % CHUNK;
      const count = within < 8 ? 1 : Math.min(bytes.length - i, CHUNK - within);
      if (within < 8) this.#head[within] = bytes[i];
      if (within === 7 && new DataView(this.#head.buffer).getFloat64(0) !== this.#at - 7) {
        throw new Error("Out of order");
      }
      this.#at += count;
      i += count;
    }
  }

  get length(): number {
    return this.#at;
  }
}

async function runClient(port: number, bytes: number): Promise<number> {
  const ws = makeClient(`ws://127.0.0.1:${port}/`, { maxLength: Number.MAX_SAFE_INTEGER });
  const messages = ws.messages.getReader();
  await ws.startConnection();
  let growth: (() => number) | null = null;
  const sending = ws.sendStream(numbered(bytes));
  const checker = new Checker();
  const { value } = await messages.read();
  for await (const chunk of value!) {
    checker.take(chunk);
    if (growth === null && checker.length >= WARM_UP) growth = watchGrowth();
    // What isn't needed any more is freed at once: the garbage collector would let tens of MiB pile up before.
    if (chunk.byteLength === chunk.buffer.byteLength) (chunk.buffer as ArrayBuffer).transfer(0);
  }
  await sending;
  if (checker.length !== bytes) throw new Error(`Received ${checker.length} of ${bytes} bytes`);
  ws.closeConnection();
  await ws.closed;
  return growth!();
}

async function run(mib: number): Promise<void> {
  const args = ["run", "--allow-net", import.meta.filename!, "serve"];
  await using process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await lines.read()).value);
  const client = await runClient(port, mib * MIB);
  const server = Number((await lines.read()).value);
  console.log(`client ${client} MiB, server ${server} MiB`);
  if (client > 32 || server > 32) Deno.exit(1);
  await process.status;
}

const [what] = Deno.args;
if (what === "serve") runServer();
else await run(Number(what));
