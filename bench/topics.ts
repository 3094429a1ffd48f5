/**
 * Topics through each broker, next to a bare loop over the same client; and the memory of a subscription.
 *
 *     deno run -A bench/topics.ts [--messages=20000] [--rounds=3]
 *
 * Needs `redis-server` and `nats-server`. Publisher and subscriber are in one process, so that both pay.
 *
 * @module
 */
import { makePair, type WebSocketPair } from "@wsd/driver";
import { type Broker, MemoryBroker, Topics, WorkerBroker, WorkerHub } from "@wsd/driver/topics";
import { Buffer } from "node:buffer";
import { memoryInUse } from "../tests/support/memory.ts";
import {
  endIoRedis,
  ioRedis,
  nats,
  NATS_CLIENT,
  NatsServer,
  nodeRedis,
  REDIS_CLIENTS,
  RedisServer,
} from "../tests/topics/_servers.ts";

function option(name: string, otherwise: number): number {
  const prefix = `--${name}=`;
  return Number(Deno.args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length) ?? otherwise);
}

const MESSAGES = option("messages", 20_000);
const ROUNDS = option("rounds", 3);
const LENGTH = 128;
/** How many are under way at a time. */
const WINDOW = 256;
const LATENCIES = 500;

/** Carries messages from one place to another. */
interface Way {
  publish(message: Uint8Array<ArrayBuffer>): void;
  onMessage: () => void;
  end(): Promise<void>;
}

/** How long so many messages take, with so many under way, in milliseconds. */
async function time(way: Way, messages: number, window: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const message = new Uint8Array(LENGTH);
  let sent = 0;
  let received = 0;
  way.onMessage = () => {
    if (++received === messages) resolve();
    else if (sent < messages && received % (window >> 1 || 1) === 0) fill();
  };
  const fill = () => {
    while (sent < messages && sent - received < window) {
      sent++;
      way.publish(message);
    }
  };
  const start = performance.now();
  fill();
  await promise;
  return performance.now() - start;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function measure(name: string, ways: Readonly<Record<string, () => Promise<Way>>>): Promise<void> {
  const rates: Record<string, number[]> = {};
  const latencies: Record<string, number[]> = {};
  const made = await Promise.all(Object.entries(ways).map(async ([name, make]) => [name, await make()] as const));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, way] of made) {
      const rate = MESSAGES / await time(way, MESSAGES, WINDOW) * 1000;
      const latency = await time(way, LATENCIES, 1) / LATENCIES * 1000;
      if (round === 0) continue;
      (rates[name] ??= []).push(rate);
      (latencies[name] ??= []).push(latency);
    }
  }
  for (const [which, way] of made) {
    const rate = Math.round(median(rates[which])).toLocaleString("en").padStart(10);
    console.log(`${name.padEnd(26)}${which.padEnd(8)}${rate}${median(latencies[which]).toFixed(0).padStart(10)}`);
    await way.end();
  }
}

/** Topics of two nodes, with a connection for them. */
async function topicsWay(here: Broker, there: Broker, end: () => Promise<unknown>): Promise<Way> {
  const publisher = new Topics({ name: "bench", broker: here });
  const subscriber = new Topics({ name: "bench", broker: there });
  const pair = await makePair();
  const way: Way = {
    publish: (message) => void publisher.publish("x", message),
    onMessage() {},
    async end() {
      await publisher.close();
      await subscriber.close();
      await pair[Symbol.asyncDispose]();
      await end();
    },
  };
  pair.client.on("message", () => way.onMessage());
  await subscriber.subscribe(pair.server, "x");
  if (publisher.stats.state === "down") await new Promise((resolve) => publisher.once("state", resolve));
  return way;
}

/** The same over a client alone, with a connection for it. */
async function bareWay(
  subscribe: (onMessage: (message: Uint8Array) => void) => Promise<unknown>,
  publish: (message: Uint8Array<ArrayBuffer>) => void,
  end: () => Promise<unknown>,
): Promise<Way> {
  const pair: WebSocketPair = await makePair();
  const way: Way = {
    publish,
    onMessage() {},
    async end() {
      await end();
      await pair[Symbol.asyncDispose]();
    },
  };
  pair.client.on("message", () => way.onMessage());
  await subscribe((message) => pair.server.send(message));
  return way;
}

const toBuffer = (message: Uint8Array<ArrayBuffer>) => Buffer.from(message.buffer, message.byteOffset, message.length);

