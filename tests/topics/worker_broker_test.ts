import { assertEquals } from "@std/assert";
import { makePair } from "@wsd/driver";
import { Topics, WorkerBroker, WorkerHub } from "@wsd/driver/topics";
import { testWith } from "../support/permissions.ts";
import type { Report, Task } from "./_worker.ts";

const COUNT = 100_000;
const IN_TURN = 1_000;

function next<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(event.error ?? new Error(event.message));
  });
}

/** Starts a worker that is subscribed. */
async function start(hub: WorkerHub): Promise<Worker> {
  const worker = new Worker(new URL("_worker.ts", import.meta.url), { type: "module" });
  const port = hub.createPort();
  worker.postMessage({ port, count: COUNT, inTurn: IN_TURN } satisfies Task, [port]);
  await next(worker);
  return worker;
}

testWith({ read: true }, "WorkerBroker loses none of 100,000 messages, 1,000 in a turn, either way", async () => {
  const hub = new WorkerHub();
  const workers = [await start(hub), await start(hub)];
  const topics = new Topics({ name: "app", broker: hub, slowLimit: Number.MAX_SAFE_INTEGER });
  await using pair = await makePair({ server: { backpressureLimit: Number.MAX_SAFE_INTEGER } });
  await topics.subscribe(pair.server, "up");
  const done = Promise.withResolvers<void>();
  let received = 0;
  pair.client.on("message", () => {
    if (++received === workers.length * COUNT) done.resolve();
  });
  const reports = workers.map((worker) => next<Report>(worker));
  for (const worker of workers) worker.postMessage("begin");
  for (let i = 0; i < COUNT;) {
    for (const end = i + IN_TURN; i < end; i++) topics.publish("down", `${i}`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals(await Promise.all(reports), workers.map(() => ({ received: COUNT, inOrder: true, gaps: 0 })));
  await done.promise;
  assertEquals([topics.stats.missed, topics.stats.repeated, topics.stats.dropped], [0, 0, 0]);
  await topics.close();
  hub.close();
  for (const worker of workers) worker.terminate();
});

Deno.test("WorkerBroker is down once the hub has closed its port", async () => {
  const hub = new WorkerHub();
  const topics = new Topics({ name: "app", broker: new WorkerBroker(hub.createPort()) });
  await using pair = await makePair();
  await topics.subscribe(pair.server, "x");
  const down = new Promise((resolve) => topics.once("state", resolve));
  hub.close();
  assertEquals(await down, "down");
  const never = topics.subscribe(pair.server, "y");
  const { local, relayed } = topics.publish("x", "1");
  assertEquals(local.sent, 1);
  await topics.close();
  assertEquals(await relayed, "dropped");
  assertEquals((await Promise.allSettled([never]))[0].status, "rejected");
});

Deno.test("WorkerHub forgets a worker that closes its topics, and one that is disconnected", async () => {
  const hub = new WorkerHub();
  const topics = new Topics({ name: "app", broker: new WorkerBroker(hub.createPort()) });
  const port = hub.createPort();
  assertEquals(hub.workers, 2);
  await topics.close();
  while (hub.workers > 1) await new Promise((resolve) => setTimeout(resolve, 0));
  hub.disconnect(port);
  hub.disconnect(port);
  assertEquals(hub.workers, 0);
  port.close();
});

Deno.test("WorkerHub drops messages for a worker that is stuck", async () => {
  const hub = new WorkerHub();
  const port = hub.createPort();
  const topics = new Topics({ name: "app", broker: hub });
  let answer = Promise.withResolvers<{ kind: string; batch?: { channels: string[] } }>();
  port.onmessage = ({ data }) => answer.resolve(data);
  const next = async () => {
    const data = await answer.promise;
    answer = Promise.withResolvers();
    return data;
  };
  port.postMessage({ kind: "subscribe", channels: ["app:x", "app:end"] });
  assertEquals((await next()).kind, "answer");
  // It answers no batch, as a worker that is stuck: 64 MiB wait, and the rest is dropped.
  const megabyte = new Uint8Array(1024 * 1024 - 64);
  for (let i = 0; i < 100; i++) topics.publish("x", megabyte);
  const arrived: string[] = [];
  while (arrived.at(-1) !== "app:end") {
    const { kind, batch } = await next();
    assertEquals(kind, "batch");
    if (arrived.length === 0) topics.publish("end", "");
    arrived.push(...batch!.channels);
    port.postMessage({ kind: "batchAnswer" });
  }
  assertEquals(arrived.length, 64 + 1);
  await topics.close();
  hub.close();
  port.close();
});
