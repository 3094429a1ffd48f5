/**
 * The chat on every core: one process each, all on one port, with topics over Redis or NATS (`nats://localhost`)
 * between them. SIGHUP restarts the processes one after another.
 *
 *     deno run --allow-net --allow-run --allow-env --allow-read --allow-sys --unstable-net examples/cluster.ts \
 *       redis://localhost [PORT] [PROCESSES]
 */
import { connect as connectNats } from "npm:@nats-io/transport-node@3.4.0";
import { createClient } from "npm:@redis/client@6.3.1";
import { serve } from "@wsd/driver";
import { NatsBroker } from "@wsd/driver/nats";
import { RedisBroker } from "@wsd/driver/redis";
import { type Broker, Topics } from "@wsd/driver/topics";
import { chat } from "./chat.ts";

const [broker, port = "5000", count = String(navigator.hardwareConcurrency), role] = Deno.args;
if (broker === undefined) {
  console.error("Usage: cluster.ts redis://HOST | nats://HOST [PORT] [PROCESSES]");
  Deno.exit(2);
}
if (role === "process") await runProcess();
else await runCluster();

/** One process: serves the chat until SIGTERM, and then closes its connections over two seconds. */
async function runProcess(): Promise<void> {
  const topics = new Topics({ name: "chat", broker: await connectBroker(broker) });
  topics.on("gap", ({ topic, missed }) => console.error(`${missed ?? "Some"} messages were lost on ${topic}`));
  topics.on("error", (error) => console.error(error.message));
  const server = serve({ port: Number(port), reusePort: true, onListen: () => console.log("ready") }, (request) => {
    return chat(request, topics);
  });
  Deno.addSignalListener("SIGTERM", async () => {
    await server.shutdown({ code: 1012, reason: "Restarting", spread: 2_000 });
    await topics.close();
    Deno.exit();
  });
}

async function connectBroker(url: string): Promise<Broker> {
  if (url.startsWith("nats:")) {
    return new NatsBroker(await connectNats({ servers: new URL(url).host, maxReconnectAttempts: -1 }));
  }
  const client = createClient({ url, disableOfflineQueue: true });
  client.on("error", (error: Error) => console.error("Redis:", error.message));
  await client.connect();
  return new RedisBroker(client);
}

/** Starts the processes, replaces those that die, and restarts all in turn on SIGHUP. */
async function runCluster(): Promise<void> {
  const processes = new Set<Deno.ChildProcess>();
  let stopping = false;

  /** Starts a process; resolves once it listens. */
  const start = async (): Promise<void> => {
    const args = ["run", "--allow-all", "--unstable-net", import.meta.url, broker, port, count, "process"];
    const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
    processes.add(child);
    child.status.then(() => {
      if (processes.delete(child) && !stopping) start();
    });
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; !text.includes("ready");) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
    }
    reader.releaseLock();
  };

  /** Each new process listens before an old one ends, so that there is always one that answers. */
  const restart = async (): Promise<void> => {
    for (const old of [...processes]) {
      await start();
      processes.delete(old);
      old.kill("SIGTERM");
      await old.status;
    }
    console.log("All processes are new");
  };

  await Promise.all(Array.from({ length: Number(count) }, start));
  console.log(`Open http://localhost:${port}/ (${count} processes)`);
  Deno.addSignalListener("SIGHUP", restart);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, async () => {
      stopping = true;
      for (const child of processes) child.kill("SIGTERM");
      await Promise.all([...processes].map((child) => child.status));
      Deno.exit();
    });
  }
}