async function redis(server: RedisServer): Promise<void> {
  const [nodeRedisKind, ioRedisKind] = REDIS_CLIENTS;
  await measure("Redis, @redis/client", {
    bare: async () => {
      const [publisher, subscriber] = [await nodeRedis(server.port), await nodeRedis(server.port)];
      return await bareWay(
        (onMessage) => subscriber.subscribe("bare", (message: Buffer) => onMessage(message), true),
        (message) => publisher.publish("bare", toBuffer(message)),
        () => Promise.resolve([publisher.destroy(), subscriber.destroy()]),
      );
    },
    topics: async () => {
      const [a, b] = [await nodeRedisKind.connect(server.port), await nodeRedisKind.connect(server.port)];
      return await topicsWay(a.broker, b.broker, () => Promise.all([a.end(), b.end()]));
    },
  });
  await measure("Redis, ioredis", {
    bare: async () => {
      const [publisher, subscriber] = [await ioRedis(server.port), await ioRedis(server.port)];
      return await bareWay(
        (onMessage) => {
          subscriber.on("messageBuffer", (_: Buffer, message: Buffer) => onMessage(message));
          return subscriber.subscribe("bare");
        },
        (message) => publisher.publish("bare", toBuffer(message)),
        () => Promise.all([endIoRedis(publisher), endIoRedis(subscriber)]),
      );
    },
    topics: async () => {
      const [a, b] = [await ioRedisKind.connect(server.port), await ioRedisKind.connect(server.port)];
      return await topicsWay(a.broker, b.broker, () => Promise.all([a.end(), b.end()]));
    },
  });
}

async function viaNats(server: NatsServer): Promise<void> {
  await measure("NATS", {
    bare: async () => {
      const [publisher, subscriber] = [await nats(server.port), await nats(server.port)];
      return await bareWay(
        (onMessage) => {
          subscriber.subscribe("bare", { callback: (_, { data }) => onMessage(data) });
          return subscriber.flush();
        },
        (message) => publisher.publish("bare", message),
        () => Promise.all([publisher.close(), subscriber.close()]),
      );
    },
    topics: async () => {
      const [a, b] = [await NATS_CLIENT.connect(server.port), await NATS_CLIENT.connect(server.port)];
      return await topicsWay(a.broker, b.broker, () => Promise.all([a.end(), b.end()]));
    },
  });
}

async function inProcess(): Promise<void> {
  await measure("memory", {
    topics: () => {
      const broker = new MemoryBroker();
      return topicsWay(broker, broker, () => Promise.resolve());
    },
  });
  await measure("a message port", {
    bare: async () => {
      const { port1, port2 } = new MessageChannel();
      return await bareWay(
        (onMessage) => {
          port2.onmessage = ({ data }) => onMessage(data);
          return Promise.resolve();
        },
        (message) => port1.postMessage(message),
        () => Promise.resolve([port1.close(), port2.close()]),
      );
    },
    topics: () => {
      const hub = new WorkerHub();
      const broker = new WorkerBroker(hub.createPort());
      return topicsWay(broker, hub, () => Promise.resolve(hub.close()));
    },
  });
}

/** The memory of 100,000 subscriptions, in bytes each. */
async function subscriptions(): Promise<void> {
  const COUNT = 100_000;
  const PAIRS = 100;
  const pairs = await Promise.all(Array.from({ length: PAIRS }, () => makePair()));
  const cost = async (nameOf: (i: number) => string, broker?: Broker) => {
    const topics = new Topics({ name: "bench", broker, maxTopicsPerConnection: COUNT });
    const names = Array.from({ length: COUNT }, (_, i) => nameOf(i));
    const before = memoryInUse();
    await Promise.all(names.map((name, i) => topics.subscribe(pairs[i % PAIRS].server, name)));
    const bytes = (memoryInUse() - before) / COUNT;
    await topics.close();
    return Math.round(bytes);
  };
  console.log("\nbytes a subscription, of 100,000");
  console.log("  each to a topic of its own      ", await cost((i) => `topic ${i}`));
  console.log("  the same, over a broker         ", await cost((i) => `topic ${i}`, new MemoryBroker()));
  console.log("  100 connections to 1,000 topics ", await cost((i) => `topic ${Math.floor(i / PAIRS)}`));
  for (const pair of pairs) await pair[Symbol.asyncDispose]();
}

console.log(`messages of ${LENGTH} B: a second, ${WINDOW} under way; µs from end to end, one under way`);
await inProcess();
{
  await using server = await new RedisServer().start();
  await redis(server);
}
{
  await using server = await new NatsServer().start();
  await viaNats(server);
}
await subscriptions();
