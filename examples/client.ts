/**
 * Sends lines from standard input to a WebSocket server, and prints what comes back.
 *
 *     deno run --allow-net examples/client.ts ws://localhost:5000/
 */
import { HandshakeError, makeClient } from "@wsd/driver";

const [url] = Deno.args;
if (url === undefined) {
  console.error("Usage: deno run --allow-net examples/client.ts URL");
  Deno.exit(2);
}

const ws = makeClient(url);
ws.on("message", (message) => console.log(message));
try {
  await ws.startConnection();
} catch (error) {
  if (!(error instanceof HandshakeError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}
ws.on("close", ({ code, reason }) => {
  console.error(`Closed: ${code} ${reason}`);
  Deno.exit(code === 1000 ? 0 : 1);
});
for await (const line of lines(Deno.stdin.readable)) ws.send(line);
ws.close(1000);

/** Splits text into lines. */
async function* lines(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}
