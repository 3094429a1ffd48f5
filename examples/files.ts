/**
 * Sends files up and down, each as one message that is never held whole in memory, with a progress bar.
 *
 *     deno run --allow-net --allow-read --allow-write examples/files.ts serve FOLDER [PORT]
 *     deno run --allow-net --allow-read --allow-write examples/files.ts up ws://localhost:5000/NAME FILE
 *     deno run --allow-net --allow-read --allow-write examples/files.ts down ws://localhost:5000/NAME FILE
 */
import { connect, isWebSocket, makeServer, serve, type Server } from "@wsd/driver";

const maxLength = Number.MAX_SAFE_INTEGER;

/** Client and server first say what they want: `"up"`, or `"down"` and then its length. */
async function transfer(ws: Server, path: string): Promise<void> {
  const messages = ws.messages.getReader();
  const task = await new Response((await messages.read()).value).text();
  if (task === "down") {
    using file = await Deno.open(path);
    ws.send(String((await file.stat()).size));
    await ws.sendStream(file.readable);
  } else {
    await (await messages.read()).value?.pipeTo((await Deno.create(path)).writable);
    ws.send("saved");
  }
  messages.releaseLock();
}

function serveFiles(folder: string, port: number): void {
  serve({ port }, (request) => {
    const [name] = new URL(request.url).pathname.match(/(?<=^\/)[\w-][\w.-]*$/) ?? [];
    if (!isWebSocket(request) || name === undefined) return new Response("No such file\n", { status: 404 });
    const ws = makeServer(request, { maxLength });
    transfer(ws, `${folder}/${name}`).catch((error) => ws.close(4000, error.name));
    return ws.accept();
  });
}

async function upload(url: string, path: string): Promise<void> {
  await using ws = await connect(url);
  const file = await Deno.open(path);
  ws.send("up");
  await ws.sendStream(file.readable.pipeThrough(progress((await file.stat()).size)), { type: "binary" });
  const { value } = await ws.readable.getReader().read();
  console.log(value === undefined ? `The server has refused: ${(await ws.closed).reason}` : "The server has saved it");
}

async function download(url: string, path: string): Promise<void> {
  await using ws = await connect(url, { maxLength });
  ws.send("down");
  const messages = ws.messages.getReader();
  const size = await new Response((await messages.read()).value).text();
  const { value } = await messages.read();
  if (value === undefined) return console.log(`The server has refused: ${(await ws.closed).reason}`);
  await value.pipeThrough(progress(Number(size))).pipeTo((await Deno.create(path)).writable);
  messages.releaseLock();
}

/** Passes bytes on, and draws a progress bar. */
function progress(size: number): TransformStream<Uint8Array, Uint8Array> {
  const encoder = new TextEncoder();
  let done = 0;
  const draw = () => {
    const part = size === 0 ? 1 : done / size;
    const bar = "█".repeat(Math.round(part * 30)).padEnd(30, "░");
    Deno.stdout.writeSync(encoder.encode(`\r${bar} ${Math.floor(part * 100)} %`));
  };
  return new TransformStream({
    transform(chunk, controller) {
      done += chunk.length;
      draw();
      controller.enqueue(chunk);
    },
    flush: () => console.log(),
  });
}

const [task, where, path = "5000"] = Deno.args;
if (task === "serve") serveFiles(where, Number(path));
else if (task === "up") await upload(where, path);
else if (task === "down") await download(where, path);
else console.error("Usage: files.ts serve FOLDER [PORT] | up URL FILE | down URL FILE");
