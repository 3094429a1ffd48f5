import { type Behavior, below, pause, repeat, type Task } from "./behavior.ts";

/** How many there are at once. */
const PLACES = 10;

/** Clients that leave while the handler still waits, or while the body of the answer streams. */
export const leavers: Behavior = async (task) => {
  const counts = { "clients that left": 0 };
  const faults = await repeat(PLACES, task, async () => {
    await leave(task);
    counts["clients that left"]++;
  });
  return { counts, faults };
};

async function leave(task: Task): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: task.port });
  const path = below(2) === 0 ? "/wait" : "/body";
  await conn.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
  await pause(10 + below(200), task);
  conn.close();
}
