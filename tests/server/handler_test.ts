// What a handler can do, right and wrong, under serve and under Deno.serve.
import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { connect, makeClient } from "../../client.ts";
import { HandshakeError } from "../../src/handshake_error.ts";
import { makeServer, type ServeHandler, type ServeOptions, type Server } from "../../server.ts";
import { EventLog } from "../support/event_log.ts";
import { netTest } from "../support/permissions.ts";
import { contentOf, field, handshake } from "../support/raw_peer.ts";
import { startDenoServe, startServe, type WebServer } from "../support/web_server.ts";

const HOSTNAME = "127.0.0.1";

/** The two web servers that one handler runs under. */
const WEB_SERVERS: readonly (readonly [string, (handler: ServeHandler, options?: ServeOptions) => WebServer])[] = [
  ["serve", startServe],
  ["Deno.serve", startDenoServe],
];

for (const [name, start] of WEB_SERVERS) {
  // RFC 6455 §4.2.2 MUST unknown-service
  netTest(`a handler serves pages and sockets, and a middleware adds a header, under ${name}`, async () => {
    const handler: ServeHandler = (request, info) => {
      if (request.headers.get("upgrade") === null) {
        return new Response(`page for ${(info.remoteAddr as Deno.NetAddr).hostname}`);
      }
      const ws = makeServer(request, { additionalHeaders: { "X-Own": "1" }, acceptProtocols: ["chat"] });
      ws.on("message", (message) => ws.send(message));
      ws.startConnection();
      return ws.response;
    };
    await using host = start(async (request, info) => {
      const response = await handler(request, info);
      response.headers.set("X-Added", "2");
      return response;
    });
    assertEquals(await (await fetch(host.url.replace("ws:", "http:"))).text(), `page for ${HOSTNAME}`);
    using peer = await host.connect();
    await peer.write(handshake({ "Sec-WebSocket-Protocol": "chat" }));
    const head = await peer.head();
    assertEquals([field(head, "x-own"), field(head, "x-added")], ["1", "2"]);
    assertEquals(field(head, "sec-websocket-protocol"), "chat");
    await peer.send(0x81, "Hi");
    assertEquals(await peer.frame(), "text Hi");
    await peer.close(1000);
    assert((await peer.frame()).startsWith("close 1000"));
    peer.leave();
    assertEquals(host.faults, []);
  });

  netTest(`a refused handshake is answered as the handler returns it, under ${name}`, async () => {
    const results: boolean[] = [];
    await using host = start((request) => {
      const ws = makeServer(request);
      results.push(ws.startConnection());
      return ws.response;
    });
    const response = await fetch(host.url.replace("ws:", "http:"));
    assertEquals([response.status, results], [400, [false]]);
    assertStringIncludes(await response.text(), "Cannot accept the handshake: Upgrade must contain websocket");
    assertEquals(host.faults, []);
  });

  netTest(`makeServer() throws if a request is upgraded twice or too late, under ${name}`, async () => {
    const requests: Request[] = [];
    await using host = start((request) => {
      requests.push(request);
      const ws = makeServer(request);
      if (new URL(request.url).search === "?late") return new Response("page");
      ws.startConnection();
      const again = makeServer(request);
      assertThrows(() => again.startConnection(), TypeError);
      return ws.response;
    });
    using peer = await host.connect();
    assertStringIncludes(await peer.open(), " 101 ");
    await peer.close(1000);
    assert((await peer.frame()).startsWith("close 1000"));
    peer.leave();
    using other = await host.connect();
    await other.write(handshake({ Connection: "Upgrade, close" }, "GET /?late HTTP/1.1"));
    assertStringIncludes(await other.rest(), " 200 ");
    const late = makeServer(requests[1]);
    assertThrows(() => late.startConnection(), TypeError);
    assertEquals(host.faults, []);
  });
}

// Under Deno.serve the runtime sends no answer then, says nothing, and leaves an operation pending for ever.
netTest(
  "serve() answers with 500 if a handler throws after startConnection(), and ends the connection",
  async () => {
    const oops = new Error("Oops");
    const logs: EventLog[] = [];
    await using host = startServe((request) => {
      const ws = makeServer(request);
      logs.push(new EventLog(ws));
      ws.startConnection();
      throw oops;
    });
    using peer = await host.connect();
    assertStringIncludes(await peer.open(), " 500 ");
    assertEquals(host.faults, [oops]);
    assertEquals(logs[0].events, ["error WS_CONNECTION_LOST 1006", "close 1006"]);
  },
);

const WRONG: readonly (readonly [string, (ws: Server) => unknown, string])[] = [
  ["forgets ws.response", () => new Response("page"), "return ws.accept(), or ws.response"],
  ["returns nothing", () => undefined, "must return a Response, received undefined"],
  ["returns text", () => "page", "must return a Response, received a string"],
  ["returns Response.error()", () => Response.error(), "Response.error()"],
  ["rejects", () => Promise.reject(new Error("Oops")), "Oops"],
];

