/**
 * What nginx does to connections that are idle, slow or large; a part of `deno task test:interop`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Client, makeClient, makeServer, serve, type Server, type ServerOptions } from "@wsd/driver";
import { CertificateFiles } from "./_certificate_files.ts";
import { Nginx } from "./_nginx.ts";

/** A client and a server that talk through nginx. */
class Pair implements AsyncDisposable {
  readonly #disposal = new AsyncDisposableStack();
  server!: Server;
  client!: Client;
  /** What the server was asked. */
  request!: Request;
  /** The proxy's address, for plain HTTP. */
  http!: string;

  static async open(path: string, options: ServerOptions = {}): Promise<Pair> {
    const pair = new Pair();
    const files = pair.#disposal.use(await CertificateFiles.write());
    const taken = Promise.withResolvers<void>();
    const server = pair.#disposal.use(serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      if (request.headers.get("upgrade") === null) return new Response("All is well\n");
      pair.request = request;
      pair.server = makeServer(request, options);
      pair.server.on("open", () => taken.resolve());
      pair.server.startConnection();
      return pair.server.response;
    }));
    const { port } = server.addr as Deno.NetAddr;
    const nginx = pair.#disposal.use(await Nginx.start(`http://127.0.0.1:${port}`, files));
    pair.http = nginx.target.plain.replace("ws:", "http:");
    pair.client = makeClient(new URL(path, nginx.target.plain), { pingInterval: 0 });
    await Promise.all([pair.client.startConnection(), taken.promise]);
    return pair;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.client.readyState === "closed" ? null : closed(this.client);
    this.client.closeConnection();
    await ended;
    await this.#disposal.disposeAsync();
  }
}

function closed(ws: Client | Server): Promise<number> {
  return new Promise((resolve) => ws.once("close", ({ code }) => resolve(code)));
}

Deno.test("nginx ends an idle connection at proxy_read_timeout, and both sides report it", async () => {
  await using pair = await Pair.open("/idle/", { pingInterval: 0 });
  assertEquals(await Promise.all([closed(pair.client), closed(pair.server)]), [1006, 1006]);
});

Deno.test("the heartbeat keeps a connection alive behind nginx", async () => {
  await using pair = await Pair.open("/idle/", { pingInterval: 400 });
  // More than twice the time after which nginx would have ended it.
  for (let count = 0; count < 6; count++) await new Promise((resolve) => pair.client.once("ping", resolve));
  assertEquals([pair.client.readyState, pair.server.readyState], ["open", "open"]);
});

Deno.test("nginx doesn't hold back small messages", async () => {
  await using pair = await Pair.open("/");
  pair.server.on("message", (message) => pair.server.send(message));
  for (let count = 0; count < 100; count++) {
    const answer = new Promise((resolve) => pair.client.once("message", resolve));
    pair.client.send(`${count}`);
    assertEquals(await answer, `${count}`);
  }
});

Deno.test("a client that stops reading slows the server down, through nginx's buffers", async () => {
  await using pair = await Pair.open("/", { backpressureLimit: 128 * 1024 * 1024 });
  const { client, server } = pair;
  client.pause();
  const chunk = new Uint8Array(1024 * 1024);
  const count = 64;
  for (let sent = 0; sent < count; sent++) server.send(chunk);
  assert(server.desiredSize <= 0);
  const drained = new Promise<void>((resolve) => server.once("drain", resolve));
  let received = 0;
  const all = new Promise<void>((resolve) => {
    client.on("message", (message) => {
      received += message.length;
      if (received === count * chunk.length) resolve();
    });
  });
  assertEquals(received, 0);
  client.resume();
  await Promise.all([drained, all]);
  assertEquals(server.bufferedAmount, 0);
});

Deno.test("what nginx adds arrives with the request", async () => {
  await using pair = await Pair.open("/room?name=a%20b");
  const { headers, url } = pair.request;
  assertEquals(headers.get("x-forwarded-for"), "127.0.0.1");
  assertEquals(headers.get("x-forwarded-proto"), "http");
  assertEquals(`http://${headers.get("host")}`, pair.http.replace(/\/$/, ""));
  assertEquals(new URL(url).search, "?name=a%20b");
});

Deno.test("a health check passes through nginx beside the sockets", async () => {
  await using pair = await Pair.open("/");
  const response = await fetch(pair.http);
  assertEquals([response.status, await response.text()], [200, "All is well\n"]);
});

Deno.test("a client's end and a server's shutdown are reported through nginx", async () => {
  const pair = await Pair.open("/");
  const ends = Promise.all([closed(pair.client), closed(pair.server)]);
  await pair[Symbol.asyncDispose]();
  assertEquals(await ends, [1000, 1000]);

  const next = await Pair.open("/");
  const told = closed(next.client);
  next.server.closeConnection("Back soon", 1012);
  assertEquals(await told, 1012);
  await next[Symbol.asyncDispose]();
});
