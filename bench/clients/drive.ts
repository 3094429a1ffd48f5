/** The task of every client: keeping messages in flight on several connections, and counting the echoes. */
import { makePayload, type Payload } from "../load/frames.js";
import { Histogram, Meter, wait } from "../load/meter.js";

/** The instructions for a client. */
export interface ClientTask {
  /** Where the fixed server listens. */
  readonly port: number;
  /** The fixed server's process. */
  readonly pid: number;
  /** How many connections. */
  readonly connections: number;
  /** How many messages each has under way. */
  readonly inFlight: number;
  /** One message. */
  readonly payload: Payload;
  /** How long to run before measuring, in seconds. */
  readonly warmup: number;
  /** How long to measure, in seconds. */
  readonly seconds: number;
  /** The folder that npm's packages were installed in, with a slash at its end. */
  readonly modules: string;
}

/** A connection of some client. */
export interface ClientConnection {
  /** Sends a message. */
  send(message: string | Uint8Array<ArrayBuffer>): void;
}

/**
 * Opens a connection.
 *
 * @param url Where to.
 * @param onMessage Gets each message, as text or as its bytes.
 * @param onClose Called when the connection ends.
 * @returns The open connection.
 */
export type OpenClient = (
  url: string,
  onMessage: (message: string | Uint8Array | ArrayBuffer) => void,
  onClose: () => void,
) => Promise<ClientConnection>;

export const task: ClientTask = JSON.parse(Deno.args[0]);

/**
 * Runs the load, prints what was measured as JSON, and ends the process.
 *
 * @param open Opens a connection of the client that is measured.
 */
export async function drive(open: OpenClient): Promise<void> {
  const bytes = makePayload(task.payload) as Uint8Array<ArrayBuffer>;
  const message = task.payload.kind === "binary" ? bytes : new TextDecoder().decode(bytes);
  const times = new Histogram();
  let messages = 0;
  const connect = async () => {
    let sent = performance.now();
    let checked = false;
    const connection = await open(`ws://127.0.0.1:${task.port}/`, (received) => {
      if (!checked) {
        checkEcho(received, bytes);
        checked = true;
      }
      messages++;
      if (task.inFlight === 1) {
        const now = performance.now();
        times.add(now - sent);
        sent = now;
      }
      connection.send(message);
    }, () => fail("The server ended a connection"));
    return connection;
  };
  const connections: ClientConnection[] = [];
  for (let i = 0; i < task.connections; i++) connections.push(await connect());
  for (const connection of connections) {
    for (let i = 0; i < task.inFlight; i++) connection.send(message);
  }
  await wait(task.warmup);
  times.clear();
  const before = messages;
  const meter = new Meter(Deno.pid);
  const server = new Meter(task.pid);
  await wait(task.seconds);
  const units = messages - before;
  const latency = task.inFlight === 1 ? { p50: times.percentile(0.5), p99: times.percentile(0.99) } : {};
  const read = meter.read();
  const { cpu } = server.read();
  if (units === 0) fail("Nothing was echoed");
  const load = cpu / read.seconds;
  const others = Math.max(0, read.others - load);
  console.log(JSON.stringify({ ...read, units, bytes: units * task.payload.length, load, others, ...latency }));
  Deno.exit(0);
}

function checkEcho(received: string | Uint8Array | ArrayBuffer, expected: Uint8Array): void {
  const bytes = typeof received === "string" ? new TextEncoder().encode(received) : new Uint8Array(received);
  if (bytes.length !== expected.length || bytes.some((byte, i) => byte !== expected[i])) fail("The echo is wrong");
}

function fail(reason: string): never {
  console.error(reason);
  Deno.exit(1);
}
