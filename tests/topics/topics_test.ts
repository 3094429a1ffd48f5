import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { makePair, type WebSocketPair } from "@wsd/driver";
import {
  type Broker,
  type BrokerConnection,
  type BrokerHandler,
  type Gap,
  MemoryBroker,
  Topics,
} from "@wsd/driver/topics";
import { PrintedErrors } from "../support/uncaught.ts";

/** Waits for a number of messages. */
function received(pair: WebSocketPair, count: number): Promise<(string | Uint8Array)[]> {
  const messages: (string | Uint8Array)[] = [];
  const { promise, resolve } = Promise.withResolvers<(string | Uint8Array)[]>();
  pair.client.on("message", (message) => {
    if (messages.push(message) === count) resolve(messages);
  });
  return promise;
}

/** A broker that does what a test says. */
class TestBroker implements Broker {
  handler!: BrokerHandler;
  ready = true;
  /** What was asked of it. */
  readonly commands: string[] = [];
  /** Answers the commands; a promise keeps one waiting. */
  answer: (command: string) => void | Promise<void> = () => {};
  readonly published: { channel: string; message: Uint8Array }[] = [];

  connect(handler: BrokerHandler): BrokerConnection {
    this.handler = handler;
    // deno-lint-ignore no-this-alias -- a getter's `this` is the connection
    const broker = this;
    return {
      get ready() {
        return broker.ready;
      },
      subscribe: (channels) => this.#run(`subscribe ${channels.join(" ")}`),
      unsubscribe: (channels) => this.#run(`unsubscribe ${channels.join(" ")}`),
      publish: (channel, message) => {
        this.published.push({ channel, message });
        return this.answer(`publish ${channel}`);
      },
      close: () => void this.commands.push("close"),
    };
  }

  #run(command: string): void | Promise<void> {
    this.commands.push(command);
    return this.answer(command);
  }

  down(): void {
    this.ready = false;
    this.handler.onDown();
  }

  up(): void {
    this.ready = true;
    this.handler.onUp();
  }

  /** Brings a message that another object has published. */
  bring({ channel, message }: { channel: string; message: Uint8Array }): void {
    this.handler.onMessage(channel, message);
  }
}

/** Messages as another process would publish them. */
async function publishElsewhere(topic: string, ...messages: string[]): Promise<TestBroker["published"]> {
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker });
  for (const message of messages) topics.publish(topic, message);
  return broker.published;
}

/** Lets all that needs no timer happen. */
async function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
  port1.close();
  port2.close();
}

Deno.test("publish() reaches all subscribers, except those it names", async () => {
  await using topics = new Topics({ name: "app" });
  await using a = await makePair();
  await using b = await makePair();
  await using c = await makePair();
  await topics.subscribe(a.server, "x");
  await topics.subscribe(b.server, "x");
  await topics.subscribe(c.server, "y");
  const forA = received(a, 2);
  const forB = received(b, 1);
  const forC = received(c, 1);
  const first = topics.publish("x", "1");
  assertEquals(first.local, { sent: 2, skipped: 0, closed: 0 });
  assertEquals(await first.relayed, "sent");
  assertEquals(topics.publish("x", Uint8Array.of(2), { except: b.server }).local.sent, 1);
  assertEquals(topics.publish("y", "3", { except: new Set([a.server]) }).local.sent, 1);
  assertEquals(topics.publish("z", "4").local.sent, 0);
  assertEquals(await forA, ["1", Uint8Array.of(2)]);
  assertEquals(await forB, ["1"]);
  assertEquals(await forC, ["3"]);
});

Deno.test("Topics forget a connection that closes, and count the remaining ones", async () => {
  await using topics = new Topics({ name: "app" });
  await using a = await makePair();
  await using b = await makePair();
  for (const topic of ["x", "y"]) {
    await topics.subscribe(a.server, topic);
    await topics.subscribe(a.server, topic);
    await topics.subscribe(b.server, topic);
  }
  assertEquals([topics.count("x"), topics.stats.subscriptions, topics.stats.topics], [2, 4, 2]);
  assertEquals(topics.topicsOf(a.server), ["x", "y"]);
  topics.unsubscribe(a.server, "x");
  topics.unsubscribe(a.server, "never");
  assertEquals([topics.topicsOf(a.server), topics.count("x")], [["y"], 1]);
  a.client.closeConnection();
  await a.server.closed;
  assertEquals([topics.topicsOf(a.server), topics.count("y")], [[], 1]);
  await topics.subscribe(a.server, "x");
  assertEquals(topics.count("x"), 1);
  topics.unsubscribe(b.server);
  assertEquals([topics.stats.topics, topics.stats.subscriptions], [0, 0]);
  assertEquals(b.server.listenerCount("close"), 0);
});

