/**
 * One port for a website and its WebSockets, under `Deno.serve`.
 *
 *     deno run --allow-net examples/deno_serve.ts [PORT]
 */
import { isWebSocket, makeServer } from "@wsd/driver";

Deno.serve({ port: Number(Deno.args[0] ?? 5000) }, (request) => {
  if (!isWebSocket(request)) return new Response("Hello from the website\n");
  const ws = makeServer(request);
  ws.on("message", (message) => ws.send(`You said: ${message}`));
  return ws.accept();
});
