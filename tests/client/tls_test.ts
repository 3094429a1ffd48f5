import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type ClientOptions, ErrorCode, HandshakeError, makeClient } from "../../client.ts";
import { makeServer, serve } from "../../server.ts";
import { makeAuthority, makeCertificate } from "../support/certificate.ts";
import { EventLog } from "../support/event_log.ts";
import { LONG } from "../support/hosts.ts";
import { netTest, testWith } from "../support/permissions.ts";
import { rawServer } from "../support/raw_server.ts";
import { closeServer } from "../support/transport_pair.ts";

const HOSTNAME = "127.0.0.1";

interface Pems {
  cert: string;
  key: string;
}

/** Our echo server over TLS. */
function secureEcho({ cert, key }: Pems) {
  return serve({ hostname: HOSTNAME, port: 0, cert, key, onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
    return ws.response;
  });
}

async function echo(url: string, options: ClientOptions): Promise<void> {
  const ws = makeClient(url, { handshakeTimeout: LONG, ...options });
  const log = new EventLog(ws);
  await ws.startConnection();
  ws.send("Hi");
  assertEquals(await log.received(1), ["Hi"]);
  ws.closeConnection();
  assertEquals((await log.closed).code, 1000);
}

async function refused(url: string, options: ClientOptions): Promise<HandshakeError> {
  const ws = makeClient(url, { handshakeTimeout: LONG, ...options });
  const log = new EventLog(ws);
  const error = await assertRejects(() => ws.startConnection(), HandshakeError);
  assertEquals(error.code, ErrorCode.TLS_FAILED);
  assert(error.cause instanceof Error);
  assertStringIncludes(error.message, "TLS failed");
  assertEquals(log.events, ["error WS_TLS_FAILED 1006", "close 1006"]);
  return error;
}

// Row: certificates
// RFC 6455 §4.1 MUST all-through-tls
// RFC 6455 §4.2.2 MUST all-through-tls
// RFC 6455 §10.6 MUST
// RFC 9112 §9.7 MUST
netTest("wss: works with caCerts, and fails without them, with the reason", async () => {
  const certificate = await makeCertificate({ hostnames: ["localhost", HOSTNAME] });
  await using server = secureEcho(certificate);
  const { port } = server.addr as Deno.NetAddr;
  await echo(`wss://${HOSTNAME}:${port}/`, { caCerts: [certificate.ca] });
  await echo(`https://localhost:${port}/`, { caCerts: [certificate.ca] });
  const error = await refused(`wss://${HOSTNAME}:${port}/`, {});
  assertStringIncludes(error.message, "issuer");
  assertStringIncludes(error.message, "caCerts");
  const { cert: ca } = await makeAuthority("Another authority");
  assertStringIncludes((await refused(`wss://${HOSTNAME}:${port}/`, { caCerts: [ca] })).message, "issuer");
});

// Row: certificates
// RFC 9110 §4.3.4 MUST name
// RFC 9110 §4.3.4 MUST error
netTest("wss: fails if the certificate is for another host, unless the check is turned off", async () => {
  const certificate = await makeCertificate({ hostnames: ["example.com"] });
  await using server = secureEcho(certificate);
  const url = `wss://${HOSTNAME}:${(server.addr as Deno.NetAddr).port}/`;
  const error = await refused(url, { caCerts: [certificate.ca] });
  assertStringIncludes(error.message, `not valid for name "${HOSTNAME}"`);
  await echo(url, { caCerts: [certificate.ca], unsafelyDisableHostnameVerification: true });
  // The chain is verified all the same.
  assertStringIncludes((await refused(url, { unsafelyDisableHostnameVerification: true })).message, "issuer");
});

// Row: certificates
netTest("wss: fails if the certificate is out of date", async () => {
  const hour = 3_600_000;
  const certificate = await makeCertificate({
    hostnames: [HOSTNAME],
    notBefore: new Date(Date.now() - 2 * hour),
    notAfter: new Date(Date.now() - hour),
  });
  await using server = secureEcho(certificate);
  const url = `wss://${HOSTNAME}:${(server.addr as Deno.NetAddr).port}/`;
  assertStringIncludes((await refused(url, { caCerts: [certificate.ca] })).message, "expired");
});

// RFC 6455 §4.1 MUST tls
// RFC 9112 §9.8 SHOULD
netTest("wss: fails if the server doesn't speak TLS, or ends the connection", async () => {
  await using plain = rawServer(async (peer) => {
    await peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    await peer.rest();
  });
  await refused(plain.url.replace("ws:", "wss:"), {});
  await using mute = rawServer((peer) => Promise.resolve(peer.leave()));
  await refused(mute.url.replace("ws:", "wss:"), {});
});

// Row: silent-server
netTest("wss: gives up at handshakeTimeout and on signal if TLS is never answered", async () => {
  await using server = rawServer(async (peer) => void await peer.rest());
  const url = server.url.replace("ws:", "wss:");
  const error = await assertRejects(() => makeClient(url, { handshakeTimeout: 20 }).startConnection(), HandshakeError);
  assertEquals(error.code, ErrorCode.HANDSHAKE_TIMEOUT);
  const controller = new AbortController();
  const started = makeClient(url, { signal: controller.signal }).startConnection();
  setTimeout(() => controller.abort(new Error("enough")));
  await assertRejects(() => started, Error, "enough");
});

