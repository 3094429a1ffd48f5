/**
 * The CPU time of a client's two implementations of TLS: that of `node:tls`, which it uses by default, and the
 * runtime's own, which it uses with `caCerts`. Each round takes both; the ratio is the median of the rounds.
 *
 *     deno run --allow-all bench/client_tls.ts
 *
 * @module
 */
import process from "node:process";
import { makeClient, makeServer, serve } from "@wsd/driver";
import { startTlsOver } from "../src/client/tls_transport.ts";
import { ConnTransport } from "../src/transport/conn_transport.ts";
import { makeCertificate } from "../tests/support/certificate.ts";

const ROUNDS = 9;
const HOSTNAME = "127.0.0.1";

/** The length of a message, how many go back and forth, and how many at a time. */
const WORKLOADS = [[32, 30_000, 100], [65_536, 1_500, 8], [1_048_576, 100, 8]] as const;

if (Deno.args[0] === "--serve") await echo();
else await compare();

/** The server, in a process of its own. */
async function echo(): Promise<void> {
  const { cert, key, ca } = await makeCertificate({ hostnames: [HOSTNAME] });
  const onListen = ({ port }: Deno.NetAddr) => console.log(JSON.stringify({ port, ca }));
  serve({ port: 0, hostname: HOSTNAME, cert, key, onListen }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    return ws.accept();
  });
}

async function compare(): Promise<void> {
  const args = ["run", "--allow-all", import.meta.filename!, "--serve"];
  await using server = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stdin: "null" }).spawn();
  const { value } = await server.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const { port, ca } = JSON.parse(value!);
  for (const [length, count, window] of WORKLOADS) {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const own = await measure(
        length,
        count,
        window,
        () => makeClient(`wss://${HOSTNAME}:${port}/`, { caCerts: [ca] }),
      );
      const tcp = new ConnTransport(await Deno.connect({ hostname: HOSTNAME, port }));
      const { signal } = new AbortController();
      const transport = await startTlsOver(tcp, { hostname: HOSTNAME, caCerts: [ca] }, signal);
      const node = await measure(length, count, window, () => makeClient(`ws://${HOSTNAME}:${port}/`, { transport }));
      ratios.push(node / own);
    }
    ratios.sort((a, b) => a - b);
    const [least, median, most] = [ratios[0], ratios[ROUNDS >> 1], ratios[ROUNDS - 1]].map((ratio) => ratio.toFixed(2));
    console.log(`${length} bytes: node:tls takes ${median} times the CPU time (${least} to ${most})`);
  }
  server.kill();
}

/** The CPU time that the client takes for a message there and back, in microseconds. */
async function measure(
  length: number,
  count: number,
  window: number,
  connect: () => ReturnType<typeof makeClient>,
): Promise<number> {
  const ws = connect();
  await ws.startConnection();
  const message = new Uint8Array(length);
  const done = Promise.withResolvers<void>();
  let [sent, received] = [window, 0];
  ws.on("message", () => {
    if (++received === count) done.resolve();
    else if (sent++ < count) ws.send(message);
  });
  const before = process.cpuUsage();
  for (let i = 0; i < window; i++) ws.send(message);
  await done.promise;
  const { user, system } = process.cpuUsage(before);
  ws.closeConnection();
  await ws.closed;
  return (user + system) / count;
}
