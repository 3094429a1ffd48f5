// @ts-check
/**
 * npm `ws` as an echo server, compressing every message; at /length it answers how long a message was. For Deno and for
 * Node.
 */
import { load, ready } from "./setup.js";

const { WebSocketServer } = load("ws");
const perMessageDeflate = { threshold: 0, zlibDeflateOptions: { level: 6 } };
const server = new WebSocketServer({ port: 0, host: "0.0.0.0", perMessageDeflate }, () => ready(server.address().port));

server.on("connection", (/** @type {any} */ socket, /** @type {any} */ request) => {
  const echoes = request.url !== "/length";
  socket.on("error", () => {});
  socket.on("message", (/** @type {Uint8Array} */ data, /** @type {boolean} */ binary) => {
    if (echoes) socket.send(data, { binary });
    else socket.send(String(data.length));
  });
});
