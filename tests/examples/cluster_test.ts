// examples/cluster.ts on real brokers: two processes on one port, a restart of both, and clients that stay.
import { assertEquals } from "@std/assert";
import { type Client, connections } from "@wsd/driver";
import { NatsServer, RedisServer, serverTest } from "../topics/_servers.ts";
import { ExampleProcess } from "./_example_process.ts";

const FLAGS = ["--allow-run", "--allow-env", "--allow-read", "--allow-sys", "--unstable-net"];

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A guest who stays: comes back after each restart, and keeps all that is said. */
class Guest implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly processes = new Set<Client>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #ws: Client | null = null;

  constructor(url: string, name: string) {
    const query = new URLSearchParams({ name, room: "lobby", secret: name });
    const additionalHeaders = { origin: url.replace("ws:", "http:").replace(/\/$/, "") };
    const options = { additionalHeaders, minDelay: 50, maxDelay: 500, signal: this.#stopping.signal };
    this.#running = this.#run(connections(`${url}?${query}`, options)).catch(() => {});
  }

  async #run(all: AsyncIterable<Client>): Promise<void> {
    for await (const ws of all) {
      this.#ws = ws;
      this.processes.add(ws);
      for await (const message of ws) {
        const { type, text } = JSON.parse(String(message));
        if (type === "said") this.heard.push(text);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      }
      this.#ws = null;
    }
  }

  /** Says something, again until everybody in the room has heard it. */
  async say(text: string, listeners: readonly Guest[]): Promise<void> {
    while (!listeners.every((guest) => guest.heard.includes(text))) {
      this.#ws?.sendJson({ type: "say", text, ref: text });
      await Promise.race([...listeners.map((guest) => guest.#changed.promise), turn()]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }
}

/** Lets other processes go on. */
function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, 100);
  return promise.finally(() => clearTimeout(timer));
}

async function tryCluster(broker: string): Promise<void> {
  const port = freePort();
  await using cluster = await ExampleProcess.spawn("cluster.ts", [broker, String(port), "2"], FLAGS);
  await cluster.until(/Open http.*\(2 processes\)/);
  const url = `ws://localhost:${port}/`;
  await using ada = new Guest(url, "Ada");
  await using grace = new Guest(url, "Grace");
  await using linus = new Guest(url, "Linus");
  const all = [ada, grace, linus];
  await ada.say("before the restart", all);
  cluster.kill("SIGHUP");
  await cluster.until(/All processes are new/);
  await grace.say("after the restart", all);
  // Each process has told its guests to come back.
  assertEquals(all.map(({ processes }) => processes.size >= 2), [true, true, true]);
  cluster.kill("SIGTERM");
  assertEquals(await cluster.end(), 0);
}

serverTest("redis-server", "examples/cluster.ts connects processes over Redis, and restarts them in turn", async () => {
  await using redis = await new RedisServer().start();
  await tryCluster(`redis://127.0.0.1:${redis.port}`);
});

serverTest("nats-server", "examples/cluster.ts connects processes over NATS, and restarts them in turn", async () => {
  await using nats = await new NatsServer().start();
  await tryCluster(`nats://127.0.0.1:${nats.port}`);
});
