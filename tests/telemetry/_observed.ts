// A program with a server that is observed: one WebSocket opens and closes, one request is refused, one message is
// published, and then it ends, which makes Deno export what is left.
import { connect, makeServer, serve } from "@wsd/driver";
import { observe } from "@wsd/driver/telemetry";
import { Topics } from "@wsd/driver/topics";

const topics = new Topics({ name: "observed" });
const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
  const ws = makeServer(request);
  ws.on("open", () => topics.subscribe(ws, "news"));
  return ws.accept();
});
observe({ server, topics }, { attributes: { "server.role": "test" } });

const { port } = server.addr;
const staying = await connect(`ws://127.0.0.1:${port}/stays`);
const leaving = await connect(`ws://127.0.0.1:${port}/leaves`);
leaving.close(4001, "Done");
await leaving.closed;
await fetch(`http://127.0.0.1:${port}/`).then((response) => response.body?.cancel());
topics.publish("news", "Hi");
await staying.receive();

// Metrics are exported in an interval of their own.
await new Promise((resolve) => Deno.stdin.read(new Uint8Array(1)).then(resolve));
staying.close();
await staying.closed;
await server.shutdown();
await topics.close();
