/** The runtime's own server socket, used bare. */
import { identity, isForAll, ready, report, setup } from "./setup.js";

const everyone = new Set<WebSocket>();

Deno.serve({ port: 0, ...identity, onListen: ({ port }) => ready(port) }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = "arraybuffer";
  if (setup.reports) {
    socket.onerror = (event) => report("error", (event as ErrorEvent).message);
    socket.onclose = ({ code, reason }) => report("close", code, reason);
  }
  if (isForAll(request.url)) {
    everyone.add(socket);
    socket.onclose = () => everyone.delete(socket);
    socket.onmessage = ({ data }) => {
      for (const member of everyone) member.send(data);
    };
  } else {
    socket.onmessage = ({ data }) => socket.send(data);
  }
  return response;
});
