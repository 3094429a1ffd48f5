/**
 * A server of npm's `faye-websocket`: `node faye_server.mjs FOLDER_OF_MODULES CERT KEY`
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
const require = createRequire(`${folder}/`);
const WebSocket = require("faye-websocket");
const deflate = require("permessage-deflate");

function serve(server) {
  return server.on("upgrade", (request, socket, body) => {
    const ws = new WebSocket(request, socket, body, ["chat"], { headers: REPLY_HEADERS, extensions: [deflate] });
    let end;
    ws.on("message", ({ data }) => ws.send(data));
    ws.on("open", () => {
      end = begin(request.url, (name) => request.headers[name], {
        send: (message) => ws.send(message),
        close: (code, reason) => ws.close(code, reason),
        ping: (onPong) => ws.ping("Are you there?", onPong),
        sendFragments: () => ws.close(3003, "It sends every message whole"),
      });
    });
    ws.on("close", ({ code, reason }) => end?.(code, reason));
  });
}

await listen(serve(createServer()), serve(createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) })));
