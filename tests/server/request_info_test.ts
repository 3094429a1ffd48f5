// What a server tells of its client's request, on every backend, for as long as it lives.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { makeServer, serve, type Server } from "../../server.ts";
import { makeClient } from "../../client.ts";
import { EventLog } from "../support/event_log.ts";
import { type HostKind, hostKinds } from "../support/hosts.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { handshake, RawPeer } from "../support/raw_peer.ts";

const COOKIES = { "Host": "example.com:81", "Cookie": "a=1; b=ü", "X-Colon": "a:b: c", "X-Empty": "" };

/** What `url` is for the request of `ask()`: over a duplex, the tests' host makes the request itself. */
function urlOf({ name }: HostKind): string {
  if (name === "streams") return "http://localhost/";
  return `${/tls|https/.test(name) ? "https" : "http"}://example.com:81/chat?room=1`;
}

for (const kind of hostKinds) {
  const test = (name: string, fn: () => Promise<void>) => testWith(kind.permissions, `${name}, with ${kind.name}`, fn);

  /** Accepts one client, and gives the server's side before it is open, while it is, and after. */
  const ask = async (inspect: (ws: Server) => void): Promise<void> => {
    const made = Promise.withResolvers<Server>();
    await using host = await kind.open((env) => {
      const ws = makeServer(env);
      inspect(ws);
      made.resolve(ws);
      return ws.accept();
    });
    using peer = new RawPeer(await host.connect());
    await peer.write(
      new Uint8Array([...handshake(COOKIES, "GET /chat?room=1 HTTP/1.1")].map((character) => character.charCodeAt(0))),
    );
    assert((await peer.head()).startsWith("HTTP/1.1 101 "));
    const ws = await made.promise;
    const log = new EventLog(ws);
    await ws.opened;
    inspect(ws);
    await peer.close(1000);
    await peer.frame();
    peer.leave();
    await log.closed;
    inspect(ws);
  };

  test("url and headers are those of the request, before and after it is open, and closed", async () => {
    await ask((ws) => {
      assertEquals(ws.url, urlOf(kind));
      assertEquals(ws.headers.get("cookie"), "a=1; b=\u00fc");
      assertEquals(ws.headers.get("X-COLON"), "a:b: c");
      assertEquals(ws.headers.get("x-empty"), "");
      assertEquals(ws.headers.get("host"), "example.com:81");
      assertEquals(ws.headers.get("upgrade"), "websocket");
      assertEquals(ws.headers.get("none"), null);
      assertStrictEquals(ws.headers, ws.headers);
    });
  });

  test("remoteAddr is the client's address, if the backend knows it", async () => {
    await ask(({ remoteAddr }) => {
      if (kind.name === "streams" || kind.name === "Deno.serve") return assertEquals(remoteAddr, null);
      if (kind.name === "serve on unix") return assertEquals(remoteAddr?.transport, "unix");
      const { transport, hostname, port } = remoteAddr as Deno.NetAddr;
      assertEquals([transport, hostname, Number.isInteger(port)], ["tcp", "127.0.0.1", true]);
    });
  });

  test("data and remoteAddr are those given to makeServer()", async () => {
    const given: Deno.NetAddr = { transport: "tcp", hostname: "192.0.2.1", port: 1 };
    await using host = await kind.open((env) => {
      const ws = makeServer(env, { data: { count: 1 }, remoteAddr: given });
      ws.data.count++;
      ws.on("open", () => ws.send(`${ws.data.count} ${(ws.remoteAddr as Deno.NetAddr).hostname}`));
      return ws.accept();
    });
    const client = makeClient(host.url, { pingInterval: 0 });
    const log = new EventLog(client);
    await client.startConnection(host.reach());
    assertEquals(await log.received(1), ["2 192.0.2.1"]);
    client.closeConnection();
    await log.closed;
  });

  test("response is a 101 like the one that was sent, also when it is open", async () => {
    const statuses: (string | number | null)[] = [];
    const made = Promise.withResolvers<Server>();
    await using host = await kind.open((env) => {
      const ws = makeServer(env, { acceptProtocols: ["chat"], additionalHeaders: { "x-a": "b" } });
      made.resolve(ws);
      return ws.accept();
    });
    using peer = new RawPeer(await host.connect());
    await peer.open(new Uint8Array(0), { "Sec-WebSocket-Protocol": "chat" });
    const ws = await made.promise;
    await ws.opened;
    for (const { status, headers } of [ws.response, ws.response, ws.accept()]) {
      statuses.push(
        status,
        headers.get("sec-websocket-accept"),
        headers.get("sec-websocket-protocol"),
        headers.get("x-a"),
      );
    }
    const one = [101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "chat", "b"];
    assertEquals(statuses, [...one, ...one, ...one]);
    await peer.close(1000);
    await peer.frame();
    peer.leave();
    await ws.closed;
  });

  test("accept() returns the refusal of a handshake, too, and the same response again", async () => {
    const statuses: number[] = [];
    await using host = await kind.open((env) => {
      const ws = makeServer(env);
      const response = ws.accept();
      statuses.push(response.status, ws.accept().status);
      assertStrictEquals(ws.response, response);
      return response;
    });
    using peer = new RawPeer(await host.connect());
    await peer.write(handshake({ "Sec-WebSocket-Version": "8" }));
    assert((await peer.head()).startsWith("HTTP/1.1 426 "));
    assertEquals(statuses, [426, 426]);
  });
}

netTest("Deno.serve passes remoteAddr in its info", async () => {
  const made = Promise.withResolvers<Server<string>>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request, { remoteAddr }) => {
    const ws = makeServer(request, { data: "x", remoteAddr });
    made.resolve(ws);
    return ws.accept();
  });
  const client = makeClient(`ws://127.0.0.1:${server.addr.port}/`);
  const log = new EventLog(client);
  await client.startConnection();
  const ws = await made.promise;
  assertEquals([ws.data, (ws.remoteAddr as Deno.NetAddr).hostname], ["x", "127.0.0.1"]);
  client.closeConnection();
  await log.closed;
});

// Types: these lines need not run.
Deno.test("serve() infers its address type from its options, and makeServer() the type of its data", () => {
  function _typed(request: Request): void {
    const port: number = serve({ port: 0, onListen: ({ port }) => void (port satisfies number) }, () => {
      return new Response();
    }).addr.port;
    const path: string =
      serve({ path: "/tmp/x" }, (_request, { remoteAddr }) => new Response(remoteAddr.path)).addr.path;
    const data: { name: string } = makeServer(request, { data: { name: "Ann" } }).data;
    const none: undefined = makeServer(request).data;
    // @ts-expect-error: nobody knows the type of a socket that is decided at run time.
    const unknown: string = serve({ path: Math.random() > 0.5 ? "/tmp/x" : undefined }, () => new Response()).addr.path;
    void [port, path, data, none, unknown];
  }
});
