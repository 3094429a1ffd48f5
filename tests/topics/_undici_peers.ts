/**
 * Echoes with undici on several connections at once: `PORT INDEX...`. A process of its own, since undici keeps a timer.
 *
 * @module
 */
import { WebSocket } from "npm:undici@7.30.2";

const [port, ...indexes] = Deno.args;
await Promise.all(indexes.map(async (index) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${index}`);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => socket.send(data));
  await new Promise((resolve) => socket.addEventListener("close", resolve));
}));
