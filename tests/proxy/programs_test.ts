// Proxies that others have written: tinyproxy, squid, microsocks and dante, as Debian has them.
import { assert, assertEquals, assertFalse, assertRejects, assertStringIncludes } from "@std/assert";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import {
  type ClientOptions,
  connect,
  ErrorCode,
  HandshakeError,
  makeClient,
  makeReconnectingClient,
  WebSocket,
  WebSocketStream,
} from "../../client.ts";
import { makeServer, serve } from "../../server.ts";
import { makeAuthority, makeCertificate } from "../support/certificate.ts";
import { LONG } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";
import { closeServer } from "../support/transport_pair.ts";
import {
  CREDENTIALS,
  isInstalled,
  PASSWORD,
  type ProxyProgram,
  type RunningProxy,
  startProxy,
  USER,
} from "./_programs.ts";

const NEEDS = { net: true, run: true, read: true, write: true, env: true } as const;

/** Registers a test with a proxy, which is ignored if that isn't installed. */
function proxyTest(program: ProxyProgram, what: string, fn: (proxy: RunningProxy) => Promise<void>): void {
  const installed = Deno.permissions.querySync({ name: "read" }).state !== "granted" || isInstalled(program);
  const name = `${program}: ${what}${installed ? "" : ` (ignored, as ${program.split(" ")[0]} is not installed)`}`;
  testWith(NEEDS, name, async () => {
    await using proxy = await startProxy(program);
    await fn(proxy);
  }, { ignore: !installed });
}

/** Our echo servers, which record their requests. */
async function origins() {
  const authority = await makeAuthority();
  const { cert, key } = await makeCertificate({ hostnames: ["127.0.0.1", "localhost"], authority });
  const asked: Headers[] = [];
  const start = (tls: { cert?: string; key?: string }) =>
    serve({ hostname: "127.0.0.1", port: 0, onListen() {}, ...tls }, (request) => {
      asked.push(request.headers);
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/to") {
        return new Response(null, { status: 302, headers: { location: searchParams.get("url")! } });
      }
      const ws = makeServer(request);
      ws.on("message", (message) => ws.send(message));
      ws.startConnection();
      return ws.response;
    });
  const [plain, secure] = [start({}), start({ cert, key })];
  return {
    asked,
    plain: plain.addr as Deno.NetAddr,
    secure: secure.addr as Deno.NetAddr,
    caCerts: [authority.cert],
    async [Symbol.asyncDispose]() {
      await plain.shutdown();
      await secure.shutdown();
    },
  };
}

async function echo(url: string, options: ClientOptions): Promise<void> {
  await using ws = makeClient(url, { handshakeTimeout: LONG, ...options });
  const echoed = new Promise((resolve) => ws.on("message", resolve));
  await ws.startConnection();
  const message = "Hi ".repeat(100_000);
  ws.send(message);
  assertEquals(await echoed, message);
}

async function refused(url: string, options: ClientOptions): Promise<HandshakeError> {
  const ws = makeClient(url, { handshakeTimeout: LONG, ...options });
  return await assertRejects(() => ws.startConnection(), HandshakeError);
}

const OPEN: readonly (readonly [program: ProxyProgram, schemes: string[]])[] = [
  ["tinyproxy", ["http"]],
  ["squid", ["http"]],
  ["microsocks", ["socks5", "socks5h"]],
  ["dante", ["socks5", "socks5h"]],
];

for (const [program, schemes] of OPEN) {
  // RFC 6455 §4.1 SHOULD proxy
  proxyTest(program, "carries ws: and wss:", async ({ port }) => {
    await using servers = await origins();
    const { caCerts } = servers;
    for (const scheme of schemes) {
      for (const host of ["127.0.0.1", "localhost"]) {
        const proxy = `${scheme}://127.0.0.1:${port}`;
        await echo(`ws://${host}:${servers.plain.port}/`, { proxy });
        await echo(`wss://${host}:${servers.secure.port}/`, { proxy, caCerts });
        // A proxy that asks for no credentials is not upset by some.
        await echo(`ws://${host}:${servers.plain.port}/`, { proxy: `${scheme}://${CREDENTIALS}@127.0.0.1:${port}` });
      }
    }
    assertFalse(servers.asked.some((headers) => headers.has("proxy-authorization")));
  });
}

const CLOSED: readonly (readonly [program: ProxyProgram, scheme: string, status: number])[] = [
  ["tinyproxy with a password", "http", 401],
  ["squid with a password", "http", 407],
  ["squid with TLS and a password", "https", 407],
  ["microsocks with a password", "socks5h", 407],
];

