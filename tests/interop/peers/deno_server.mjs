/**
 * Deno's built-in server: `deno run -A deno_server.mjs FOLDER_OF_MODULES CERT KEY`
 *
 * @module
 */
import { begin, REPLY_HEADERS } from "./contract.mjs";

const [, cert, key] = Deno.args;

function handler(request) {
  const offered = request.headers.get("sec-websocket-protocol") ?? "";
  // After the upgrade, the request can't be read any more.
  const { url } = request;
  const headers = new Headers(request.headers);
  const { socket, response } = Deno.upgradeWebSocket(request, offered.includes("chat") ? { protocol: "chat" } : {});
  for (const [name, value] of Object.entries(REPLY_HEADERS)) response.headers.set(name, value);
  let end;
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => socket.send(data);
  socket.onopen = () => {
    end = begin(url, (name) => headers.get(name), {
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
      ping: () => socket.close(1003, "It has no ping"),
      sendFragments: () => socket.close(1003, "It sends every message whole"),
    });
  };
  socket.onclose = ({ code, reason }) => end?.(code, reason);
  return response;
}

const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
const plain = Deno.serve(options, handler);
const secure = Deno.serve(
  { ...options, cert: Deno.readTextFileSync(cert), key: Deno.readTextFileSync(key) },
  handler,
);
console.log(JSON.stringify({
  plain: `ws://localhost:${plain.addr.port}`,
  secure: `wss://localhost:${secure.addr.port}`,
}));