Deno.test("Topics drop a closed connection whose listeners were removed", async () => {
  await using topics = new Topics({ name: "app" });
  await using pair = await makePair();
  await topics.subscribe(pair.server, "x");
  pair.server.removeAllListeners("close");
  pair.client.closeConnection();
  await pair.server.closed;
  assertEquals(topics.publish("x", "1").local, { sent: 0, skipped: 0, closed: 1 });
  assertEquals([topics.count("x"), topics.stats.topics], [0, 0]);
});

Deno.test("subscribe() refuses names that a broker can't carry, and too many", async () => {
  await using topics = new Topics({ name: "app", maxTopicLength: 8, maxTopicsPerConnection: 2 });
  await using pair = await makePair();
  const subscribe = (topic: unknown) => topics.subscribe(pair.server, topic as string);
  assertThrows(() => subscribe(""), RangeError, "empty");
  assertThrows(() => subscribe("a\0"), RangeError, "NUL");
  assertThrows(() => subscribe("\ud800"), RangeError, "surrogate");
  assertThrows(() => subscribe("123456789"), RangeError, "at most 8 bytes of UTF-8, received 9");
  assertThrows(() => subscribe("ééééé"), RangeError, "received 10");
  assertThrows(() => subscribe(1), TypeError, "string");
  await subscribe("éééé");
  await subscribe("*");
  assertThrows(() => subscribe("c"), RangeError, "maxTopicsPerConnection");
  await subscribe("*");
  assertEquals([topics.stats.topics, topics.count("c")], [2, 0]);
  assertThrows(() => topics.publish("", "1"), RangeError, "empty");
  assertThrows(() => topics.publish("x", 1 as unknown as string), TypeError, "number");
  assertThrows(() => topics.publish("x", "1", { excpet: pair.server } as never), TypeError, "except");
  assertThrows(() => new Topics({ name: "" }), RangeError, "empty");
  assertThrows(() => new Topics({ name: "a", lingr: 1 } as never), TypeError, "linger");
  assertThrows(() => new Topics({ name: "a", outage: { maxAge: -1 } }), RangeError, "maxAge");
  assertThrows(() => new Topics({ name: "a", broker: {} as Broker }), TypeError, "Broker");
});

Deno.test("publish() and subscribe() throw once the topics are closed", async () => {
  const topics = new Topics({ name: "app", broker: new MemoryBroker() });
  await using pair = await makePair();
  await topics.subscribe(pair.server, "x");
  await topics.close();
  await topics.close();
  assertThrows(() => topics.publish("x", "1"), TypeError, "closed");
  assertThrows(() => topics.subscribe(pair.server, "x"), TypeError, "closed");
  assertEquals(topics.stats.subscriptions, 0);
  assertEquals(pair.server.listenerCount("close"), 0);
});

Deno.test("MemoryBroker carries messages between Topics of one name", async () => {
  const broker = new MemoryBroker();
  await using here = new Topics({ name: "app", broker });
  await using there = new Topics({ name: "app", broker });
  await using others = new Topics({ name: "else", broker });
  await using pair = await makePair();
  for (const topics of [here, there, others]) await topics.subscribe(pair.server, "x");
  const messages = received(pair, 4);
  here.publish("x", "ü");
  await here.publish("x", Uint8Array.of(1, 2)).relayed;
  assertEquals(await messages, ["ü", "ü", Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
  here.publish("x", "local", { localOnly: true });
  assertEquals([there.stats.received, others.stats.received, here.stats.received], [2, 0, 0]);
});

Deno.test('order: "broker" shows all Topics one order, and remembers exceptions', async () => {
  const broker = new MemoryBroker();
  await using here = new Topics({ name: "app", broker, order: "broker" });
  await using there = new Topics({ name: "app", broker, order: "broker" });
  await using a = await makePair();
  await using b = await makePair();
  await here.subscribe(a.server, "x");
  await there.subscribe(b.server, "x");
  const forA = received(a, 2);
  const forB = received(b, 3);
  assertEquals(here.publish("x", "1").local.sent, 0);
  here.publish("x", "2", { except: a.server });
  there.publish("x", "3");
  assertEquals(await forA, ["1", "3"]);
  assertEquals(await forB, ["1", "2", "3"]);
});

Deno.test("Topics subscribe with one command per turn, and once for many connections", async () => {
  const broker = new TestBroker();
  const topics = new Topics({ name: "app", broker, linger: 0 });
  await using a = await makePair();
  await using b = await makePair();
  await Promise.all([
    topics.subscribe(a.server, "x"),
    topics.subscribe(b.server, "x"),
    topics.subscribe(a.server, "y"),
  ]);
  await topics.subscribe(b.server, "y");
  assertEquals(broker.commands, ["subscribe app:x app:y"]);
  const ended = Promise.withResolvers<void>();
  broker.answer = (command) => command.startsWith("un") ? ended.resolve() : undefined;
  topics.unsubscribe(a.server, "x");
  topics.unsubscribe(b.server, "x");
  await ended.promise;
  await turn();
  assertEquals(broker.commands, ["subscribe app:x app:y", "unsubscribe app:x"]);
  assertEquals(topics.stats.topics, 1);
  await topics.close();
});

Deno.test("Topics keep a subscription that is wanted again within linger", async () => {
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker, linger: 100_000 });
  await using pair = await makePair();
  await topics.subscribe(pair.server, "x");
  topics.unsubscribe(pair.server, "x");
  assertEquals(topics.stats.topics, 1);
  await topics.subscribe(pair.server, "x");
  await turn();
  assertEquals(broker.commands, ["subscribe app:x"]);
});