for (const [program, scheme, status] of CLOSED) {
  proxyTest(program, "accepts the right credentials, and gets no others", async ({ port, caCerts, log }) => {
    await using servers = await origins();
    const option = (credentials: string) => {
      const url = `${scheme}://${credentials}127.0.0.1:${port}`;
      return { proxy: scheme === "https" ? { url, caCerts } : url };
    };
    await echo(`ws://localhost:${servers.plain.port}/`, option(`${CREDENTIALS}@`));
    await echo(`wss://localhost:${servers.secure.port}/`, { ...option(`${CREDENTIALS}@`), caCerts: servers.caCerts });
    assertFalse(servers.asked.some((headers) => headers.has("proxy-authorization")));
    const { length } = servers.asked;
    for (const credentials of ["", `${USER}:wrong-secret@`, `mallory:${PASSWORD}@`]) {
      const error = await refused(`ws://localhost:${servers.plain.port}/`, option(credentials));
      assertEquals([error.code, error.status], [
        ErrorCode.PROXY_FAILED,
        // tinyproxy answers wrong credentials with 401, which is for servers.
        credentials === "" ? 407 : status,
      ]);
      assertStringIncludes(error.message, `${scheme}://127.0.0.1:${port}`);
      const told = Deno.inspect(error, { depth: 10 }) + error.stack;
      for (const secret of ["wrong-secret", PASSWORD, CREDENTIALS, btoa(`${USER}:${PASSWORD}`)]) {
        assertFalse(told.includes(secret), told);
        assertFalse(log().includes(secret));
      }
    }
    assertEquals(servers.asked.length, length);
  });
}

proxyTest("dante with a password", "refuses those that it doesn't know, and those who have none", async ({ port }) => {
  for (const credentials of ["", `${USER}:wrong@`]) {
    const error = await refused("ws://127.0.0.1:9/", { proxy: `socks5://${credentials}127.0.0.1:${port}` });
    assertEquals([error.code, error.status], [ErrorCode.PROXY_FAILED, 407]);
  }
});

proxyTest("dante", "says which of its rules forbids a server", async ({ port }) => {
  const error = await refused("ws://192.0.2.1/", { proxy: `socks5://127.0.0.1:${port}` });
  assertEquals([error.code, error.status], [ErrorCode.PROXY_FAILED, null]);
  assertStringIncludes(error.message, "192.0.2.1, port 80: connection not allowed by ruleset");
});

proxyTest(
  "microsocks",
  "resolves the name for socks5h:, and is given an address for socks5:",
  async ({ port, log }) => {
    await using servers = await origins();
    const url = `ws://localhost:${servers.plain.port}/`;
    await echo(url, { proxy: `socks5h://127.0.0.1:${port}` });
    await echo(url, { proxy: `socks5://127.0.0.1:${port}` });
    const error = await refused("ws://no.such.invalid/", { proxy: `socks5://127.0.0.1:${port}` });
    assertEquals(error.code, ErrorCode.CONNECT_FAILED);
    assertStringIncludes(error.message, "with socks5h:, the proxy resolves it");
    const there = await refused("ws://no.such.invalid/", { proxy: `socks5h://127.0.0.1:${port}` });
    assertEquals(there.code, ErrorCode.PROXY_FAILED);
    // It prints a line a connection: where to, as it was asked.
    const asked = [...log().matchAll(/connected to ([^:\s]+)/g)].map(([, host]) => host);
    assertEquals(asked, ["localhost", "127.0.0.1"]);
  },
);

const NO_SERVER: readonly (readonly [program: ProxyProgram, scheme: string, status: number | null])[] = [
  ["tinyproxy", "http", 500],
  ["squid", "http", 503],
  ["microsocks", "socks5", null],
  ["dante", "socks5", null],
];

for (const [program, scheme, status] of NO_SERVER) {
  proxyTest(program, "says that it can't reach the server", async ({ port }) => {
    const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    gone.close();
    const error = await refused(`ws://127.0.0.1:${gone.addr.port}/`, { proxy: `${scheme}://127.0.0.1:${port}` });
    assertEquals([error.code, error.status], [ErrorCode.PROXY_FAILED, status]);
    assertStringIncludes(error.message, `The proxy ${scheme}://127.0.0.1:${port} refused`);
  });
}

proxyTest(
  "squid",
  "is used by connect(), makeReconnectingClient(), WebSocket and WebSocketStream",
  async ({ port, log }) => {
    await using servers = await origins();
    const proxy = `http://127.0.0.1:${port}`;
    const url = `ws://localhost:${servers.plain.port}/`;
    await using ws = await connect(url, { proxy });
    await using lasting = makeReconnectingClient(url, { proxy });
    await lasting.startConnection();
    lasting.closeConnection();
    await lasting.closed;
    const web = new WebSocket(url, [], { proxy });
    await new Promise((resolve) => web.onopen = resolve);
    const closed = new Promise((resolve) => web.onclose = resolve);
    web.close();
    await closed;
    const stream = new WebSocketStream(url, { proxy });
    await stream.opened;
    stream.close();
    await stream.closed;
    ws.closeConnection();
    await ws.closed;
    // Squid writes its log as tunnels end.
    await until(() => log().split(`CONNECT localhost:${servers.plain.port}`).length === 5);
  },
);

