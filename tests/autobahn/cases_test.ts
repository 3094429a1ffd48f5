/**
 * What Autobahn|Testsuite asks of an echo endpoint, family by family, in both roles and with nothing but Deno. It
 * doesn't take the suite's place, which is run as the README of this folder says.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { makeClient, serve } from "@wsd/driver";
import { testWith } from "../support/permissions.ts";
import { type Case, cases } from "./_cases.ts";
import { Fuzzer } from "./_fuzzer.ts";
import { utf8Cases } from "./_utf8_cases.ts";
import { echo } from "./server.ts";

/** How long a case may take, in milliseconds; each takes far less, the big messages included. */
const LIMIT = 20_000;

const families = Map.groupBy([...cases, ...utf8Cases], ({ id }) => id.split(".")[0]);

for (const [family, members] of families) {
  testWith({ net: true }, `serve() and makeServer() pass what family ${family}.* asks for`, async (t) => {
    await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, echo);
    const { port } = server.addr as Deno.NetAddr;
    for (const member of members) {
      await t.step(nameOf(member), () => withLimit(member, () => Fuzzer.connect(port)));
    }
  });

  testWith({ net: true }, `makeClient() passes what family ${family}.* asks for`, async (t) => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    for (const member of members) await t.step(nameOf(member), () => tryOnClient(member, listener));
  });
}

Deno.test("no two cases have the same name", () => {
  const names = [...cases, ...utf8Cases].map(nameOf);
  assertEquals(names.filter((name, i) => names.indexOf(name) !== i), []);
});

function nameOf({ id, what }: Case): string {
  return `${id}: ${what}`;
}

async function tryOnClient(member: Case, listener: Deno.TcpListener): Promise<void> {
  const client = makeClient(`ws://127.0.0.1:${listener.addr.port}/`);
  client.on("message", (message) => client.send(message));
  client.on("error", () => {});
  const closed = new Promise((resolve) => client.once("close", resolve));
  const opened = client.startConnection();
  await withLimit(member, async () => (await Fuzzer.accept(await listener.accept())).fuzzer);
  await opened;
  await closed;
}

/** Runs a case on a connection, and ends the connection. */
async function withLimit(member: Case, connect: () => Promise<Fuzzer>): Promise<void> {
  const peer = await connect();
  const timer = setTimeout(() => peer.close(), LIMIT);
  try {
    await member.run(peer);
  } finally {
    clearTimeout(timer);
    peer.close();
  }
}
