// A program with a server and topics that are observed. It makes every count other than 0, and prints what its own counts
// are by now for each line of input, until there is no more.
import { connect, makeServer, serve } from "@wsd/driver";
import { observe } from "@wsd/driver/telemetry";
import { type Broker, type BrokerConnection, type BrokerHandler, MemoryBroker, Topics } from "@wsd/driver/topics";

/** A broker that loses messages, repeats them, and goes away. */
class PoorBroker implements Broker {
  /** How often each message arrives. */
  copies = 1;
  readonly #broker: MemoryBroker;
  #handler: BrokerHandler | null = null;
  #ready = true;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  connect(handler: BrokerHandler): BrokerConnection {
    this.#handler = handler;
    const onMessage = (channel: string, message: Uint8Array) => {
      for (let i = 0; i < this.copies; i++) handler.onMessage(channel, message);
    };
    const connection = this.#broker.connect({ ...handler, onMessage });
    return Object.defineProperty(connection, "ready", { get: () => this.#ready });
  }

  goAway(): void {
    this.#ready = false;
    this.#handler?.onDown();
  }
}

const memory = new MemoryBroker();
const broker = new PoorBroker(memory);
const topics = new Topics({ name: "observed", broker, outage: { maxBytes: 1024, maxAge: 600_000 } });
const elsewhere = new Topics({ name: "observed", broker: memory });

const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
  if (request.url.endsWith("/forbidden")) return new Response("Not you", { status: 403 });
  const ws = makeServer(request, { perMessageDeflate: false });
  if (request.url.endsWith("/stays")) ws.on("open", () => topics.subscribe(ws, "news"));
  ws.on("message", (message) => ws.send(new Uint8Array(Number(message))));
  return ws.accept();
});
using _telemetry = observe({ server, topics }, { attributes: { "server.role": "test" } });
const { port } = server.addr;

// One that stays, one that leaves, two that are refused, one that asks for much and doesn't read, and one that says
// nothing.
const staying = await connect(`ws://127.0.0.1:${port}/stays`);
const leaving = await connect(`ws://127.0.0.1:${port}/leaves`);
leaving.close(4001, "Done");
await leaving.closed;
await fetch(`http://127.0.0.1:${port}/`).then((response) => response.body?.cancel());
await connect(`ws://127.0.0.1:${port}/forbidden`).catch(() => {});
const stuck = await connect(`ws://127.0.0.1:${port}/stuck`);
stuck.pause();
stuck.send(String(64 * 1024 * 1024));
const silent = await Deno.connect({ hostname: "127.0.0.1", port });

// Published here: one is relayed, one waits for the broker, and one is dropped as too much would wait.
await topics.publish("news", "Hi").relayed;
// Elsewhere: the first arrives, the second doesn't, and the third arrives twice.
for (broker.copies of [1, 0, 2]) await elsewhere.publish("news", `Copies: ${broker.copies}`).relayed;
broker.goAway();
topics.publish("news", "x".repeat(600));
topics.publish("news", "y".repeat(600));

const input = new Uint8Array(16);
while (await Deno.stdin.read(input) !== null) {
  console.log(JSON.stringify({ server: server.stats, topics: topics.stats }));
}

silent.close();
stuck.terminate();
staying.close();
await staying.closed;
await server.shutdown();
await Promise.all([topics.close(), elsewhere.close()]);