proxyTest("tinyproxy", "is found in the environment, unless no_proxy names the server", async ({ port, log }) => {
  await using servers = await origins();
  const names = ["ws_proxy", "no_proxy"];
  const before = names.map((name) => Deno.env.get(name));
  try {
    Deno.env.set("ws_proxy", `http://127.0.0.1:${port}`);
    Deno.env.set("no_proxy", "");
    const error = await refused(`ws://example.invalid:${servers.plain.port}/`, { proxy: "env" });
    assertEquals(error.code, ErrorCode.PROXY_FAILED);
    Deno.env.set("no_proxy", "other.example, .invalid");
    assertEquals((await refused(`ws://example.invalid/`, { proxy: "env" })).code, ErrorCode.CONNECT_FAILED);
    await echo(`ws://localhost:${servers.plain.port}/`, { proxy: "env" });
  } finally {
    names.forEach((name, i) => before[i] === undefined ? Deno.env.delete(name) : Deno.env.set(name, before[i]));
  }
  const asked = () => [...log().matchAll(/Request .*: CONNECT (\S+)/g)].map(([, server]) => server);
  await until(() => asked().length > 0);
  assertEquals(asked(), [`example.invalid:${servers.plain.port}`]);
});

proxyTest("squid", "carries redirects as well", async ({ port, log }) => {
  await using servers = await origins();
  const there = `wss://localhost:${servers.secure.port}/`;
  const here = `ws://localhost:${servers.plain.port}/to?url=${encodeURIComponent(there)}`;
  await echo(here, { proxy: `http://127.0.0.1:${port}`, maxRedirects: 1, caCerts: servers.caCerts });
  await until(() => log().includes(`CONNECT localhost:${servers.secure.port}`));
  assertStringIncludes(log(), `CONNECT localhost:${servers.plain.port}`);
});

for (const program of ["squid", "squid with TLS and a password", "microsocks"] as const) {
  proxyTest(program, "works with every option of TLS as without a proxy", async ({ port, caCerts }) => {
    const authority = await makeAuthority();
    const server = await makeCertificate({ hostnames: ["localhost"], authority });
    const { cert, key } = await makeCertificate({ hostnames: [], name: "alice", authority });
    await using asking = await askingServer(server, authority.cert);
    const at = `${CREDENTIALS}@127.0.0.1:${port}`;
    const proxy = program === "microsocks"
      ? `socks5h://${at}`
      : program === "squid"
      ? `http://${at}`
      : { url: `https://${at}`, caCerts };
    const url = `wss://localhost:${asking.port}/`;
    const trust = { proxy, caCerts: [authority.cert] };
    await echo(url, trust);
    await echo(url, { ...trust, cert, key });
    assertEquals(asking.shown, [undefined, "alice"]);
    const elsewhere = `wss://127.0.0.1:${asking.port}/`;
    await echo(elsewhere, { ...trust, unsafelyDisableHostnameVerification: true });
    await echo(elsewhere, { ...trust, cert, key, unsafelyDisableHostnameVerification: true });
    for (const options of [{ proxy }, { proxy, cert, key }]) {
      for (const more of [{}, { unsafelyDisableHostnameVerification: true }]) {
        const error = await refused(url, { ...options, ...more });
        assertEquals(error.code, ErrorCode.TLS_FAILED);
        assertStringIncludes(error.message, "caCerts");
      }
      assertEquals((await refused(elsewhere, { ...options, caCerts: [authority.cert] })).code, ErrorCode.TLS_FAILED);
    }
  });
}

proxyTest("squid with TLS and a password", "must show a certificate that is trusted", async ({ port, caCerts }) => {
  await using servers = await origins();
  const url = `https://${CREDENTIALS}@127.0.0.1:${port}`;
  const error = await refused(`ws://127.0.0.1:${servers.plain.port}/`, { proxy: url, caCerts });
  assertEquals(error.code, ErrorCode.PROXY_FAILED);
  assertStringIncludes(error.message, "caCerts");
  await echo(`ws://127.0.0.1:${servers.plain.port}/`, { proxy: { url, caCerts } });
});

/** An echo server that asks for a client's certificate, which only those of node can. */
async function askingServer({ cert, key }: { cert: string; key: string }, ca: string) {
  const shown: (string | undefined)[] = [];
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
  server.on("upgrade", (request, socket, head) => {
    shown.push((socket as TLSSocket).getPeerCertificate()?.subject?.CN as string | undefined);
    const ws = makeServer({ request, socket, head });
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, shown, [Symbol.asyncDispose]: () => closeServer(server) };
}

/** Lets the event loop turn until something is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve));
  assert(condition());
}
