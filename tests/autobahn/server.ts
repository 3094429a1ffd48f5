/**
 * The echo server that Autobahn|Testsuite's fuzzing client is run against.
 *
 *     deno run --allow-net tests/autobahn/server.ts [--port 9001]
 *
 * It prints where it listens, and goes on until it is stopped.
 */
import { parseArgs } from "node:util";
import { makeServer, serve, type ServeHandler } from "@wsd/driver";

/** Sends every message back as it came, and nothing else: the suite takes a Ping that it didn't expect for a fault. */
export const echo: ServeHandler = (request) => {
  const ws = makeServer(request, { perMessageDeflate: { threshold: 0 }, pingInterval: 0 });
  ws.on("message", (message) => ws.send(message));
  ws.startConnection();
  return ws.response;
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "9001" } } });
  const onListen = (addr: Deno.Addr) => console.log(`Listening on ws://localhost:${(addr as Deno.NetAddr).port}/`);
  await serve({ port: Number(values.port), onListen }, echo).finished;
}
