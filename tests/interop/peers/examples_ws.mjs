/**
 * A client of npm's ws for the examples:
 *
 *     node examples_ws.mjs FOLDER_OF_MODULES call URL | upload URL FILE
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

const [folder, task, url, file] = process.argv.slice(2);
const WebSocket = createRequire(`${folder}/`)("ws");

const ws = new WebSocket(url);
const messages = [];
let wake = () => {};
ws.on("message", (data) => {
  messages.push(JSON.parse(String(data)));
  wake();
});
await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));

async function next() {
  while (messages.length === 0) await new Promise((resolve) => wake = resolve);
  return messages.shift();
}

if (task === "call") {
  ws.send(JSON.stringify({ id: 1, method: "add", params: [1, 2, 3] }));
  ws.send(JSON.stringify({ id: 2, method: "sleep", params: 60_000 }));
  console.log(JSON.stringify(await next()));
  ws.send(JSON.stringify({ id: 2, cancel: true }));
  console.log(JSON.stringify(await next()));
} else {
  const bytes = readFileSync(file);
  ws.send(JSON.stringify({ name: "from_ws.bin", size: bytes.length }));
  let { offset } = await next();
  while (offset < bytes.length) {
    ws.send(bytes.subarray(offset, offset + 65_536));
    ({ offset } = await next());
  }
  console.log(JSON.stringify(await next()));
}
ws.close();
