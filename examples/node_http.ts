/**
 * One port for a website and its WebSockets, under `node:http`: the driver speaks on the socket itself.
 *
 *     deno run --allow-net examples/node_http.ts [PORT]
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeServer } from "@wsd/driver";

const server = createServer((_, response) => {
  response.end("Hello from the website\n");
});

server.on("upgrade", (request, socket, head) => {
  const ws = makeServer({ request, socket, head });
  ws.on("message", (message) => ws.send(`You said: ${message}`));
  ws.accept();
});

server.listen(Number(Deno.args[0] ?? 5000), () => {
  console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}/`);
});