Deno.test("subscribe() during the end of the subscription subscribes again", async () => {
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker, linger: 0 });
  await using pair = await makePair();
  await topics.subscribe(pair.server, "x");
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  broker.answer = (command) => {
    if (!command.startsWith("un")) return;
    asked.resolve();
    return answered.promise;
  };
  topics.unsubscribe(pair.server, "x");
  await asked.promise;
  const confirmed = topics.subscribe(pair.server, "x");
  answered.resolve();
  await confirmed;
  assertEquals(broker.commands, ["subscribe app:x", "unsubscribe app:x", "subscribe app:x"]);
  assertEquals(topics.count("x"), 1);
});

Deno.test("subscribe() rejects for the one topic that is refused", async () => {
  const broker = new TestBroker();
  const errors: string[] = [];
  await using topics = new Topics({ name: "app", broker });
  topics.on("error", ({ message }) => errors.push(message));
  await using pair = await makePair();
  broker.answer = (command) => command.includes("app:c") ? Promise.reject(new Error("NOPERM")) : undefined;
  const all = ["a", "b", "c", "d", "e"].map((topic) => topics.subscribe(pair.server, topic));
  const outcomes = await Promise.allSettled(all);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
  assertEquals(errors, ['The broker refused the subscription to topic "c"']);
  // It is subscribed in this process all the same, and the broker is asked again with the next subscription.
  const message = received(pair, 1);
  topics.publish("c", "1");
  assertEquals(await message, ["1"]);
  broker.answer = () => {};
  await topics.subscribe(pair.server, "c");
});

Deno.test("a refusal that nobody awaits is not an unhandled rejection", async () => {
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker });
  await using pair = await makePair();
  broker.answer = () => Promise.reject(new Error("NOPERM"));
  topics.subscribe(pair.server, "x");
  topics.publish("x", "1");
  await turn();
  assertEquals(topics.stats.dropped, 1);
});

Deno.test("Topics count missing messages, and drop duplicates", async () => {
  const published = await publishElsewhere("x", "1", "2", "3", "4", "5");
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker });
  const gaps: Gap[] = [];
  topics.on("gap", (gap) => gaps.push(gap));
  await using pair = await makePair();
  await topics.subscribe(pair.server, "x");
  const messages = received(pair, 3);
  for (const at of [1, 1, 0, 3, 2, 4]) broker.bring(published[at]);
  assertEquals(await messages, ["2", "4", "5"]);
  assertEquals(gaps.map(({ missed, reason }) => [missed, reason]), [[1, "lost"]]);
  assertEquals([topics.stats.missed, topics.stats.repeated, topics.stats.received], [1, 3, 3]);
});

Deno.test("Topics report a foreign message, and continue", async () => {
  const [good] = await publishElsewhere("x", "1");
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker });
  const errors: string[] = [];
  topics.on("error", ({ message }) => errors.push(message));
  await using pair = await makePair();
  await topics.subscribe(pair.server, "x");
  const messages = received(pair, 1);
  const { channel, message } = good;
  const noText = message.with(message.length - 1, 0xff);
  for (let length = 0; length < message.length - 1; length++) {
    broker.bring({ channel, message: message.slice(0, length) });
  }
  broker.bring({ channel, message: message.with(0, 0x20) });
  broker.bring({ channel, message: noText });
  assertEquals(errors.at(-1), 'Cannot deliver a message on topic "x"');
  assertEquals(errors.length, message.length + 1);
  broker.bring((await publishElsewhere("x", "1"))[0]);
  assertEquals(await messages, ["1"]);
});

Deno.test("publish() waits for a broker that is down, within the limits", async () => {
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker, outage: { maxBytes: 100 } });
  broker.down();
  const first = topics.publish("x", "a".repeat(60));
  const second = topics.publish("x", "b".repeat(60));
  const third = topics.publish("x", "c".repeat(200));
  assertEquals(await Promise.all([first.relayed, third.relayed]), ["dropped", "dropped"]);
  assertEquals(await second.relayed, "dropped");
  const fourth = topics.publish("x", "d".repeat(60));
  assertEquals(topics.stats.state, "down");
  broker.up();
  assertEquals(await fourth.relayed, "sent");
  assertEquals([broker.published.length, topics.stats.dropped, topics.stats.waitingBytes], [1, 3, 0]);
});

