// A server that logs every message is killed at random moments under a stream of numbered messages. None of them may be
// logged twice, and one that is missing must be among those that "down" has reported.
//
//     deno task test:kill [--runs=1000] [--seed=1]
import { assert, assertEquals } from "@std/assert";
import { makeReconnectingClient, type ReconnectingClient } from "../../client.ts";
import { testWith } from "../support/permissions.ts";
import { Random } from "../support/random.ts";
import { Program } from "./_program.ts";

/** How often a server is killed if nothing else is said. */
const RUNS = 25;

const runs = argument("runs") ?? RUNS;
const seed = argument("seed") ?? crypto.getRandomValues(new Int32Array(1))[0];

/** Sends numbered messages of all sizes as fast as they are accepted, until stopped. */
class Stream {
  /** The lengths of those that were taken; a thousand runs would fill the memory with the messages themselves. */
  readonly taken: number[] = [];
  readonly #ws: ReconnectingClient;
  readonly #random: Random;
  readonly #compresses: boolean;
  #stopped = false;

  constructor(ws: ReconnectingClient, random: Random, compresses: boolean) {
    this.#ws = ws;
    this.#random = random;
    this.#compresses = compresses;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const burst = 1 + this.#random.next(this.#random.pick([2, 20, 200]));
      for (let count = 0; count < burst && this.#ws.desiredSize > 0; count++) this.#send();
      await turn();
    }
  }

  #send(): void {
    const padding = "x".repeat(this.#random.next(this.#random.pick([1, 100, 10_000, 200_000])));
    const message = `${this.taken.length} ${padding}`;
    if (this.#ws.send(message, { compress: this.#compresses }) !== false) this.taken.push(message.length);
  }

  stop(): void {
    this.#stopped = true;
  }
}

for (const compresses of [false, true]) {
  testWith(
    { net: true, run: true, read: true, write: true, env: true },
    `no message is logged twice or lost unreported${compresses ? ", compressed" : ""}, however a server is killed`,
    async () => {
      console.log(`seed ${seed}, ${runs} runs`);
      const random = new Random(seed);
      const logFile = await Deno.makeTempFile();
      let [server, spare] = [
        new Program("_logging_server.ts", logFile),
        new Program("_logging_server.ts", logFile),
      ];
      const unconfirmed: number[] = [];
      const dropped: string[] = [];
      const ws = makeReconnectingClient(async () => `ws://127.0.0.1:${await server.port}/`, {
        whileAway: "queue",
        minDelay: 1,
        maxDelay: 2,
        maxQueueBytes: 2 ** 30,
        maxQueueAge: 3_600_000,
        highWaterMark: 256 * 1024,
        perMessageDeflate: compresses,
      });
      ws.on("down", (down) => unconfirmed.push(...down.unconfirmed.map(numberOf)));
      ws.on("dropped", ({ messages }) => dropped.push(...messages as string[]));
      await ws.startConnection();
      const stream = new Stream(ws, random, compresses);
      const streaming = stream.run();
      for (let run = 0; run < runs; run++) {
        for (let turns = random.next(random.pick([5, 50, 300])); turns > 0; turns--) await turn();
        const killed = server;
        [server, spare] = [spare, new Program("_logging_server.ts", logFile)];
        const up = new Promise((resolve) => ws.once("up", resolve));
        await killed[Symbol.asyncDispose]();
        await up;
      }
      stream.stop();
      await streaming;
      const answered = new Promise((resolve) => ws.once("message", resolve));
      assert(ws.send("end") !== false);
      assertEquals(await answered, "end");
      await ws[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await spare[Symbol.asyncDispose]();

      const lines = (await Deno.readTextFile(logFile)).trimEnd().split("\n").map((line) => line.split(" "));
      await Deno.remove(logFile);
      const logged = lines.filter(([name]) => name !== "end").map(([number]) => Number(number));
      assertEquals(new Set(logged).size, logged.length, "a message was logged twice");
      assertEquals(logged, logged.toSorted((a, b) => a - b), "the order has changed");
      assert(lines.every(([name, length]) => name === "end" || stream.taken[Number(name)] === Number(length)));
      const reported = new Set(unconfirmed);
      const arrived = new Set(logged);
      const missing = stream.taken.keys().filter((number) => !arrived.has(number)).toArray();
      assertEquals(missing.filter((number) => !reported.has(number)), [], "a message was lost, and not reported");
      assertEquals(dropped, []);
      assertEquals(reported.size, unconfirmed.length, "a message was reported twice");
      console.log(
        `${stream.taken.length} taken, ${logged.length} logged, ${reported.size} reported, ${missing.length} missing`,
      );
      // The test must have seen what it is about.
      assert(missing.length > 0 || runs < 10);
    },
  );
}

/** The number in front of a message; -1 for the last one, which has none. */
function numberOf(message: string | Uint8Array): number {
  return message === "end" ? -1 : parseInt(String(message), 10);
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function argument(name: string): number | undefined {
  const value = Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  return value === undefined ? undefined : Number(value);
}
