/**
 * Two publishers number their messages while the broker is killed, frozen, cut off or flooded: what is lost is counted,
 * nothing comes twice or out of order, and one's own connections get everything.
 *
 *     deno task test:brokers      # a hundred runs of each
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Node, TOPIC } from "./_node.ts";
import {
  type BrokerServer,
  type ClientKind,
  NATS_CLIENT,
  NatsServer,
  REDIS_CLIENTS,
  RedisServer,
  serverTest,
} from "./_servers.ts";

const RUNS = Number(Deno.args.find((arg) => arg.startsWith("--runs="))?.slice(7) ?? 1);

/** What happens to a broker while two nodes publish. */
interface Fault<Server extends BrokerServer> {
  readonly name: string;
  readonly args?: readonly string[];
  /** Does it, and undoes it once the nodes have noticed. */
  readonly happen: (server: Server, nodes: readonly Node[]) => Promise<void>;
}

async function all(nodes: readonly Node[], state: "up" | "down"): Promise<void> {
  await Promise.all(nodes.map((node) => node.becomes(state)));
}

/** Lets the nodes publish so many messages more. */
async function published(nodes: readonly Node[], count: number): Promise<void> {
  await Promise.all(nodes.map((node) => node.receives(node, node.sent + count)));
}

const KILLED: Fault<BrokerServer> = {
  name: "is killed",
  async happen(server, nodes) {
    await server.kill();
    await all(nodes, "down");
    await published(nodes, 100);
    await server.start();
  },
};

const FROZEN: Fault<BrokerServer> = {
  name: "is frozen",
  async happen(server, nodes) {
    server.freeze();
    await all(nodes, "down");
    await published(nodes, 100);
    server.thaw();
  },
};

const FROZEN_AND_KILLED: Fault<BrokerServer> = {
  name: "is frozen and then killed",
  async happen(server, nodes) {
    server.freeze();
    await published(nodes, 100);
    await server.kill();
    await all(nodes, "down");
    await server.start();
  },
};

const REDIS_FAULTS: readonly Fault<RedisServer>[] = [
  KILLED,
  FROZEN,
  FROZEN_AND_KILLED,
  {
    name: "cuts off subscribers",
    async happen(server, nodes) {
      const down = all(nodes, "down");
      await server.command("CLIENT", "KILL", "TYPE", "pubsub");
      await down;
    },
  },
  {
    name: "cuts off publishers",
    async happen(server, nodes) {
      const down = all(nodes, "down");
      await server.command("CLIENT", "KILL", "TYPE", "normal");
      await down;
    },
  },
  {
    name: "is flooded beyond its output buffers",
    args: ["--client-output-buffer-limit", "pubsub 64kb 64kb 1"],
    async happen(server, nodes) {
      const down = all(nodes, "down");
      // Redis writes nothing within a command, so that this goes to the buffers, and no envelope is among it.
      const flood = "for i = 1, 32 do redis.call('publish', ARGV[1], string.rep('x', 1048576)) end";
      await server.command("EVAL", flood, "0", `app:${TOPIC}`);
      await down;
    },
  },
];

const NATS_FAULTS: readonly Fault<NatsServer>[] = [KILLED, FROZEN, FROZEN_AND_KILLED];

function assertOrdered(numbers: readonly number[]): void {
  const at = numbers.findIndex((number, i) => i > 0 && number <= numbers[i - 1]);
  assert(at < 0, `${numbers[at]} came after ${numbers[at - 1]}`);
}

async function run<Server extends BrokerServer & { channels(): Promise<string[]> }>(
  server: Server,
  kind: ClientKind,
  fault: Fault<Server>,
): Promise<string> {
  const nodes = [await Node.start(kind, server.port), await Node.start(kind, server.port)];
  const [a, b] = nodes;
  for (const node of nodes) node.begin();
  await Promise.all([a.receives(b, 50), b.receives(a, 50)]);
  await fault.happen(server, nodes);
  await all(nodes, "up");
  await published(nodes, 50);
  for (const node of nodes) node.stop();
  await all(nodes, "up");
  // What was lost last is counted by what comes next.
  for (const node of nodes) while (await node.publish() === "dropped");
  await Promise.all([a.catchesUp(a), b.catchesUp(b), a.catchesUp(b), b.catchesUp(a)]);
  const report: string[] = [];
  for (const [to, from] of [[a, b], [b, a]]) {
    const numbers = to.logOf(from.topics.id);
    assertOrdered(numbers);
    const lost = from.sent - numbers.length - (numbers[0] - 1);
    assertEquals(to.missed(from), lost, `${fault.name}: lost and counted`);
    assertEquals(
      from.logOf(from.topics.id),
      Array.from({ length: from.sent }, (_, i) => i + 1),
      "one's own connections",
    );
    report.push(`${lost} of ${from.sent}`);
  }
  await Promise.all(nodes.map((node) => node.end()));
  assertEquals(await server.channels(), []);
  return report.join(", ");
}

function faultTest<Server extends BrokerServer & { channels(): Promise<string[]> }>(
  program: string,
  make: (args?: readonly string[]) => Server,
  kind: ClientKind,
  fault: Fault<Server>,
): void {
  serverTest(program, `Topics with ${kind.name} count lost messages while ${program} ${fault.name}`, async () => {
    await using server = await make(fault.args).start();
    for (let i = 0; i < RUNS; i++) {
      const lost = await run(server, kind, fault);
      if (RUNS > 1) console.log(`run ${i + 1}: lost and counted ${lost}`);
    }
  });
}

for (const kind of REDIS_CLIENTS) {
  for (const fault of REDIS_FAULTS) faultTest("redis-server", (args) => new RedisServer(args), kind, fault);
}
for (const fault of NATS_FAULTS) faultTest("nats-server", (args) => new NatsServer(args), NATS_CLIENT, fault);
