// A thousand clients lose their server at the same moment, and must not come back at the same moment.
import { assert, assertEquals } from "@std/assert";
import { makeReconnectingClient, type ReconnectingClientOptions } from "../../client.ts";
import { testWith } from "../support/permissions.ts";
import { Program } from "./_program.ts";

const CLIENTS = 1_000;

/** When a thousand clients have come back, in milliseconds. */
interface Return {
  /** When each of them was to come, by its own clock: whether this machine is busy doesn't change that. */
  readonly due: number[];
  /** When the server saw them. */
  readonly seen: number[];
}

/** Opens a thousand clients of a server, and notes how they come back to another one. */
async function comeBack(
  options: ReconnectingClientOptions,
  loseServer: (server: Program) => Promise<void>,
): Promise<Return> {
  let server = new Program("_counting_server.ts");
  const next = new Program("_counting_server.ts");
  await next.port;
  const clients = Array.from({ length: CLIENTS }, () => {
    return makeReconnectingClient(async () => `ws://127.0.0.1:${await server.port}/`, options);
  });
  for (const client of clients) await client.startConnection();
  const back = clients.map((client) =>
    new Promise<number>((resolve) => {
      let due = 0;
      client.on("waiting", ({ delay }) => due = performance.now() + delay);
      client.once("up", () => resolve(due));
    })
  );
  const lost = server;
  server = next;
  await loseServer(lost);
  const due = await Promise.all(back);
  await next.tell("count");
  const seen: number[] = JSON.parse(await next.line());
  await Promise.all(clients.map((client) => (client.terminate(), client.closed)));
  await lost[Symbol.asyncDispose]();
  await next[Symbol.asyncDispose]();
  console.log(`within 100 ms, at most ${percent(due)} were due, and ${percent(seen)} came`);
  return { due, seen };
}

function percent(times: number[]): string {
  return `${(peak(times) * 100).toFixed(1)} %`;
}

/** The largest share of clients within any 100 ms. */
function peak(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const counts = sorted.map((time, index) =>
    sorted.findIndex((later, at) => at > index && later >= time + 100) - index
  );
  return Math.max(...counts) / times.length;
}

testWith({ net: true, run: true }, "1,000 clients of a server that is killed come back one after another", async () => {
  const { due, seen } = await comeBack({}, async (server) => {
    await server[Symbol.asyncDispose]();
  });
  assertEquals(seen.length, CLIENTS);
  assert(peak(due) <= 0.15);
});

testWith(
  { net: true, run: true },
  "1,000 clients of a server that is shut down come back one after another",
  async () => {
    // The waits of 1012 are a tenth of the usual ones: 500 ms to 3 s.
    const { due, seen } = await comeBack({ minDelay: 100, maxDelay: 3_000 }, (server) => server.tell("shutdown 1000"));
    assertEquals(seen.length, CLIENTS);
    assert(peak(due) <= 0.15);
  },
);