for (const [what, answer, reason] of WRONG) {
  netTest(`serve() reports a handler that ${what}, answers with onError's, and ends its connection`, async () => {
    const logs: EventLog[] = [];
    await using host = startServe((request) => {
      const ws = makeServer(request);
      logs.push(new EventLog(ws));
      ws.startConnection();
      return answer(ws) as Response;
    });
    using peer = await host.connect();
    const head = await peer.open();
    assertStringIncludes(head, " 500 ");
    assertEquals(contentOf(head + await peer.rest()), "Fault\n");
    assertEquals(host.faults.length, 1);
    assertStringIncludes((host.faults[0] as Error).message, reason);
    assertEquals(logs[0].events, ["error WS_CONNECTION_LOST 1006", "close 1006"]);
    assert(logs[0].errors[0].cause === host.faults[0]);
  });
}

const WRONG_PAGES: readonly (readonly [string, () => unknown, string])[] = [
  ["returns a 101 of its own", () => new Response(null, { status: 101 }), "a 101 of its own"],
  ["throws", () => {
    throw new Error("Oops");
  }, "Oops"],
  ["returns a response that was read", async () => {
    const response = new Response("x");
    await response.text();
    return response;
  }, "already read"],
  ["returns a response that is being read", () => {
    const response = new Response("x");
    response.body!.getReader();
    return response;
  }, "already read"],
];

for (const [what, answer, reason] of WRONG_PAGES) {
  netTest(`serve() reports a handler that ${what}, and answers with onError's`, async () => {
    await using host = startServe(() => answer() as Response);
    const response = await fetch(host.url.replace("ws:", "http:"));
    assertEquals([response.status, await response.text()], [500, "Fault\n"]);
    assertEquals(host.faults.length, 1);
    assertStringIncludes((host.faults[0] as Error).message, reason);
  });
}

netTest("serve() reports a body that fails while it is sent, and one that yields anything but bytes", async () => {
  const failing = () =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("part")),
      pull: (controller) => controller.error(new Error("Oops")),
    }, { highWaterMark: 0 });
  const textual = () => new ReadableStream({ start: (controller) => controller.enqueue("text") });
  await using host = startServe((request) => new Response(request.url.endsWith("/text") ? textual() : failing()));
  for (const path of ["/", "/text"]) {
    using peer = await host.connect();
    await peer.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await peer.rest();
  }
  assertEquals(host.faults.length, 2);
  assertEquals((host.faults[0] as Error).message, "Oops");
});

for (
  const [what, onError] of [
    ["throws", () => {
      throw new Error("Oops again");
    }],
    ["returns no Response", () => undefined as unknown as Response],
    ["returns a 101", () => new Response(null, { status: 101 })],
    ["rejects", () => Promise.reject(new Error("Oops again"))],
  ] as const
) {
  netTest(`serve() answers with 500 if onError ${what}, and logs to the console`, async () => {
    const { error } = console;
    const told: unknown[] = [];
    console.error = (fault) => told.push(fault);
    try {
      await using host = startServe(() => {
        throw new Error("Oops");
      }, { onError });
      const response = await fetch(host.url.replace("ws:", "http:"));
      assertEquals([response.status, await response.text()], [500, "Internal Server Error\n"]);
      assertEquals(told.length, 1);
    } finally {
      console.error = error;
    }
  });
}

netTest("serve() logs an error to the console if there is no onError", async () => {
  const { error } = console;
  const told: unknown[] = [];
  console.error = (fault) => told.push(fault);
  try {
    const oops = new Error("Oops");
    await using host = startServe(() => {
      throw oops;
    }, { onError: undefined });
    const response = await fetch(host.url.replace("ws:", "http:"));
    assertEquals([response.status, await response.text()], [500, "Internal Server Error\n"]);
    assertEquals(told, [oops]);
  } finally {
    console.error = error;
  }
});

netTest("serve() ends the connection if the handler returns after its peer has left", async () => {
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  await using host = startServe(async (request) => {
    const ws = makeServer(request);
    ws.on("close", ({ code }) => closed.resolve(code));
    ws.startConnection();
    ws.send("queued");
    asked.resolve();
    await left.promise;
    return ws.response;
  });
  const peer = await host.connect();
  await peer.write(handshake());
  await asked.promise;
  peer.leave();
  left.resolve();
  assertEquals(await closed.promise, 1006);
  assertEquals(host.faults, []);
});

