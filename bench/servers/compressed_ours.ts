/** Our echo server, compressing every message; at /length it answers how long a message was. */
import { makeServer, serve } from "@wsd/driver";
import { ready } from "./setup.js";

const level = 6;

serve({ port: 0, onListen: (addr) => ready((addr as Deno.NetAddr).port) }, (request) => {
  const ws = makeServer(request, { pingInterval: 0, perMessageDeflate: { threshold: 0, level } });
  const echoes = !request.url.endsWith("/length");
  ws.on("message", (message) => ws.send(echoes ? message : String(message.length)));
  ws.startConnection();
  return ws.response;
});
