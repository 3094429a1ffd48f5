/**
 * A client that trusts what the system trusts, run with DENO_CERT: it says what comes of each connection, a line each.
 *
 * @module
 */
import { makeClient } from "../../client.ts";

const [echo, cut] = Deno.args;

async function talk(url: string, options = {}, say: (line: string) => void = console.log): Promise<void> {
  const ws = makeClient(url, options);
  const codes: string[] = [];
  ws.on("error", ({ code }) => codes.push(String(code)));
  const message = "Hi ".repeat(1_000_000);
  const echoed = new Promise((resolve) => ws.once("message", resolve));
  await ws.startConnection();
  ws.send(message);
  const right = await Promise.race([echoed.then((text) => text === message), ws.closed.then(() => false)]);
  ws.closeConnection("", 4000);
  const { code } = await ws.closed;
  say(`${right} ${code} ${codes}`.trim());
}

await talk(echo);
await talk(echo, { perMessageDeflate: true });
await talk(cut);

// A reader that stops makes the server stop: what it holds back is not read.
const slow = makeClient(echo);
await slow.startConnection();
slow.pause();
const { rss } = Deno.memoryUsage();
slow.send(`send ${256 * 1024 * 1024}`);
// Meanwhile, another connection has its messages come and go.
for (let i = 0; i < 20; i++) await talk(echo, {}, () => {});
console.log(Deno.memoryUsage().rss - rss < 128 * 1024 * 1024 ? "bounded" : "unbounded");
slow.terminate();
