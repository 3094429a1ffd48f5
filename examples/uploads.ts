/**
 * Uploads that resume: the server acknowledges what it has saved, and a client that comes back continues from there.
 *
 *     deno run --allow-net --allow-read --allow-write examples/uploads.ts serve FOLDER [PORT]
 *     deno run --allow-net --allow-read examples/uploads.ts send FILE ws://localhost:5000/
 */
import { connect, makeServer, serve, type WebSocketDriver } from "@wsd/driver";

/** The length of a message, in bytes; no more than that is lost if a connection breaks. */
const CHUNK = 256 * 1024;

/** How many bytes may be sent before they are acknowledged. */
const WINDOW = 4 * 1024 * 1024;

/** `{ name, size }` → `{ offset }`; then chunks, each answered with `{ offset }`; at the end `{ saved }`. */
async function receiveUpload(ws: WebSocketDriver, folder: string): Promise<void> {
  const { name, size } = JSON.parse(String(await ws.receive()));
  if (!/^[\w-][\w.-]*$/.test(name)) return void ws.close(4000, "The name has characters other than letters, - and .");
  const path = `${folder}/${name}`;
  using file = await Deno.open(`${path}.part`, { create: true, write: true });
  let offset = await file.seek(0, Deno.SeekMode.End);
  ws.sendJson({ offset });
  while (offset < size) {
    const chunk = await ws.receive();
    if (typeof chunk === "string" || offset + chunk.length > size) {
      return void ws.close(4000, "Not a chunk of the file");
    }
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    offset += chunk.length;
    ws.sendJson({ offset });
  }
  await Deno.rename(`${path}.part`, path);
  ws.sendJson({ saved: name });
  ws.close(1000);
}

/** Sends a file from the offset that the server asks for. */
async function sendUpload(ws: WebSocketDriver, path: string): Promise<void> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  ws.sendJson({ name: path.split("/").at(-1), size });
  let { offset: acknowledged } = await answer(ws);
  let sent = await file.seek(acknowledged, Deno.SeekMode.Start);
  if (acknowledged > 0) console.log(`The server has ${acknowledged} bytes already`);
  const buffer = new Uint8Array(CHUNK);
  while (acknowledged < size) {
    while (sent < size && sent - acknowledged < WINDOW) {
      const count = await file.read(buffer) ?? 0;
      if (count === 0) throw new Error("The file has become shorter");
      ws.send(buffer.slice(0, count));
      sent += count;
    }
    ({ offset: acknowledged } = await answer(ws));
    console.log(`${Math.floor(100 * acknowledged / size)} %`);
  }
  console.log(`Saved as ${(await answer(ws)).saved}`);
}

async function answer(ws: WebSocketDriver): Promise<{ offset: number; saved?: string }> {
  return JSON.parse(String(await ws.receive()));
}

const [task, where, other] = Deno.args;
if (task === "serve" && where !== undefined) {
  serve({ port: Number(other ?? 5000), shutdownOn: ["SIGINT"] }, (request) => {
    const ws = makeServer(request, { maxLength: CHUNK });
    // If the connection breaks, receive() rejects. The bytes that were written stay for the next attempt.
    ws.on("open", () => receiveUpload(ws, where).catch((error) => console.error("Interrupted:", error.message)));
    return ws.accept();
  });
} else if (task === "send" && other !== undefined) {
  await using ws = await connect(other);
  await sendUpload(ws, where);
} else {
  console.error("Usage: uploads.ts serve FOLDER [PORT] | send FILE URL");
  Deno.exitCode = 2;
}
