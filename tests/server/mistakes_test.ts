// What a developer gets wrong with a server, and what is said to it.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { makeServer, serve, type ServeHandler, type Server } from "../../server.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { handshake, RawPeer } from "../support/raw_peer.ts";

const page: ServeHandler = () => new Response("page\n");
const request = () => new Request("http://localhost/");

// deno-lint-ignore no-explicit-any
type Any = any;

/** What is called, what it throws, and the remedy that it names. */
const MISTAKES: readonly (readonly [string, () => unknown, typeof TypeError | typeof RangeError, string])[] = [
  ["a port in place of options", () => serve(0 as Any, page), TypeError, "serve({ port: 0 }, handler)"],
  ["a port as text", () => serve("8000" as Any, page), TypeError, "{ port: 8000 }, handler)"],
  ["the handler first", () => serve(page as Any, {} as Any), TypeError, "the options come first"],
  ["the handler alone", () => serve(page as Any, undefined as Any), TypeError, "the options come first"],
  ["no handler", () => serve({ port: 0 }, undefined as Any), TypeError, "the handler, a function"],
  ["a handler that is an object", () => serve({ port: 0 }, {} as Any), TypeError, "the handler, a function"],
  ["no arguments", () => (serve as Any)(), TypeError, "the handler, a function"],
  ["options that are an array", () => serve([] as Any, page), TypeError, "received an array"],
  ["options that are null", () => serve(null as Any, page), TypeError, "received null"],
  ["a mistyped option of serve", () => serve({ prot: 0 } as Any, page), TypeError, 'did you mean "port"?'],
  ["host for hostname", () => serve({ host: "x" } as Any, page), TypeError, 'it is called "hostname" here'],
  ["a port that is text", () => serve({ port: "0" as Any }, page), TypeError, "port must be a number"],
  ["a port out of range", () => serve({ port: -1 }, page), RangeError, "port must be an integer from 0 to 65535"],
  ["cert without key", () => serve({ port: 0, cert: "x" }, page), TypeError, "cert and key"],
  ["path and port", () => serve({ path: "x", port: 0 } as Any, page), TypeError, "path"],
  ["an origin that is text", () => serve({ allowedOrigins: "https://a.b" as Any }, page), TypeError, '"same-host"'],
  ["an origin with a path", () => serve({ allowedOrigins: ["https://a.b/"] }, page), TypeError, "scheme://host"],
  ["a host that is text", () => serve({ allowedHosts: "a.b" as Any }, page), TypeError, "an array of hosts"],
  ["an unknown signal", () => serve({ port: 0, onListen() {}, shutdownOn: ["SIGN"] as Any }, page), TypeError, "SIGN"],
  ["signals that are text", () => serve({ port: 0, shutdownOn: "SIGINT" as Any }, page), TypeError, "shutdownOn"],
  ["makeServer() of nothing", () => makeServer(undefined as Any), TypeError, "expected a Request"],
  ["makeServer() of a URL", () => makeServer("ws://a" as Any), TypeError, "received string"],
  ["makeServer() of an info", () => makeServer({ remoteAddr: {} } as Any), TypeError, "expected a Request"],
  ["options of makeServer that are an array", () => makeServer(request(), ["chat"] as Any), TypeError, "an array"],
  ["a mistyped option", () => makeServer(request(), { maxLenght: 1 } as Any), TypeError, 'did you mean "maxLength"?'],
  ["headers", () => makeServer(request(), { headers: {} } as Any), TypeError, 'it is called "additionalHeaders" here'],
  [
    "protocols",
    () => makeServer(request(), { protocols: [] } as Any),
    TypeError,
    'it is called "acceptProtocols" here',
  ],
  ["response before the start", () => makeServer(request()).response, TypeError, "call startConnection() or accept()"],
];

for (const [what, call, type, remedy] of MISTAKES) {
  netTest(`a mistake in a server is named, with its remedy: ${what}`, () => {
    assertStringIncludes(assertThrows(call, type).message, remedy);
  });
}

/** Runs something while the console's errors are collected. */
async function withConsole(run: (told: string[]) => Promise<void>): Promise<void> {
  const { error } = console;
  const told: string[] = [];
  console.error = (line) => told.push(String(line));
  try {
    await run(told);
  } finally {
    console.error = error;
  }
}

