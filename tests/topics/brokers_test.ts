import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { makePair, type WebSocketPair } from "@wsd/driver";
import { NatsBroker } from "@wsd/driver/nats";
import { RedisBroker } from "@wsd/driver/redis";
import { type Broker, Topics, type TopicsOptions } from "@wsd/driver/topics";
import type { createClient } from "npm:@redis/client@6.3.1";
import { once } from "node:events";
import { makeCertificate } from "../support/certificate.ts";
import { testWith } from "../support/permissions.ts";
import {
  type ClientKind,
  endIoRedis,
  ioRedis,
  nats,
  NATS_CLIENT,
  NatsServer,
  nodeRedis,
  REDIS_CLIENTS,
  RedisServer,
  serverTest,
} from "./_servers.ts";

/** It compiles: the client as npm types it. */
export const typed = (client: ReturnType<typeof createClient>): Broker => new RedisBroker(client);

/** A server of the kind that a client is for. */
type Server = RedisServer | NatsServer;

const EVERY: readonly (readonly [ClientKind, string, (args?: readonly string[]) => Server])[] = [
  ...REDIS_CLIENTS.map((kind) => [kind, "redis-server", (args?: readonly string[]) => new RedisServer(args)] as const),
  [NATS_CLIENT, "nats-server", (args) => new NatsServer(args)],
];

/** Writes down what a connection gets. */
class Listener implements AsyncDisposable {
  readonly messages: (string | Uint8Array)[] = [];
  readonly pair: WebSocketPair;
  #onMessage: () => void = () => {};

  constructor(pair: WebSocketPair) {
    this.pair = pair;
    pair.client.on("message", (message) => {
      this.messages.push(message);
      this.#onMessage();
    });
  }

  static async make(): Promise<Listener> {
    return new Listener(await makePair());
  }

