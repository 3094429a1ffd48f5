/** Our echo server, compressing every message. */
import { makeServer, serve } from "@wsd/driver";
import { ready } from "./setup.js";

const level = 6;

serve({ port: 0, onListen: (addr) => ready((addr as Deno.NetAddr).port) }, (request) => {
  const ws = makeServer(request, { pingInterval: 0, perMessageDeflate: { threshold: 0, level } });
  ws.on("message", (message) => ws.send(message));
  ws.startConnection();
  return ws.response;
});
