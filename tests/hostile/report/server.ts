/**
 * A server of one of those that are asked; prints its port.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeServer, serve } from "@wsd/driver";

const [subject, text] = Deno.args;
const { maxLength, maxFragments } = JSON.parse(text);
const protocols = ["chat", "superchat"];
const quiet = { hostname: "127.0.0.1", port: 0, onListen: ({ port }: Deno.NetAddr) => console.log(port) };

if (subject === "@wsd/driver") {
  const options = { maxLength, maxFragments, acceptProtocols: protocols, perMessageDeflate: { threshold: 0 } };
  serve({ ...quiet, onListen: (addr) => console.log((addr as Deno.NetAddr).port) }, (request) => {
    const ws = makeServer(request, options);
    ws.startConnection();
    return ws.response;
  });
} else if (subject === "npm ws") {
  const { WebSocketServer } = await import("npm:ws@8.23.0");
  const server = createServer();
  const handleProtocols = (offered: Set<string>) => [...offered].find((name) => protocols.includes(name)) ?? false;
  const sockets = new WebSocketServer({
    server,
    handleProtocols,
    perMessageDeflate: true,
    ...(maxLength === undefined ? {} : { maxPayload: maxLength }),
    ...(maxFragments === undefined ? {} : { maxFragments }),
  });
  // deno-lint-ignore no-explicit-any
  sockets.on("connection", (socket: any) => socket.on("error", () => {}));
  server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
} else {
  Deno.serve(quiet, (request) => {
    try {
      const wanted = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
      const protocol = wanted.find((name) => protocols.includes(name));
      return Deno.upgradeWebSocket(request, protocol === undefined ? {} : { protocol }).response;
    } catch {
      return new Response(null, { status: 400 });
    }
  });
}
