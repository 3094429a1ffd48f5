/**
 * Bun's built-in server: `bun bun_server.mjs FOLDER_OF_MODULES CERT KEY`
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { begin, REPLY_HEADERS } from "./contract.mjs";

const [, cert, key] = process.argv.slice(2);

function serve(tls) {
  return globalThis.Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls,
    fetch(request, server) {
      const offered = request.headers.get("sec-websocket-protocol") ?? "";
      const headers = new Headers(REPLY_HEADERS);
      if (offered.includes("chat")) headers.set("Sec-WebSocket-Protocol", "chat");
      const data = { url: request.url, request: new Headers(request.headers), onPong: null, end: null };
      return server.upgrade(request, { headers, data }) ? undefined : new Response("No handshake", { status: 400 });
    },
    websocket: {
      perMessageDeflate: true,
      message: (ws, message) => void ws.send(message, true),
      pong: (ws) => ws.data.onPong?.(),
      close: (ws, code, reason) => ws.data.end?.(code, reason),
      open(ws) {
        ws.data.end = begin(ws.data.url, (name) => ws.data.request.get(name), {
          send: (message) => ws.send(message),
          close: (code, reason) => ws.close(code, reason),
          ping(onPong) {
            ws.data.onPong = onPong;
            ws.ping("Are you there?");
          },
          sendFragments: () => ws.close(1003, "It sends every message whole"),
        });
      },
    },
  });
}

const plain = serve();
const secure = serve({ cert: readFileSync(cert), key: readFileSync(key) });
console.log(JSON.stringify({ plain: `ws://localhost:${plain.port}`, secure: `wss://localhost:${secure.port}` }));
