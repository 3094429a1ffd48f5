/**
 * Holds many connections with random traffic and faults for a long while, beside peers that do what a server meets in
 * production, and prints what that costs.
 *
 *     deno task soak [--connections=5000] [--seconds=600] [--only=talkers,slow,floods,cut,tls,leavers]
 *
 * The clients run in a process of their own, so that the server's memory and descriptors are its own. It fails if a
 * message or a connection is lost that nobody broke, if a peer is not answered as it should be, if something is thrown,
 * or if memory or descriptors grow.
 *
 * @module
 */
import { Progress } from "../support/progress.ts";
import { argument } from "./argument.ts";
import { within } from "./behaviors/behavior.ts";
import { type BehaviorName, BEHAVIORS, type Outcome } from "./behaviors/mod.ts";
import { PATIENCE } from "./patience.ts";
import { SoakServer } from "./soak_server.ts";

/** What one look at the server shows. */
interface Sample {
  readonly mebibytes: number;
  readonly files: number;
  readonly connections: number;
}

/** How often the server is looked at, in milliseconds. */
const EVERY = 1000;

/** By how much memory may grow from the first half of the run to the end: this factor, and so many MiB. */
const MOST_GROWTH = 1.25;
const MOST_MORE = 32;

/** Messages of 100 MiB come and go; so many more MiB may be there at the end by chance. */
const MOST_MORE_WITH_LARGE_MESSAGES = 400;

async function main(): Promise<void> {
  const seconds = Number(argument("seconds", "600"));
  const only = argument("only", Object.keys(BEHAVIORS).join(",")).split(",") as BehaviorName[];
  const unknown = only.find((name) => !(name in BEHAVIORS));
  if (unknown !== undefined) throw new TypeError(`Cannot take --only=${unknown}: expected ${Object.keys(BEHAVIORS)}`);
  const server = await SoakServer.start();
  const samples: Sample[] = [];
  using progress = new Progress(seconds);
  const look = () => {
    const sample = {
      mebibytes: Math.round(Deno.memoryUsage().rss / 2 ** 20),
      files: openFiles(),
      connections: server.connections,
    };
    samples.push(sample);
    progress.update(
      samples.length * EVERY / 1000,
      `${sample.connections} connections, ${sample.mebibytes} MiB, ${sample.files} descriptors, ${server.received} messages`,
    );
  };
  look();
  const timer = setInterval(look, EVERY);
  const outcomes = await runClients(server, only, seconds);
  clearInterval(timer);
  const ended = await within("shutdown()", PATIENCE, server.shutdown()).then(() => [], (error) => [String(error)]);
  look();
  const failures = [
    ...ended,
    ...report(outcomes, progress),
    ...server.failures(),
    ...growth(samples, only.includes("slow")),
  ];
  progress.print(failures.length === 0 ? "Nothing lost, memory flat" : `Failed: ${failures.join("; ")}`);
  Deno.exit(failures.length > 0 ? 1 : 0);
}

/** Runs the clients in their process; its last line is what they saw. */
async function runClients(
  { port, tlsPort, caCert }: SoakServer,
  only: readonly BehaviorName[],
  seconds: number,
): Promise<Record<string, Outcome>> {
  const args = [
    "run",
    "--allow-net",
    "--allow-env",
    new URL("clients.ts", import.meta.url).pathname,
    `--port=${port}`,
    `--tls-port=${tlsPort}`,
    `--ca=${caCert}`,
    `--only=${only.join(",")}`,
    `--connections=${argument("connections", "5000")}`,
    `--seconds=${seconds}`,
  ];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  if (!success) throw new Error("Cannot continue as the clients' process failed");
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

function report(outcomes: Record<string, Outcome>, progress: Progress): string[] {
  return Object.entries(outcomes).flatMap(([name, { counts, faults }]) => {
    const counted = Object.entries(counts).map(([what, count]) => `${Math.round(count).toLocaleString("en")} ${what}`);
    progress.print(`${name}: ${counted.join(", ")}`);
    return faults.map((fault) => `${name}: ${fault}`);
  });
}

/** What has grown from the first half of the run to its end. */
function growth(samples: readonly Sample[], largeMessages: boolean): string[] {
  const failures: string[] = [];
  const [first, end] = [samples[0], samples.at(-1)!];
  const most = Math.max(...samples.map(({ connections }) => connections));
  const full = samples.filter(({ connections }) => connections >= 0.8 * most).map(({ mebibytes }) => mebibytes);
  const before = Math.max(...full.slice(0, Math.ceil(full.length / 2)));
  const after = full.at(-1)!;
  const more = largeMessages ? MOST_MORE_WITH_LARGE_MESSAGES : MOST_MORE;
  if (after > before * MOST_GROWTH + more) failures.push(`memory grew from ${before} to ${after} MiB`);
  if (end.connections > 0) failures.push(`${end.connections} connections were left`);
  if (end.files > first.files + 10) failures.push(`descriptors grew from ${first.files} to ${end.files}`);
  return failures;
}

/** The process's descriptors; 0 if the system doesn't say. */
function openFiles(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return 0;
  }
}

await main();
