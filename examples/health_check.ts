/**
 * A server behind a load balancer: `/health` says whether it accepts more clients. On SIGTERM it says no, closes its
 * WebSockets with 1001, and ends.
 *
 *     deno run --allow-net examples/health_check.ts [PORT]
 */
import { isWebSocket, makeServer, serve } from "@wsd/driver";

/** The maximum number of clients for this machine. */
const ENOUGH = 10_000;

let stopping = false;

const server = serve({ port: Number(Deno.args[0] ?? 5000) }, (request): Response => {
  if (isWebSocket(request)) {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    return ws.accept();
  }
  const healthy = !stopping && server.connections.size < ENOUGH;
  const { size } = server.connections;
  return Response.json({ healthy, connections: size }, { status: healthy ? 200 : 503 });
});

Deno.addSignalListener("SIGTERM", async () => {
  stopping = true;
  await server.shutdown();
  console.log("All connections are closed");
  Deno.exit();
});