  /** Waits for a message. */
  async until(message: string): Promise<void> {
    if (this.messages.includes(message)) return;
    await new Promise<void>((resolve) => {
      this.#onMessage = () => this.messages.includes(message) && resolve();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pair[Symbol.asyncDispose]();
  }
}

function state(topics: Topics, wanted: "up" | "down"): Promise<void> {
  if (topics.stats.state === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const onState = (now: "up" | "down") => {
      if (now !== wanted) return;
      topics.off("state", onState);
      resolve();
    };
    topics.on("state", onState);
  });
}

for (const [kind, program, make] of EVERY) {
  serverTest(program, `${kind.name}: topics are opaque names, and messages arrive as they were`, async () => {
    await using server = await make().start();
    const [here, there] = [await kind.connect(server.port), await kind.connect(server.port)];
    const publisher = new Topics({ name: "a.*.>", broker: here.broker });
    const subscriber = new Topics({ name: "a.*.>", broker: there.broker });
    const names = [
      "*",
      ">",
      "a.b",
      "a",
      "a.*",
      " ",
      "\t\r\n",
      "$SYS",
      "-ERR",
      "ü\u{1f600}",
      "=3A",
      ":",
      "x".repeat(256),
    ];
    await using listener = await Listener.make();
    await Promise.all(names.map((name) => subscriber.subscribe(listener.pair.server, name)));
    for (const name of names) publisher.publish(name, name);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    publisher.publish("*", bytes);
    publisher.publish("*", "");
    publisher.publish("*", "\ufeffx");
    publisher.publish("b", "to nobody");
    publisher.publish("*", "end");
    await listener.until("end");
    const texts = listener.messages.filter((message) => typeof message === "string" && names.includes(message));
    assertEquals(texts.toSorted(), names.toSorted());
    assertEquals(listener.messages.slice(-4), [bytes, "", "\ufeffx", "end"]);
    const { received, repeated, missed } = subscriber.stats;
    assertEquals([received, repeated, missed], [names.length + 4, 0, 0]);
    await publisher.close();
    await subscriber.close();
    assertEquals(await server.channels(), []);
    await Promise.all([here.end(), there.end()]);
  });

  serverTest(program, `${kind.name}: order "broker" delivers to one's own connections as well`, async () => {
    await using server = await make().start();
    const nodes = await Promise.all([0, 1].map(async () => {
      const { broker, end } = await kind.connect(server.port);
      const topics = new Topics({ name: "app", broker, order: "broker" });
      const listener = await Listener.make();
      await topics.subscribe(listener.pair.server, "x");
      return { topics, listener, end };
    }));
    for (let i = 0; i < 200; i++) for (const { topics } of nodes) topics.publish("x", `${topics.id} ${i}`);
    for (const { topics } of nodes) await topics.publish("x", "end").relayed;
    await Promise.all(nodes.map(({ listener }) => listener.until("end")));
    await nodes[1].topics.publish("x", "last").relayed;
    await Promise.all(nodes.map(({ listener }) => listener.until("last")));
    const [first, second] = nodes.map(({ listener }) => listener.messages);
    assertEquals([first.length, second.length], [403, 403]);
    // NATS keeps the order of each publisher, and promises no other.
    if (program === "redis-server") assertEquals(first, second);
    for (const { topics: { id } } of nodes) {
      const texts = Array.from({ length: 200 }, (_, i) => `${id} ${i}`);
      for (const messages of [first, second]) {
        assertEquals(messages.filter((message) => message.toString().startsWith(`${id} `)), texts);
      }
    }
    for (const { topics, listener, end } of nodes) {
      await topics.close();
      await end();
      await listener[Symbol.asyncDispose]();
    }
  });

  serverTest(program, `${kind.name}: what was published before close() arrives`, async () => {
    await using server = await make().start();
    const [here, there] = [await kind.connect(server.port), await kind.connect(server.port)];
    const publisher = new Topics({ name: "app", broker: here.broker });
    const subscriber = new Topics({ name: "app", broker: there.broker });
    await using listener = await Listener.make();
    await subscriber.subscribe(listener.pair.server, "x");
    await state(publisher, "up");
    const relayed = Array.from({ length: 1_000 }, (_, i) => publisher.publish("x", `${i}`).relayed);
    await publisher.close();
    assertEquals(new Set(await Promise.all(relayed)), new Set(["sent"]));
    await listener.until("999");
    await subscriber.close();
    await Promise.all([here.end(), there.end()]);
  });
}

for (const kind of REDIS_CLIENTS) {
  serverTest("redis-server", `${kind.name}: a thousand subscriptions of one turn are one command`, async () => {
    await using server = await new RedisServer().start();
    const { broker, end } = await kind.connect(server.port);
    const topics = new Topics({ name: "app", broker, linger: 0 });
    await state(topics, "up");
    await using listeners = new AsyncDisposableStack();
    const pairs = await Promise.all([makePair(), makePair()]);
    for (const pair of pairs) listeners.use(pair);
    const calls = async (command: string) =>
      Number((await server.command("INFO", "commandstats")).match(`cmdstat_${command}:calls=(\\d+)`)?.[1] ?? 0);
    await Promise.all(
      Array.from({ length: 2_000 }, (_, i) => topics.subscribe(pairs[i % 2].server, `${i >> 1}`)),
    );
    assertEquals([await calls("subscribe"), (await server.channels()).length], [1, 1_000]);
    for (const pair of pairs) topics.unsubscribe(pair.server);
    while (topics.stats.topics > 0) await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals([await calls("unsubscribe"), await server.channels()], [1, []]);
    await topics.close();
    await end();
  });

  serverTest("redis-server", `${kind.name}: a password that is wrong takes nothing down`, async () => {
    await using server = await new RedisServer([], ["-a", "other"]).start();
    const { broker, end } = await kind.connect(server.port);
    const errors: string[] = [];
    const topics = new Topics({ name: "app", broker, outage: { maxAge: 50 } });
    topics.on("error", ({ message }) => errors.push(message));
    await using listener = await Listener.make();
    await topics.subscribe(listener.pair.server, "x");
    const down = state(topics, "down");
    await server.command("CONFIG", "SET", "requirepass", "other");
    await server.command("CLIENT", "KILL", "TYPE", "normal");
    await server.command("CLIENT", "KILL", "TYPE", "pubsub");
    await down;
    const { local, relayed } = topics.publish("x", "1");
    assertEquals([local.sent, await relayed], [1, "dropped"]);
    await listener.until("1");
    assertEquals(topics.stats.state, "down");
    await server.command("CONFIG", "SET", "requirepass", "");
    await state(topics, "up");
    assertEquals(await topics.publish("x", "2").relayed, "sent");
    assert(errors.length > 0);
    await topics.close();
    await end();
  });
}

/** A user who may use the channels `app:ok…` only. */
const ACL = ["--user", "app", "on", ">secret", "~*", "&app:ok*", "+@all"];

serverTest("redis-server", "@redis/client: a channel that is refused takes nothing down", async () => {
  await using server = await new RedisServer(ACL).start();
  const client = await nodeRedis(server.port, { username: "app", password: "secret" });
  await refusesBad(new RedisBroker(client), server, "NOPERM");
  client.destroy();
});

serverTest("redis-server", "ioredis: a channel that is refused takes nothing down", async () => {
  await using server = await new RedisServer(ACL).start();
  const client = await ioRedis(server.port, { username: "app", password: "secret" });
  await refusesBad(new RedisBroker(client), server, "NOPERM");
  await endIoRedis(client);
});

const PERMISSIONS = `authorization: { users: [ { user: app, password: secret, permissions: {
  publish: ["wsd.*"], subscribe: { allow: ["wsd.*"], deny: ["wsd.app=3Abad1", "wsd.app=3Abad2"] }
} } ] }`;

serverTest("nats-server", "@nats-io/transport-node: a subject that is refused takes nothing down", async () => {
  const config = await Deno.makeTempFile();
  await Deno.writeTextFile(config, PERMISSIONS);
  await using server = await new NatsServer(["-c", config]).start();
  const connection = await nats(server.port, { user: "app", pass: "secret" });
  await refusesBad(new NatsBroker(connection), server, "Permissions Violation");
  await connection.close();
  await Deno.remove(config);
});

serverTest("redis-server", "close() waits no longer than Redis lives", async () => {
  await using server = await new RedisServer().start();
  const [client, subscriber] = [await nodeRedis(server.port), await nodeRedis(server.port)];
  const topics = new Topics({ name: "app", broker: new RedisBroker(client, { subscriber }) });
  await state(topics, "up");
  server.freeze();
  const { relayed } = topics.publish("x", "1");
  const begun = performance.now();
  const closed = topics.close();
  await server.kill();
  await closed;
  // Two seconds are what a broker that doesn't answer gets.
  assertLess(performance.now() - begun, 2_000);
  assertEquals(await relayed, "dropped");
  // A client that is about to connect again keeps its timer, also once it is destroyed.
  await server.start();
  for (const each of [client, subscriber]) {
    if (!each.isReady) await once(each, "ready");
    each.destroy();
  }
});

/** Topics whose names begin with "ok" work; those with "bad" are refused, and only those. */
async function refusesBad(broker: Broker, server: Server, reason: string): Promise<void> {
  const topics = new Topics({ name: "app", broker });
  const errors: Error[] = [];
  topics.on("error", (error) => errors.push(error));
  await using listener = await Listener.make();
  const subscribe = (topic: string) => topics.subscribe(listener.pair.server, topic);
  const names = ["ok1", "bad1", "ok2", "bad2", "ok3"];
  const outcomes = await Promise.allSettled(names.map(subscribe));
  assertEquals(outcomes.map(({ status }) => status === "fulfilled"), [true, false, true, false, true]);
  const { message } = await assertRejects(() => subscribe("bad1"), Error);
  assertStringIncludes(message, reason);
  assert(errors.some(({ message }) => message === 'The broker refused the subscription to topic "bad2"'));
  assertEquals((await server.channels()).length, 3);
  assertEquals(topics.publish("bad1", "here").local.sent, 1);
  await listener.until("here");
  assertEquals(await topics.publish("ok1", "all").relayed, "sent");
  assertEquals(topics.stats.state, "up");
  await topics.close();
  assertEquals(await server.channels(), []);
}

serverTest("redis-server", "publish() is dropped, and says why, if Redis refuses the channel", async () => {
  await using server = await new RedisServer(ACL).start();
  const client = await nodeRedis(server.port, { username: "app", password: "secret" });
  const topics = new Topics({ name: "app", broker: new RedisBroker(client) });
  await state(topics, "up");
  const error = new Promise<Error>((resolve) => topics.once("error", resolve));
  const first = topics.publish("bad", "1");
  const second = topics.publish("ok", "2");
  assertEquals(await Promise.all([first.relayed, second.relayed]), ["dropped", "sent"]);
  assertStringIncludes((await error).message, "NOPERM");
  await topics.close();
  client.destroy();
});

serverTest(
  "nats-server",
  "NatsBroker refuses what would end its connection, and what is too long for NATS",
  async () => {
    await using server = await new NatsServer().start();
    const connection = await nats(server.port);
    const topics = new Topics({ name: "app", broker: new NatsBroker(connection), maxTopicLength: 5_000 });
    await using listener = await Listener.make();
    await state(topics, "up");
    await assertRejects(() => topics.subscribe(listener.pair.server, "*".repeat(2_000)), RangeError, "6010 bytes");
    assertEquals(await topics.publish("*".repeat(2_000), "1").relayed, "dropped");
    assertEquals(await topics.publish("x", new Uint8Array(2 * 1024 * 1024)).relayed, "dropped");
    assertEquals(await topics.publish("x", "1").relayed, "sent");
    assertEquals(topics.stats.state, "up");
    await topics.close();
    await connection.close();
  },
);

/** Writes an authority's certificate and one for this machine where servers can read them. */
async function withCertificates(
  fn: (files: Record<"cert" | "key" | "ca", string>, ca: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const certificate = await makeCertificate({ hostnames: ["127.0.0.1", "localhost"] });
    const files = { cert: `${folder}/cert.pem`, key: `${folder}/key.pem`, ca: `${folder}/ca.pem` };
    for (const name of ["cert", "key", "ca"] as const) await Deno.writeTextFile(files[name], certificate[name]);
    await fn(files, certificate.ca);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function carries(here: Broker, there: Broker, options: Partial<TopicsOptions> = {}): Promise<void> {
  const publisher = new Topics({ name: "app", broker: here, ...options });
  const subscriber = new Topics({ name: "app", broker: there, ...options });
  await using listener = await Listener.make();
  await subscriber.subscribe(listener.pair.server, "x");
  assertEquals(await publisher.publish("x", "by TLS").relayed, "sent");
  await listener.until("by TLS");
  await publisher.close();
  await subscriber.close();
}

serverTest("redis-server", "RedisBroker works over TLS with an authority of one's own", async () => {
  await withCertificates(async ({ cert, key, ca: caFile }, ca) => {
    const tls = [
      "--tls-cert-file",
      cert,
      "--tls-key-file",
      key,
      "--tls-ca-cert-file",
      caFile,
      "--tls-auth-clients",
      "no",
    ];
    await using server = await new RedisServer(["--port", "0", "--tls-port", "PORT", ...tls]).start();
    const a = await nodeRedis(server.port, { socket: { tls: true, ca } });
    const b = await ioRedis(server.port, { tls: { ca } });
    await carries(new RedisBroker(a), new RedisBroker(b));
    await carries(new RedisBroker(b), new RedisBroker(a));
    a.destroy();
    await endIoRedis(b);
    await assertRejects(() => nodeRedis(server.port, { socket: { tls: true, reconnectStrategy: false } }), Error);
  });
});

serverTest("nats-server", "NatsBroker works over TLS with an authority of one's own", async () => {
  await withCertificates(async ({ cert, key }, ca) => {
    await using server = await new NatsServer(["--tls", "--tlscert", cert, "--tlskey", key]).start();
    const [a, b] = [await nats(server.port, { tls: { ca } }), await nats(server.port, { tls: { ca } })];
    await carries(new NatsBroker(a), new NatsBroker(b));
    await Promise.all([a.close(), b.close()]);
    await assertRejects(() => nats(server.port, { tls: {}, reconnect: false }), Error);
  });
});

serverTest("redis-server", "RedisBroker leaves a subscriber of one's own connected", async () => {
  await using server = await new RedisServer().start();
  const [client, subscriber] = [await nodeRedis(server.port), await nodeRedis(server.port)];
  const topics = new Topics({ name: "app", broker: new RedisBroker(client, { subscriber }) });
  await using listener = await Listener.make();
  await topics.subscribe(listener.pair.server, "x");
  await topics.close();
  assertEquals([client.isReady, subscriber.isReady, await server.channels()], [true, true, []]);
  client.destroy();
  subscriber.destroy();
});

serverTest("nats-server", "Topics stay down once the connection to NATS has ended for good", async () => {
  await using server = await new NatsServer().start();
  const connection = await nats(server.port);
  const topics = new Topics({ name: "app", broker: new NatsBroker(connection), outage: { maxAge: 1 } });
  await using listener = await Listener.make();
  await topics.subscribe(listener.pair.server, "x");
  const down = state(topics, "down");
  await connection.close();
  await down;
  const { local, relayed } = topics.publish("x", "1");
  assertEquals([local.sent, await relayed], [1, "dropped"]);
  await topics.close();
});

Deno.test("RedisBroker() and NatsBroker() refuse anything but a client", () => {
  assertThrows(() => new RedisBroker({} as never), TypeError, "@redis/client");
  assertThrows(() => new RedisBroker(undefined as never), TypeError, "ioredis");
  assertThrows(() => new NatsBroker({} as never), TypeError, "@nats-io/transport-node");
  const connection = { flush() {}, status() {} } as never;
  assertThrows(() => new NatsBroker(connection, { prefix: "a.*" }), SyntaxError, '"a.*"');
});

testWith({ read: true, run: true }, "Importing the package loads no npm package", async () => {
  for (const entry of ["mod.ts", "client.ts", "server.ts", "topics.ts", "redis.ts", "nats.ts"]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", entry],
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
    }).output();
    const { modules, npmPackages } = JSON.parse(new TextDecoder().decode(stdout));
    const specifiers: string[] = modules.map(({ specifier }: { specifier: string }) => specifier);
    assert(specifiers.length > 1, entry);
    assertEquals(
      [specifiers.filter((name) => name.startsWith("npm:")), Object.keys(npmPackages ?? {})],
      [[], []],
      entry,
    );
  }
});
