/**
 * A worker with its own topics, which executes commands: see worker_broker_test.ts.
 *
 * @module
 */
import { makePair } from "@wsd/driver";
import { Topics, WorkerBroker } from "@wsd/driver/topics";

/** A command for a worker. */
export interface Task {
  port: MessagePort;
  /** How many messages to publish, and how many of them in a turn. */
  count: number;
  inTurn: number;
}

/** What the worker tells: `null` when it has subscribed, then the numbers that came on "down", in order. */
export type Report = null | { received: number; inOrder: boolean; gaps: number };

const scope = self as unknown as {
  onmessage: (event: MessageEvent) => void;
  postMessage(report: Report): void;
  close(): void;
};

scope.onmessage = async ({ data: { port, count, inTurn } }: MessageEvent<Task>) => {
  const topics = new Topics({ name: "app", broker: new WorkerBroker(port) });
  let gaps = 0;
  topics.on("gap", () => gaps++);
  const pair = await makePair({ server: { backpressureLimit: Number.MAX_SAFE_INTEGER } });
  const done = Promise.withResolvers<void>();
  let received = 0;
  let inOrder = true;
  pair.client.on("message", (message) => {
    inOrder &&= message === `${received}`;
    if (++received === count) done.resolve();
  });
  await topics.subscribe(pair.server, "down");
  scope.postMessage(null);
  await new Promise((resolve) => scope.onmessage = resolve);
  for (let i = 0; i < count;) {
    for (const end = i + inTurn; i < end; i++) topics.publish("up", `${i}`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await done.promise;
  scope.postMessage({ received, inOrder, gaps } satisfies Report);
  await topics.close();
  await pair[Symbol.asyncDispose]();
  scope.close();
};
