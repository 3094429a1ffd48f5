// @ts-check
/** npm `ws`, for Deno and for Node. */
import http from "node:http";
import https from "node:https";
import { identity, isForAll, LEVEL, load, MAX_LENGTH, ready, report, setup } from "./setup.js";

const { WebSocketServer } = load("ws");
const server = setup.cert === undefined ? http.createServer() : https.createServer(identity);
const perMessageDeflate = setup.compressed ? { threshold: 0, zlibDeflateOptions: { level: LEVEL } } : false;
const sockets = new WebSocketServer({ server, perMessageDeflate, maxPayload: MAX_LENGTH });
const everyone = new Set();

sockets.on("connection", (/** @type {any} */ socket, /** @type {http.IncomingMessage} */ { url }) => {
  socket.on("error", (/** @type {Error} */ error) => report("error", String(error)));
  socket.on(
    "close",
    (/** @type {number} */ code, /** @type {Uint8Array} */ reason) => report("close", code, String(reason)),
  );
  if (isForAll(url ?? "")) {
    everyone.add(socket);
    socket.on("close", () => everyone.delete(socket));
    socket.on("message", (/** @type {Uint8Array} */ data, /** @type {boolean} */ binary) => {
      for (const member of everyone) member.send(data, { binary });
    });
  } else {
    socket.on("message", (/** @type {Uint8Array} */ data, /** @type {boolean} */ binary) => {
      socket.send(data, { binary });
    });
  }
});
server.listen({ port: 0, host: "0.0.0.0", backlog: 1024 }, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") ready(address.port);
});