netTest("terminate() and closeConnection() before the handler returns end what was accepted", async () => {
  const logs: EventLog[] = [];
  await using host = startServe((request) => {
    const ws = makeServer(request);
    logs.push(new EventLog(ws));
    ws.startConnection();
    ws.terminate();
    assertEquals(ws.readyState, "closed");
    assertFalse(ws.send("x"));
    return ws.response;
  });
  using peer = await host.connect();
  await peer.write(handshake());
  assertStringIncludes(await peer.rest(), " 101 ");
  assertEquals(logs[0].events, ["close 1006"]);
});

netTest("closeConnection() before startConnection() makes it refuse the handshake", async () => {
  const logs: EventLog[] = [];
  await using host = startServe((request) => {
    const ws = makeServer(request);
    logs.push(new EventLog(ws));
    assert(ws.closeConnection());
    assertEquals(ws.startConnection(), false);
    return ws.response;
  });
  using peer = await host.connect();
  await peer.write(handshake());
  assertStringIncludes(await peer.rest(), " 503 ");
  assertEquals(logs[0].events, ["close 1006"]);
});

Deno.test("response throws before startConnection()", async () => {
  const ws = makeServer(new Request("http://localhost/"));
  assertThrows(() => ws.response, TypeError, "startConnection()");
  assertFalse(ws.startConnection());
  assertEquals(
    await ws.response.text(),
    "Cannot accept the handshake: Upgrade must contain websocket, received none (connect with ws: or wss:, this is not a page)\n",
  );
});

Deno.test("startConnection() throws TypeError for a request that no server has passed on, and closes", async () => {
  const headers = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  };
  const ws = makeServer(new Request("http://localhost/", { headers }));
  const log = new EventLog(ws);
  assertThrows(() => ws.startConnection(), TypeError, "the handler's own request");
  assertEquals((await log.closed).code, 1006);
  assertEquals(log.events, ["close 1006"]);
});

for (const [name, start] of WEB_SERVERS) {
  netTest(`a handler that upgrades a copy of its request fails at once, with the reason, under ${name}`, async () => {
    const logs: EventLog[] = [];
    await using host = start((request) => {
      const ws = makeServer(new Request(request));
      logs.push(new EventLog(ws));
      return ws.accept();
    });
    using peer = await host.connect();
    assertStringIncludes(await peer.open(), " 500 ");
    assertStringIncludes((host.faults[0] as Error).message, "received a copy");
    assertEquals((await logs[0].closed).code, 1006);
  });
}

Deno.test("startConnection() throws TypeError for headers that have become wrong, and can be called again", () => {
  const ws = makeServer(new Request("http://localhost/"));
  ws.additionalHeaders.set("Upgrade", "h2c");
  assertThrows(() => ws.startConnection(), TypeError, "upgrade");
  ws.additionalHeaders.delete("Upgrade");
  ws.acceptProtocols = ["a b"];
  assertThrows(() => ws.startConnection(), TypeError, "token");
  ws.acceptProtocols = [];
  assertFalse(ws.startConnection());
});

Deno.test("makeServer() throws TypeError for an invalid env", () => {
  const streams = () => ({ readable: new ReadableStream<Uint8Array>(), writable: new WritableStream<Uint8Array>() });
  const locked = streams();
  locked.readable.getReader();
  const wrong = [undefined, null, 5, "x", {}, { request: null, ...streams() }, { request: {}, ...streams() }, {
    request: new Request("http://localhost/"),
    ...locked,
  }];
  for (const env of wrong) assertThrows(() => makeServer(env as Request), TypeError);
});

netTest("an echo runs unchanged under serve and Deno.serve with our client", async () => {
  for (const [, start] of WEB_SERVERS) {
    await using host = start((request) => {
      const ws = makeServer(request);
      ws.on("message", (message) => ws.send(message));
      ws.startConnection();
      return ws.response;
    });
    const ws = makeClient(host.url);
    const log = new EventLog(ws);
    await ws.startConnection();
    ws.send("Hi");
    assertEquals(await log.received(1), ["Hi"]);
    ws.closeConnection();
    assertEquals((await log.closed).code, 1000);
    const refused = makeClient(`${host.url}`, { additionalHeaders: { "Origin": "x" }, acceptProtocols: ["none"] });
    const refusedLog = new EventLog(refused);
    assert(await refused.startConnection());
    refused.terminate();
    await refusedLog.closed;
    assertEquals(refused.protocol, null);
    assertFalse(refusedLog.errors.some((error) => error instanceof HandshakeError));
  }
});

netTest("makeServer() of a request whose WebSocket is open throws TypeError, and leaves that one alone", async () => {
  const requests: Request[] = [];
  await using host = startServe((request) => {
    requests.push(request);
    return makeServer(request).accept();
  });
  const client = await connect(host.url);
  assertThrows(() => makeServer(requests[0]), TypeError, "answered already, or upgraded before");
  assertEquals(client.readyState, "open");
  client.close();
  await client.closed;
});
