// @ts-check
/** npm `ws` as an echo server, compressing every message; for Deno and for Node. */
import { load, ready } from "./setup.js";

const { WebSocketServer } = load("ws");
const perMessageDeflate = { threshold: 0, zlibDeflateOptions: { level: 6 } };
const server = new WebSocketServer({ port: 0, host: "0.0.0.0", perMessageDeflate }, () => ready(server.address().port));

server.on("connection", (/** @type {any} */ socket) => {
  socket.on("error", () => {});
  socket.on("message", (/** @type {Uint8Array} */ data, /** @type {boolean} */ binary) => {
    socket.send(data, { binary });
  });
});
