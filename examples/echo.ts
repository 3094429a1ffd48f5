/**
 * Starts an echo server, connects a client to it over the network, sends `Hi`, and prints what comes back. Then it goes
 * on serving until Ctrl-C or SIGTERM; with `--once` it closes cleanly and ends.
 *
 *     deno run --allow-net examples/echo.ts [--once]
 */
import { makeClient, makeServer, serve } from "@wsd/driver";

/** Ctrl-C, and what a service manager sends. */
const STOPS = ["SIGINT", "SIGTERM"] as const;

const once = Deno.args.includes("--once");

const server = serve({ port: once ? 0 : 5000, onListen: () => {} }, (request) => {
  const ws = makeServer(request);
  ws.on("message", (message) => ws.send(message));
  ws.startConnection();
  return ws.response;
});

const { port } = server.addr as Deno.NetAddr;
const ws = makeClient(`ws://localhost:${port}/`);
ws.once("message", (message) => {
  console.log("Got:", message);
  ws.closeConnection();
});
ws.once("close", () => {
  if (once) server.shutdown();
  else serveUntilStopped();
});
await ws.startConnection();
ws.send("Hi");

function serveUntilStopped(): void {
  const stop = () => {
    for (const signal of STOPS) Deno.removeSignalListener(signal, stop);
    server.shutdown();
  };
  for (const signal of STOPS) Deno.addSignalListener(signal, stop);
  console.log(`Serving on ws://localhost:${port}/ until Ctrl-C`);
}