Deno.test("publish() drops messages that wait longer than maxAge", async () => {
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker, outage: { maxAge: 1 } });
  broker.down();
  assertEquals(await topics.publish("x", "1").relayed, "dropped");
  broker.up();
  assertEquals(broker.published.length, 0);
});

Deno.test("publish() resends, in order, what was unanswered when the broker was lost", async () => {
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker });
  const lost = Promise.withResolvers<void>();
  broker.answer = () => lost.promise;
  const first = topics.publish("x", "1");
  const second = topics.publish("x", "2");
  broker.ready = false;
  lost.reject(new Error("connection closed"));
  await turn();
  broker.down();
  const third = topics.publish("x", "3");
  broker.answer = () => {};
  broker.up();
  assertEquals(await Promise.all([first.relayed, second.relayed, third.relayed]), ["sent", "sent", "sent"]);
  const texts = broker.published.map(({ message }) => String.fromCharCode(message.at(-1)!));
  assertEquals(texts, ["1", "2", "1", "2", "3"]);
});

Deno.test("Topics send nothing before their subscriptions are confirmed", async () => {
  const broker = new TestBroker();
  broker.ready = false;
  await using topics = new Topics({ name: "app", broker });
  await using pair = await makePair();
  const events: string[] = [];
  topics.on("state", (state) => events.push(state));
  topics.on("gap", ({ missed, reason }) => events.push(`${reason} ${missed}`));
  const answered = Promise.withResolvers<void>();
  broker.answer = (command) => command.startsWith("subscribe") ? answered.promise : undefined;
  const confirmed = topics.subscribe(pair.server, "x");
  topics.publish("x", "1");
  broker.up();
  await turn();
  assertEquals([broker.commands, broker.published.length, events], [["subscribe app:x"], 0, []]);
  answered.resolve();
  await confirmed;
  await turn();
  assertEquals([broker.published.length, events], [1, ["up"]]);
  broker.down();
  broker.up();
  assertEquals(events, ["up", "down", "up", "outage null"]);
});

Deno.test("close() rejects a subscription that was not confirmed", async () => {
  const broker = new TestBroker();
  broker.ready = false;
  const topics = new Topics({ name: "app", broker });
  await using pair = await makePair();
  const confirmed = topics.subscribe(pair.server, "x");
  const waiting = topics.publish("x", "1");
  await topics.close();
  await assertRejects(() => confirmed, Error, "closed");
  assertEquals(await waiting.relayed, "dropped");
  assertEquals(broker.commands, ["close"]);
});

/** Whether a promise settles without a timer. */
function settles(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), turn().then(() => false)]);
}

Deno.test("close() stops waiting for a message once the broker is lost with it", async () => {
  const broker = new TestBroker();
  const topics = new Topics({ name: "app", broker });
  const answers = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  broker.answer = () => answers[broker.published.length - 1].promise;
  const [first, second] = ["1", "2"].map((text) => topics.publish("x", text));
  const closed = topics.close();
  broker.down();
  answers[0].reject(new Error("lost"));
  assertEquals(await first.relayed, "dropped");
  // Another client may still be waiting for an answer, and get it.
  answers[1].resolve();
  assertEquals(await second.relayed, "sent");
  assert(await settles(closed));
  assertEquals(broker.commands, ["close"]);
});

Deno.test("close() doesn't wait for a message that has failed before, with a broker that is about to be lost", async () => {
  const broker = new TestBroker();
  const topics = new Topics({ name: "app", broker });
  broker.answer = () => Promise.reject(new Error("lost"));
  const { relayed } = topics.publish("x", "1");
  broker.ready = false;
  await turn();
  assert(await settles(topics.close()));
  assertEquals(await relayed, "dropped");
});

Deno.test("a listener of Topics that rejects is reported", async () => {
  const reported = new Promise<ErrorEvent>((resolve) => {
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event);
    }, { once: true });
  });
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker });
  topics.on("error", () => Promise.reject(new Error("mine")));
  broker.handler.onError(new Error("theirs"));
  assertEquals((await reported).error.message, "mine");
});

// Without a listener for the global "error" event, reportError() would end the process.
Deno.test("what a listener of Topics throws is printed, and ends no process", async () => {
  using printed = new PrintedErrors();
  const broker = new TestBroker();
  await using topics = new Topics({ name: "app", broker });
  topics.on("error", () => {
    throw new Error("mine");
  });
  broker.handler.onError(new Error("theirs"));
  assertEquals(printed.values.map(([, error]) => (error as Error).message), ["mine"]);
});
