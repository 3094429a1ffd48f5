/**
 * A server of npm's `ws`: `node ws_server.mjs FOLDER_OF_MODULES CERT KEY`
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createRequire } from "node:module";
import process from "node:process";
import { begin, REPLY_HEADERS } from "./contract.mjs";
import { listen } from "./listen.mjs";

const [folder, cert, key] = process.argv.slice(2);
const { WebSocketServer } = createRequire(`${folder}/`)("ws");

function serve(server) {
  const handleProtocols = (protocols) => protocols.has("chat") ? "chat" : false;
  const wss = new WebSocketServer({ server, handleProtocols, perMessageDeflate: { threshold: 0 } });
  wss.on("headers", (headers) => {
    for (const [name, value] of Object.entries(REPLY_HEADERS)) headers.push(`${name}: ${value}`);
  });
  wss.on("connection", (ws, request) => {
    ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
    const end = begin(request.url, (name) => request.headers[name], {
      send: (message) => ws.send(message),
      close: (code, reason) => ws.close(code, reason),
      ping: (onPong) => ws.once("pong", onPong).ping("Are you there?"),
      sendFragments: (parts) => parts.forEach((part, i) => ws.send(part, { fin: i === parts.length - 1 })),
    });
    ws.on("close", end);
  });
  return server;
}

await listen(serve(createServer()), serve(createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) })));