for (
  const [what, forget] of [
    ["returns another response", () => new Response("page")],
    ["returns nothing", () => undefined],
  ] as const
) {
  netTest(`the console says so at once if a handler of serve() ${what} after startConnection()`, async () => {
    await withConsole(async (told) => {
      await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
        makeServer(request).startConnection();
        return forget() as Response;
      });
      using peer = await RawPeer.dial(server.addr.port);
      await peer.write(handshake());
      assertStringIncludes(await peer.rest(), " 500 ");
      assertEquals(told.length, 1);
      assertStringIncludes(told[0], "return ws.accept()");
    });
  });
}

// The runtime sends no answer then, and leaves an operation pending for ever: hence a process of its own.
testWith(
  { net: true, run: true, read: true },
  "the console says so if a handler of Deno.serve returns another response after startConnection()",
  async () => {
    const code = `
      import { makeServer } from "@wsd/driver";
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
        makeServer(request).startConnection();
        return new Response("page");
      });
      const { error } = console;
      console.error = (line) => {
        error(line);
        if (String(line).includes("return ws.accept()")) Deno.exit(7);
      };
      new WebSocket("ws://127.0.0.1:" + server.addr.port).onerror = () => {};`;
    const { code: status, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      cwd: new URL("../../", import.meta.url),
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(status, 7, new TextDecoder().decode(stderr));
  },
);

netTest("Deno.serve gets no warning about a response that was taken, however long the handler takes", async () => {
  await withConsole(async (told) => {
    const servers: Server[] = [];
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const ws = makeServer(request);
      servers.push(ws);
      const response = ws.accept();
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, 1200);
      await promise;
      return response;
    });
    using peer = await RawPeer.dial(server.addr.port);
    assertStringIncludes(await peer.open(), " 101 ");
    await peer.close(1000);
    await peer.frame();
    peer.leave();
    await servers[0].closed;
    assertEquals(told, []);
  });
});

testWith(
  { net: true, run: true, read: true },
  "shutdownOn shuts down cleanly at the first signal, at once at the second",
  async () => {
    if (Deno.build.os === "windows") return;
    const code = `
    import { makeServer, serve } from "@wsd/driver";
    const server = serve({ hostname: "127.0.0.1", port: 0, shutdownOn: ["SIGTERM", "SIGINT"],
      onListen: ({ port }) => console.log(port) }, (request) => {
      const ws = makeServer(request, { closeTimeout: 600_000 });
      return ws.accept();
    });
    await server.finished;
    console.log("finished");`;
    for (const answers of [true, false]) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", code],
        cwd: new URL("../../", import.meta.url),
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const port = Number((await reader.read()).value);
      using peer = await RawPeer.dial(port);
      await peer.open();
      child.kill("SIGTERM");
      assertEquals(await peer.frame(), "close 1001 The server shuts down");
      if (answers) {
        await peer.close(1001);
        peer.leave();
        assertEquals((await reader.read()).value, "finished\n");
        assertEquals(await child.status, { success: true, code: 0, signal: null });
      } else {
        child.kill("SIGINT");
        assertEquals((await child.status).signal, "SIGINT");
      }
      await reader.cancel();
    }
  },
);

netTest("shutdownOn leaves no listener for signals behind", async () => {
  const { addSignalListener, removeSignalListener } = Deno;
  const kept = new Map<string, number>();
  const count = (name: string, by: number) => kept.set(name, (kept.get(name) ?? 0) + by);
  Deno.addSignalListener = (name, handler) => (count(name, 1), addSignalListener(name, handler));
  Deno.removeSignalListener = (name, handler) => (count(name, -1), removeSignalListener(name, handler));
  try {
    await serve({ port: 0, onListen() {}, shutdownOn: ["SIGINT", "SIGINT"] }, page).shutdown();
  } finally {
    Object.assign(Deno, { addSignalListener, removeSignalListener });
  }
  assertEquals([...kept], [["SIGINT", 0]]);
});

netTest("makeServer() of a request whose connection has ended throws at the start, and closes", async () => {
  const requests: Request[] = [];
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    requests.push(request);
    return new Response("page\n");
  });
  using peer = await RawPeer.dial(server.addr.port);
  await peer.write(handshake());
  await peer.rest();
  const ws = makeServer(requests[0]);
  await assertRejects(() => Promise.try(() => ws.accept()), TypeError, "answered already");
  assertEquals((await ws.closed).code, 1006);
});
