/**
 * Holds many connections that send random traffic, with random faults, for a long while, and prints what that costs.
 *
 *     deno task soak [--connections=5000] [--seconds=600]
 *
 * The clients run in a process of their own, so that the server's memory and descriptors are its own. Every message that
 * is sent comes back, unless its connection is one of those that are broken on purpose. It fails where a message is lost,
 * where something is thrown, or where memory or descriptors grow.
 *
 * @module
 */
import { makeServer, serve } from "@wsd/driver";

/** What one sample of the server shows. */
interface Sample {
  readonly seconds: number;
  readonly mebibytes: number;
  readonly files: number;
  readonly connections: number;
}

/** What the process of the clients tells at its end. */
export interface Told {
  /** Messages that were sent on connections that were to live. */
  readonly sent: number;
  /** Messages that came back on them. */
  readonly received: number;
  /** Connections that were opened. */
  readonly opened: number;
  /** Connections that were broken on purpose. */
  readonly broken: number;
  /** Connections that ended though nobody broke them. */
  readonly lost: number;
  /** The first of what was thrown or refused otherwise. */
  readonly faults: readonly string[];
}

/** How often the server is looked at, in milliseconds. */
const EVERY = 5000;

/** How long anything may take, in milliseconds: a machine that is busy with other things is no fault. */
const PATIENCE = 60_000;

/** How much the server's memory may grow once all connections are there. */
const MOST_GROWTH = 1.25;

export function argument(name: string, otherwise: number): number {
  const value = Deno.args.find((arg) => arg.startsWith(`--${name}=`));
  return value === undefined ? otherwise : Number(value.slice(name.length + 3));
}

async function main(): Promise<void> {
  const connections = argument("connections", 5000);
  const seconds = argument("seconds", 600);
  const faults: unknown[] = [];
  let received = 0;
  let sent = 0;
  const options = {
    hostname: "127.0.0.1",
    port: 0,
    handshakeTimeout: PATIENCE,
    onListen() {},
    onError: (fault: unknown) => (faults.push(fault), new Response(null, { status: 500 })),
  };
  const server = serve(options, (request) => {
    const ws = makeServer(request, {
      perMessageDeflate: true,
      closeTimeout: PATIENCE,
      pingInterval: 15_000,
      pingTimeout: PATIENCE,
    });
    ws.on("message", (message) => {
      received++;
      if (ws.send(message)) sent++;
    });
    ws.startConnection();
    return ws.response;
  });
  const { port } = server.addr as Deno.NetAddr;
  const samples: Sample[] = [];
  const started = performance.now();
  const look = () => {
    const sample = {
      seconds: Math.round((performance.now() - started) / 1000),
      mebibytes: Math.round(Deno.memoryUsage().rss / 2 ** 20),
      files: openFiles(),
      connections: server.connections.size,
    };
    samples.push(sample);
    const { mebibytes, files } = sample;
    console.log(
      `${sample.seconds} s: ${sample.connections} connections, ${mebibytes} MiB, ${files} descriptors, ` +
        `${received} messages received, ${sent} sent`,
    );
  };
  const timer = setInterval(look, EVERY);
  const told = await runClients(port, connections, seconds);
  look();
  clearInterval(timer);
  await server.shutdown();
  look();
  report(told, samples, faults);
}

async function runClients(port: number, connections: number, seconds: number): Promise<Told> {
  const args = [
    "run",
    "--allow-net",
    new URL("clients.ts", import.meta.url).pathname,
    `--port=${port}`,
    `--connections=${connections}`,
    `--seconds=${seconds}`,
  ];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  if (!success) throw new Error("Cannot go on as the clients' process failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

function report(told: Told, samples: readonly Sample[], faults: readonly unknown[]): void {
  console.log(
    `${told.opened} connections opened, ${told.broken} broken on purpose, ${told.lost} lost; ` +
      `${told.sent} messages sent on the others, ${told.received} came back`,
  );
  const failures: string[] = [];
  if (told.sent !== told.received || told.lost > 0) failures.push("messages or connections were lost");
  if (told.faults.length > 0) failures.push(`clients met faults: ${told.faults.join("; ")}`);
  if (faults.length > 0) failures.push(`the server met ${faults.length} faults, the first: ${faults[0]}`);
  const most = Math.max(...samples.map(({ connections }) => connections));
  const full = samples.filter(({ connections }) => connections >= 0.95 * most).map(({ mebibytes }) => mebibytes);
  const before = Math.max(...full.slice(0, Math.ceil(full.length / 2)));
  const after = full.at(-1)!;
  if (after > before * MOST_GROWTH + 32) failures.push(`memory grew from ${before} to ${after} MiB`);
  const end = samples.at(-1)!;
  if (end.connections > 0) failures.push(`${end.connections} connections were left`);
  if (end.files > samples[0].files && end.files > 40) failures.push(`${end.files} descriptors were left`);
  console.log(failures.length === 0 ? "Nothing lost, memory flat" : `Failed: ${failures.join("; ")}`);
  if (failures.length > 0) Deno.exit(1);
}

/** The process's descriptors; 0 where the system doesn't tell, or not without `--allow-all`. */
function openFiles(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return 0;
  }
}

if (import.meta.main) await main();
