/**
 * Starts an echo server, connects a client to it over the network, sends `Hi`, and prints what comes back. Then it goes
 * on serving until Ctrl-C or SIGTERM; with `--once` it closes cleanly and ends.
 *
 *     deno run --allow-net examples/echo.ts [--once]
 */
import { connect, makeServer, serve } from "@wsd/driver";

const once = Deno.args.includes("--once");

const options = { port: once ? 0 : 5000, shutdownOn: ["SIGINT", "SIGTERM"], onListen() {} } as const;
const server = serve(options, (request) => {
  const ws = makeServer(request);
  ws.on("message", (message) => ws.send(message));
  return ws.accept();
});

const url = `ws://localhost:${server.addr.port}/`;
const ws = await connect(url);
ws.send("Hi");
console.log("Got:", await ws.receive());
ws.close(1000);
await ws.closed;

if (once) await server.shutdown();
else console.log(`Serving on ${url} until Ctrl-C`);
