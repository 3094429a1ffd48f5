/**
 * A client of npm's, run by Node.js:
 *
 *     node node_client.mjs ws|undici|faye URLS_AS_JSON FOLDER_OF_MODULES
 *
 * @module
 */
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import process from "node:process";
import { runChecks } from "./checks.mjs";

const [kind, urls, folder] = process.argv.slice(2);
const require = createRequire(`${folder}/`);

function ws() {
  const { WebSocket } = require("ws");
  const reply = new WeakMap();
  return {
    open(url, { protocols = [], headers, compress = false }) {
      const ws = new WebSocket(url, protocols, { headers, perMessageDeflate: compress });
      ws.on("upgrade", (response) => reply.set(ws, response.headers));
      return ws;
    },
    replyHeader: (ws, name) => reply.get(ws)[name],
    ping: (ws) => new Promise((resolve) => ws.once("pong", resolve).ping("Are you there?")),
    sendFragments(ws, parts) {
      parts.forEach((part, i) => ws.send(part, { fin: i === parts.length - 1, binary: false }));
    },
    limits: {},
  };
}

function undici() {
  const { ping, WebSocket } = require("undici");
  return {
    open: (url, { protocols = [], headers }) => new WebSocket(url, { protocols, headers }),
    ping: (ws) => ping(ws, Buffer.from("Are you there?")),
    limits: { "fragments sent": "The standard's `WebSocket` sends every message whole" },
  };
}

function faye() {
  const { Client } = require("faye-websocket");
  const deflate = require("permessage-deflate");
  const ca = readFileSync(process.env.NODE_EXTRA_CA_CERTS);
  return {
    open(url, { protocols = [], headers, compress }) {
      const ws = new Client(url, protocols, { headers, tls: { ca }, extensions: compress ? [deflate] : [] });
      // It has no property for the extensions; what the server has answered tells.
      ws.on("open", () => ws.extensions = ws.headers["sec-websocket-extensions"]);
      return {
        ping: (callback) => ws.ping("Are you there?", callback),
        send: (message) => ws.send(typeof message === "string" ? message : Buffer.from(message)),
        close: (code, reason) => ws.close(code, reason),
        get protocol() {
          return ws.protocol;
        },
        get extensions() {
          return ws.extensions;
        },
        get headers() {
          return ws.headers;
        },
        set onopen(listener) {
          ws.onopen = listener;
        },
        set onerror(listener) {
          ws.onerror = listener;
        },
        set onclose(listener) {
          ws.onclose = listener;
        },
        set onmessage(listener) {
          ws.onmessage = listener;
        },
      };
    },
    replyHeader: (ws, name) => ws.headers[name],
    ping: (ws) => new Promise((resolve) => ws.ping(resolve)),
    limits: { "fragments sent": "Its API sends every message whole" },
  };
}

const client = { ws, undici, faye }[kind]();
console.log(JSON.stringify(await runChecks(client, JSON.parse(urls))));
process.exit(0);
