// What has waited on a connection is not kept until the connection ends.
import { assertLess } from "@std/assert";
import { makePair, type WebSocketDriver } from "@wsd/driver";
import { memoryInUse } from "../support/memory.ts";

const COUNT = 500;

/** What a wait may leave behind, in bytes: much less than what it holds while it lasts. */
const MOST_LEFT = 100;

/** What is waited for again and again on a connection that lasts. */
const WAITS: Record<string, (ws: WebSocketDriver) => Promise<unknown>> = {
  "sendStream()": (ws) => ws.sendStream(["A", "B"]),
  "ping()": (ws) => ws.ping(),
  "drained()": (ws) => {
    ws.send("More than the high-water mark");
    return ws.drained();
  },
  "receive()": (ws) => {
    const message = ws.receive(new AbortController().signal);
    ws.sendPing();
    return message;
  },
};

for (const [name, wait] of Object.entries(WAITS)) {
  // Row: waits-leave-nothing
  Deno.test(`${name} leaves nothing behind on a long-lived connection`, async () => {
    await using pair = await makePair({ server: { highWaterMark: 1 } });
    pair.client.on("message", () => {});
    pair.client.on("ping", () => pair.client.send("An answer"));
    if (name !== "receive()") pair.server.on("message", () => {});
    const repeat = async () => {
      for (let i = 0; i < COUNT; i++) await wait(pair.server);
    };
    // Whatever else grows, such as compiled code, doesn't do so in every round.
    let least = Infinity;
    for (let rounds = 5, before = Infinity; rounds > 0 && least >= MOST_LEFT; rounds--) {
      await repeat();
      const now = memoryInUse();
      least = Math.min(least, before === Infinity ? Infinity : (now - before) / COUNT);
      before = now;
    }
    assertLess(least, MOST_LEFT);
  });
}
