/**
 * What a newcomer does wrong, and what is said then: it has to tell what to do.
 *
 * @module
 */
import { assertEquals, assertFalse, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { HandshakeError, isWebSocket, makeClient, makeServer, serve, type ServeHandler } from "@wsd/driver";
import { netTest, testWith } from "./support/permissions.ts";

const CONFIG = new URL("../deno.json", import.meta.url).pathname;
const RUNS = { run: true, write: true, read: true } as const;

/** What a program prints as it fails, if it has no permission at all. */
async function complaintOf(program: string): Promise<string> {
  return await outputOf(program, false);
}

/** What a program without permissions prints to standard error. */
async function outputOf(program: string, succeeds = true): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, program);
    const args = ["run", "--no-prompt", "--no-check", "--config", CONFIG, path];
    const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, env }).output();
    assertEquals(success, succeeds);
    return new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(path);
  }
}

testWith(RUNS, "serve() without the permission names --allow-net", async () => {
  const program = 'import { serve } from "@wsd/driver"; serve({ port: 0 }, () => new Response());';
  assertStringIncludes(await complaintOf(program), "run again with the --allow-net flag");
});

testWith(RUNS, "startConnection() of a client without the permission names --allow-net", async () => {
  const program = 'import { makeClient } from "@wsd/driver"; await makeClient("ws://localhost:9/").startConnection();';
  assertStringIncludes(await complaintOf(program), "run again with the --allow-net flag");
});

const NEVER_STARTED: readonly (readonly [program: string, reminded: boolean])[] = [
  ['ws.send("Hi");', true],
  ["ws.sendPing();", true],
  ['ws.send("Hi"); Deno.exit();', true],
  ['ws.send("Hi"); ws.send("there"); ws.terminate();', false],
  ['ws.send("Hi"); await ws.startConnection().catch(() => {});', false],
  ["ws.closeConnection();", false],
  ["", false],
];

for (const [program, reminded] of NEVER_STARTED) {
  testWith(RUNS, `a client that is never started ${reminded ? "says so" : "says nothing"}: ${program}`, async () => {
    const said = await outputOf(
      `import { makeClient } from "@wsd/driver"; const ws = makeClient("ws://a/"); ${program}`,
    );
    const wanted = "The client for ws://a/ was never started, so what it sent is lost: call startConnection()\n";
    assertEquals(said, reminded ? wanted : "");
  });
}

Deno.test("closeConnection() with code and reason in the order of the web's close() says which is which", () => {
  const ws = makeClient("ws://localhost/");
  const close = ws.closeConnection.bind(ws) as (...values: unknown[]) => boolean;
  for (const values of [[1000], [1000, "Done"]]) {
    const { message } = assertThrows(() => close(...values), TypeError);
    assertStringIncludes(message, "number as the reason");
  }
});

/** Serves, and records the errors that are printed if there is no `onError`. */
function listen(handler: ServeHandler, faults: unknown[] = []) {
  const onError = (fault: unknown) => {
    faults.push(fault);
    return new Response("Internal Server Error\n", { status: 500 });
  };
  const server = serve({ port: 0, hostname: "127.0.0.1", onListen() {}, onError }, handler);
  return { server, url: `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/` };
}

netTest("serve() on a port in use says so, and that 0 chooses a free one", async () => {
  const { server } = listen(() => new Response());
  const { port } = server.addr as Deno.NetAddr;
  const again = () => serve({ port, hostname: "127.0.0.1" }, () => new Response());
  const error = assertThrows(again, Deno.errors.AddrInUse);
  assertStringIncludes(error.message, `127.0.0.1, port ${port}: it is in use`);
  assertStringIncludes(error.message, "choose another port, 0 for any that is free");
  await server.shutdown();
});

netTest("makeClient() reads http: as ws:, and send() after the end returns false instead of throwing", async () => {
  const { server, url } = listen((request) => {
    const ws = makeServer(request);
    ws.startConnection();
    return ws.response;
  });
  const ws = makeClient(url);
  assertEquals(ws.url, url.replace("http:", "ws:"));
  await ws.startConnection();
  ws.closeConnection();
  assertFalse(ws.send("Too late"));
  await ws.closed;
  assertFalse(ws.send("Much too late"));
  await server.shutdown();
});

const FORGETFUL: readonly (readonly [what: string, handler: ServeHandler, advice: string])[] = [
  ["returns nothing after startConnection()", (request) => {
    makeServer(request).startConnection();
    return undefined as unknown as Response;
  }, "received undefined: return ws.accept(), or ws.response after startConnection()"],
  ["returns another response", (request) => {
    makeServer(request).startConnection();
    return new Response("Hello");
  }, "another response, with status 200: return ws.accept(), or ws.response after startConnection()"],
  [
    "reads ws.response before startConnection()",
    (request) => makeServer(request).response,
    "call startConnection() or accept()",
  ],
];

for (const [what, handler, advice] of FORGETFUL) {
  netTest(`a handler that ${what} gets an error that says what to do`, async () => {
    const faults: unknown[] = [];
    const { server, url } = listen(handler, faults);
    const error = await assertRejects(() => makeClient(url).startConnection(), HandshakeError);
    assertEquals(error.status, 500);
    assertEquals(faults.length, 1);
    assertStringIncludes(String(faults[0]), advice);
    await server.shutdown();
  });
}

netTest("makeServer() answers a request that is not an upgrade with what to do", async () => {
  const { server, url } = listen((request) => {
    assertFalse(isWebSocket(request));
    const ws = makeServer(request);
    assertFalse(ws.startConnection());
    return ws.response;
  });
  const response = await fetch(url);
  assertEquals(response.status, 400);
  assertStringIncludes(await response.text(), "connect with ws: or wss:, this is not a page");
  await server.shutdown();
});
