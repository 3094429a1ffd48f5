/** Each event of a WebSocket is dispatched in a task of its own: WHATWG WebSockets, "queue a task". */
import { assert, assertEquals } from "@std/assert";
import { WebSocket } from "../../mod.ts";
import { EventTasks } from "../../src/web/event_tasks.ts";
import { concat } from "../support/frames.ts";
import { netTest } from "../support/permissions.ts";
import { rawServer } from "../support/raw_server.ts";
import { next, serveSockets } from "./_sockets.ts";

/** A server that sends messages in one piece with its answer, and a Close after them. */
function talkative(texts: string[]) {
  return rawServer(async (peer) => {
    const frames = texts.map((text) => peer.frameOf(0x81, text));
    await peer.accept(concat([...frames, peer.frameOf(0x88, Uint8Array.of(3, 232))]));
    while (!(await peer.frame()).startsWith("close"));
    await peer.end();
  });
}

/** Waits as many turns of microtasks as a chain of async functions may. */
async function awaits(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await null;
}

netTest("WebSocket delivers a greeting to a listener that is set after the open was awaited", async () => {
  for (let i = 0; i < 50; i++) {
    await using server = talkative(["Welcome"]);
    const ws = new WebSocket(server.url);
    await next(ws, "open");
    await awaits(20);
    assertEquals((await next(ws, "message")).data, "Welcome");
    await next(ws, "close");
  }
});

netTest("WebSocket loses none of the messages of one read when each is awaited by itself", async () => {
  const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
  await using server = talkative(texts);
  const ws = new WebSocket(server.url);
  await next(ws, "open");
  for (const text of texts) {
    const { data } = await next(ws, "message");
    assertEquals(data, text);
    await awaits(5);
  }
  assertEquals((await next(ws, "close")).code, 1000);
});

for (const runtime of [false, true]) {
  netTest(`upgradeWebSocket()'s socket, too, under ${runtime ? "Deno." : ""}serve`, async () => {
    const received: string[] = [];
    await using server = serveSockets(async (socket) => {
      await next(socket, "open");
      for (let i = 0; i < 200; i++) {
        received.push((await next(socket, "message")).data);
        await awaits(5);
      }
      socket.close(4000);
    }, runtime);
    const ws = new WebSocket(server.url);
    await next(ws, "open");
    for (let i = 0; i < 200; i++) ws.send(`${i}`);
    assertEquals((await next(ws, "close")).code, 4000);
    assertEquals(received, Array.from({ length: 200 }, (_, i) => `${i}`));
  });
}

netTest("WebSocket is OPEN for messages before the Close, and dispatches close after them", async () => {
  await using server = talkative(["a", "b", "c"]);
  const ws = new WebSocket(server.url);
  const events: string[] = [];
  for (const type of ["open", "message", "close"]) {
    ws.addEventListener(type, async () => {
      const before = events.push(`${type} ${ws.readyState}`);
      await awaits(20);
      // Another event has not come meanwhile.
      assertEquals(events.length, before);
    });
  }
  await next(ws, "close");
  assertEquals(events, ["open 1", "message 1", "message 1", "message 1", "close 3"]);
});

netTest("WebSocket dispatches no event before the method that causes it returns", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ws = new WebSocket(`ws://127.0.0.1:${listener.addr.port}/`);
  const events: string[] = [];
  ws.onerror = () => void events.push("error");
  ws.onclose = () => void events.push("close");
  ws.close();
  assertEquals([events, ws.readyState], [[], WebSocket.CLOSING]);
  await next(ws, "close");
  assertEquals(events, ["error", "close"]);
});

netTest("WebSocket receives 20,000 messages at once in order, and answers them all", async () => {
  const count = 20_000;
  await using server = serveSockets((socket) => {
    socket.onmessage = ({ data }) => socket.send(data);
  });
  const ws = new WebSocket(server.url);
  await next(ws, "open");
  let received = 0;
  const all = Promise.withResolvers<void>();
  ws.onmessage = ({ data }) => {
    if (data !== `${received}`) all.reject(new Error(`Expected ${received}, received ${data}`));
    if (++received === count) all.resolve();
  };
  for (let i = 0; i < count; i++) ws.send(`${i}`);
  await all.promise;
  ws.close();
  await next(ws, "close");
});

/** An owner that keeps account, and how to know that all tasks are over. */
function account(pausable = true) {
  const log: string[] = [];
  const paused: number[] = [];
  let dispatched = 0;
  const owner = {
    dispatchMessage: () => void dispatched++,
    pause() {
      paused.push(dispatched);
      return pausable;
    },
    resume: () => void log.push(`resumed after ${dispatched}`),
    cork: () => void log.push("corked"),
    uncork: () => void log.push(`uncorked after ${dispatched}`),
  };
  const tasks = new EventTasks(owner);
  const over = () => new Promise<void>((resolve) => tasks.queue(resolve));
  return { tasks, log, paused, over, dispatched: () => dispatched };
}

Deno.test("EventTasks dispatches the first message of a task at once, and the others later", async () => {
  const { tasks, over, dispatched } = account();
  tasks.deliver("a");
  tasks.deliver("b");
  tasks.deliver("c");
  assertEquals(dispatched(), 1);
  await over();
  assertEquals(dispatched(), 3);
});

Deno.test("EventTasks pauses the connection while 64 KiB are queued, and holds no more", async () => {
  for (const length of [0, 16, 1024, 100_000]) {
    const { tasks, log, paused, over } = account();
    let count = 0;
    while (paused.length === 0) {
      tasks.deliver("x".repeat(length));
      count++;
    }
    assert((count - 2) * length < 64 * 1024 && count < 1000, `${count} messages of ${length}`);
    await over();
    assertEquals(log, ["corked", `uncorked after ${count}`, `resumed after ${count}`]);
  }
});

Deno.test("EventTasks asks a connection that can't be paused once, and still dispatches what arrives", async () => {
  const { tasks, log, paused, over, dispatched } = account(false);
  for (let i = 0; i < 5000; i++) tasks.deliver("x".repeat(100));
  assertEquals(paused.length, 1);
  await over();
  assertEquals([dispatched(), log], [5000, ["corked", "uncorked after 5000"]]);
});