// Row: silent-server
testWith({ net: true, read: true }, "wss: keeps no descriptor of an attempt that is given up", async () => {
  using listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const url = `wss://${HOSTNAME}:${(listener.addr as Deno.NetAddr).port}/`;
  const attempts = 5;
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const attempt = async () => {
    const accepting = listener.accept();
    await assertRejects(() => makeClient(url, { handshakeTimeout: 20 }).startConnection(), HandshakeError);
    return await accepting;
  };
  // What is loaded at first may keep some.
  (await attempt()).close();
  const before = descriptors();
  const held = [];
  for (let i = 0; i < attempts; i++) held.push(await attempt());
  // The server keeps its ends, and answers nothing.
  while (descriptors() > before + attempts) await new Promise((resolve) => setTimeout(resolve));
  for (const conn of held) conn.close();
}, { ignore: Deno.build.os !== "linux" });

/** node's servers can ask for a certificate, which Deno.listenTls can't. */
async function askingServer(ca: string, pems: Pems) {
  const server = createServer({
    ...pems,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  const seen: string[] = [];
  server.on("upgrade", (request, socket, head) => {
    const { authorized, alpnProtocol } = socket as TLSSocket;
    seen.push(`${authorized} ${(socket as TLSSocket).getPeerCertificate().subject?.CN} ${alpnProtocol}`);
    const ws = makeServer({ request, socket, head });
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
  });
  server.listen(0, HOSTNAME);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `wss://${HOSTNAME}:${port}/`, seen, [Symbol.asyncDispose]: () => closeServer(server) };
}

netTest("cert and key present the client's certificate to a server that asks for one", async () => {
  const authority = await makeAuthority();
  const server = await makeCertificate({ hostnames: [HOSTNAME], authority });
  const client = await makeCertificate({ hostnames: [], name: "alice", authority });
  await using asking = await askingServer(authority.cert, server);
  const { cert, key } = client;
  await echo(asking.url, { caCerts: [authority.cert], cert, key });
  assertEquals(asking.seen, ["true alice http/1.1"]);
});

netTest("ALPN offers http/1.1 only", async () => {
  const certificate = await makeCertificate({ hostnames: [HOSTNAME] });
  for (const alpnProtocols of [["h2", "http/1.1"], ["http/1.1"]]) {
    using listener = Deno.listenTls({ hostname: HOSTNAME, port: 0, ...certificate, alpnProtocols });
    const accepted = (async () => {
      using conn = await listener.accept();
      return (await conn.handshake()).alpnProtocol;
    })();
    const ws = makeClient(`wss://${HOSTNAME}:${listener.addr.port}/`, { caCerts: [certificate.ca] });
    await assertRejects(() => ws.startConnection(), HandshakeError);
    assertEquals(await accepted, "http/1.1");
  }
});

netTest("caCerts without a certificate is refused", async () => {
  const certificate = await makeCertificate({ hostnames: [HOSTNAME] });
  await using server = secureEcho(certificate);
  const ws = makeClient(`wss://${HOSTNAME}:${(server.addr as Deno.NetAddr).port}/`, { caCerts: ["no PEM"] });
  const log = new EventLog(ws);
  await assertRejects(() => ws.startConnection(), Error);
  assertEquals((await log.closed).code, 1006);
});

netTest("wss: doesn't delay a small write after another", async () => {
  const { cert, key, ca } = await makeCertificate({ hostnames: [HOSTNAME] });
  // An answer to the first write would carry its ACK.
  await using server = serve({ hostname: HOSTNAME, port: 0, cert, key, onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => message === "b" ? ws.send(message) : undefined);
    ws.startConnection();
    return ws.response;
  });
  const ws = makeClient(`wss://${HOSTNAME}:${(server.addr as Deno.NetAddr).port}/`, { caCerts: [ca] });
  const log = new EventLog(ws);
  await ws.startConnection();
  let quickest = Infinity;
  for (let i = 1; i <= 20; i++) {
    const start = performance.now();
    await new Promise<void>((resolve) => ws.send("a", { callback: resolve }));
    ws.send("b");
    await log.received(i);
    // The first packets of a connection are acknowledged at once anyway.
    if (i > 10) quickest = Math.min(quickest, performance.now() - start);
  }
  // With Nagle's algorithm, each round waits for a delayed ACK: 40 ms.
  assert(quickest < 30, `the quickest round took ${quickest} ms`);
  ws.terminate();
});

// Windows has no Unix sockets in Deno.
testWith({ net: true, read: true, write: true }, "socketPath reaches a server on a Unix socket", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using server = serve({ path: `${folder}/s`, onListen() {} }, (request) => {
      const ws = makeServer(request);
      ws.on("message", (message) => ws.send(message));
      ws.startConnection();
      return ws.response;
    });
    assertEquals(server.addr, { transport: "unix", path: `${folder}/s` });
    await echo("ws://localhost/", { socketPath: `${folder}/s` });
    const ws = makeClient("ws://localhost/", { socketPath: `${folder}/none` });
    const error = await assertRejects(() => ws.startConnection(), HandshakeError);
    assertEquals(error.code, ErrorCode.CONNECT_FAILED);
    assertStringIncludes(error.message, `${folder}/none`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, { ignore: Deno.build.os === "windows" });
