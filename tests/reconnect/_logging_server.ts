/**
 * A server that logs the number in front of each message, in a file, before it does anything else. The test kills it.
 *
 *     deno run --allow-net --allow-write _logging_server.ts FILE
 *
 * It prints its port.
 */
import { makeServer, serve } from "../../server.ts";

using file = Deno.openSync(Deno.args[0], { append: true, create: true });
const encoder = new TextEncoder();

const server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  const ws = makeServer(request, { perMessageDeflate: true });
  ws.on("message", (message) => {
    // One call of the system's for a line: it is there whole or not at all.
    file.writeSync(encoder.encode(`${String(message).split(" ", 1)[0]} ${message.length}\n`));
    if (message === "end") ws.send("end");
  });
  ws.startConnection();
  return ws.response;
});
console.log((server.addr as Deno.NetAddr).port);
await server.finished;
