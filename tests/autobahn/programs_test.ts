import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { makeClient } from "@wsd/driver";
import { testWith } from "../support/permissions.ts";
import { type Case, cases } from "./_cases.ts";
import { Fuzzer, utf8 } from "./_fuzzer.ts";
import { AGENT, runCases } from "./client.ts";
import { faultsOf } from "./report.ts";

const FOLDER = new URL("./", import.meta.url);

/** A fuzzing server as the suite's is, with the cases given; tells what was asked of it. */
async function fuzz(listener: Deno.TcpListener, members: readonly Case[], asked: string[]): Promise<void> {
  for (let done = false; !done;) {
    const { fuzzer, path } = await Fuzzer.accept(await listener.accept());
    asked.push(path);
    const { pathname, searchParams } = new URL(path, "ws://localhost");
    done = pathname === "/updateReports";
    if (pathname === "/runCase") {
      await members[Number(searchParams.get("case")) - 1].run(fuzzer);
      continue;
    }
    if (pathname === "/getCaseCount") await fuzzer.send(1, utf8(String(members.length)));
    await fuzzer.expectCleanEnd();
  }
}

testWith({ net: true }, "runCases() counts the cases, runs each, and asks for the reports", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const members = cases.filter(({ id }) => ["1.1.2", "2.1", "3.1 alone", "5.6", "7.7 code 1000"].includes(id));
  const asked: string[] = [];
  const seen: number[] = [];
  const url = `ws://127.0.0.1:${listener.addr.port}/`;
  const [count] = await Promise.all([runCases(url, (index) => seen.push(index)), fuzz(listener, members, asked)]);
  assertEquals(count, 5);
  assertEquals(seen, [1, 2, 3, 4, 5]);
  assertEquals(asked, [
    "/getCaseCount",
    ...seen.map((index) => `/runCase?case=${index}&agent=${AGENT}`),
    `/updateReports?agent=${AGENT}`,
  ]);
});

testWith({ net: true }, "runCases() refuses a server that tells of no cases", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const answer = async () => {
    const { fuzzer } = await Fuzzer.accept(await listener.accept());
    await fuzzer.send(1, utf8("none"));
    await fuzzer.expectCleanEnd();
  };
  const running = assertRejects(() => runCases(`ws://127.0.0.1:${listener.addr.port}/`), TypeError, "tells of none");
  await Promise.all([running, answer()]);
});

testWith({ net: true, run: true, read: true }, "server.ts tells where it listens, and echoes there", async () => {
  const args = ["run", "--allow-net", new URL("server.ts", FOLDER).pathname, "--port", "0"];
  await using child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
  const [line] = await Array.fromAsync(firstLine(child.stdout));
  const url = line.replace("Listening on ", "");
  assertMatch(url, /^ws:\/\/localhost:\d+\/$/);
  const ws = makeClient(url);
  const answer = new Promise((resolve) => ws.once("message", resolve));
  const closed = new Promise((resolve) => ws.once("close", resolve));
  await ws.startConnection();
  ws.send("Hi");
  assertEquals(await answer, "Hi");
  ws.closeConnection();
  await closed;
});

async function* firstLine(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let text = "";
  for await (const part of bytes.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) return yield text.slice(0, text.indexOf("\n"));
  }
}

const OK = { behavior: "OK", behaviorClose: "OK" };
const WHOLE = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13].map((family) => [`${family}.1.1`, OK]));

Deno.test("faultsOf() passes a whole report in which all is OK or has no right answer", () => {
  const seen = { behavior: "INFORMATIONAL", behaviorClose: "OK" };
  assertEquals(faultsOf({ [AGENT]: { ...WHOLE, "7.1.6": seen } }), []);
});

for (const behavior of ["FAILED", "NON-STRICT", "UNIMPLEMENTED", "WRONG CODE", "UNCLEAN"]) {
  Deno.test(`faultsOf() finds a case that is ${behavior}`, () => {
    assertEquals(faultsOf({ [AGENT]: { ...WHOLE, "6.4.3": { ...OK, behavior } } }).length, 1);
    assertEquals(faultsOf({ [AGENT]: { ...WHOLE, "6.4.3": { ...OK, behaviorClose: behavior } } }).length, 1);
  });
}

Deno.test("faultsOf() finds a family that was left out, and an empty report", () => {
  const { "13.1.1": _, ...rest } = WHOLE;
  assertEquals(faultsOf({ [AGENT]: rest }), [`${AGENT}: no case of 13.* was run`]);
  assertEquals(faultsOf({}).length, 1);
});

testWith({ read: true }, "the specs of both roles name every case and leave none out", async () => {
  for (const name of ["fuzzingclient.json", "fuzzingserver.json"]) {
    const spec = JSON.parse(await Deno.readTextFile(new URL(name, FOLDER)));
    assertEquals(spec.cases, ["*"]);
    assertEquals(spec["exclude-cases"], []);
    assertEquals(spec["exclude-agent-cases"], {});
  }
});
