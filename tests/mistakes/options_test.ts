// Wrong options and arguments, on every entry point: each is thrown at the call, and says what was meant.
import { assertMatch, assertStringIncludes } from "@std/assert";
import * as driver from "@wsd/driver";
import { NatsBroker } from "@wsd/driver/nats";
import { Protocol } from "@wsd/driver/protocol";
import { RedisBroker } from "@wsd/driver/redis";
import { observe } from "@wsd/driver/telemetry";
import { Topics } from "@wsd/driver/topics";
import { messageOf, type Mistake, type Untyped } from "./_table.ts";

const { broadcast, connect, connections, makeClient, makeServer, serve, makeReconnectingClient, upgradeWebSocket } =
  driver as unknown as Record<string, Untyped>;
const NewWebSocket = driver.WebSocket as unknown as new (...values: unknown[]) => unknown;
const NewTopics = Topics as unknown as new (...values: unknown[]) => Topics;

const URL_ = "ws://localhost:9/";
const handler = () => new Response();
const request = () => new Request("http://localhost/");
const server = (options: unknown) => () => makeServer(request(), options);
const client = (options: unknown) => () => makeClient(URL_, options);
const listen = (options: unknown) => () => serve(options, handler);
const topics = (options: unknown) => () => new NewTopics(options);

const MISTAKES: readonly Mistake[] = [
  // serve
  { code: "serve(5000, handler)", says: /port: 5000/, run: () => serve(5000, handler) },
  { code: "serve(handler)", says: "options come first", run: () => serve(handler) },
  { code: "serve(handler, { port })", says: "options come first", run: () => serve(handler, { port: 0 }) },
  { code: "serve({ port })", says: "handler", run: () => serve({ port: 0 }) },
  { code: 'serve({ port: "5000" })', says: /port.*number.*string/, run: listen({ port: "5000" }) },
  { code: "serve() with port 70000", says: /port.*65535.*70000/, run: listen({ port: 70_000 }) },
  { code: "serve({ prot: 5000 })", says: 'did you mean "port"', run: listen({ prot: 5000 }) },
  { code: "serve({ host })", says: '"hostname"', run: listen({ port: 0, host: "localhost" }) },
  { code: "serve({ onlisten })", says: 'did you mean "onListen"', run: listen({ port: 0, onlisten() {} }) },
  { code: "serve({ cert }) without key", says: /cert.*key|key.*cert/, run: listen({ port: 0, cert: "-" }) },
  { code: "serve({ key }) without cert", says: /cert.*key|key.*cert/, run: listen({ port: 0, key: "-" }) },
  { code: "serve({ path, port })", says: /path.*port|port.*path/, run: listen({ path: "/tmp/x.sock", port: 0 }) },
  {
    code: "serve({ signal: controller })",
    says: "AbortSignal",
    run: listen({ port: 0, signal: new AbortController() }),
  },
  {
    code: "serve({ maxConnections: 0 })",
    says: /maxConnections.*above 0/,
    run: listen({ port: 0, maxConnections: 0 }),
  },
  {
    code: 'serve({ shutdownOn: "SIGINT" })',
    says: /array|\["SIGINT"\]/,
    run: listen({ port: 0, shutdownOn: "SIGINT" }),
  },
  { code: 'serve({ shutdownOn: ["INT"] })', says: "SIGINT", run: listen({ port: 0, shutdownOn: ["INT"] }) },
  { code: "serve({ onError: true })", says: /onError.*function/, run: listen({ port: 0, onError: true }) },
  { code: "serve({ maxLength })", says: "makeServer", run: listen({ port: 0, maxLength: 10 }) },
  {
    code: 'serve({ allowedOrigins: "https://app.example" })',
    says: "array of strings",
    run: listen({ port: 0, allowedOrigins: "https://app.example" }),
  },
  {
    code: 'serve({ allowedOrigins: ["app.example"] })',
    says: "scheme://host",
    run: listen({ port: 0, allowedOrigins: ["app.example"] }),
  },
  {
    code: 'serve({ allowedOrigins: ["https://app.example/"] })',
    says: "scheme://host",
    run: listen({ port: 0, allowedOrigins: ["https://app.example/"] }),
  },
  {
    code: 'serve({ allowedHosts: ["https://app.example"] })',
    says: "with or without a port",
    run: listen({ port: 0, allowedHosts: ["https://app.example"] }),
  },
  // makeServer
  { code: "makeServer()", says: /Request.*undefined/, run: () => makeServer() },
  { code: 'makeServer("ws://…")', says: /Request.*string/, run: () => makeServer(URL_) },
  { code: "makeServer(info)", says: "Request", run: () => makeServer({ remoteAddr: {} }) },
  { code: "makeServer({ request })", says: /socket|readable/, run: () => makeServer({ request: request() }) },
  { code: 'makeServer(request, ["chat"])', says: "acceptProtocols", run: server(["chat"]) },
  { code: 'makeServer(request, "chat")', says: /object.*string/, run: server("chat") },
  { code: "makeServer(request, { protocols })", says: "acceptProtocols", run: server({ protocols: ["chat"] }) },
  { code: "makeServer(request, { protocol })", says: "acceptProtocols", run: server({ protocol: "chat" }) },
  { code: "makeServer(request, { headers })", says: "additionalHeaders", run: server({ headers: {} }) },
  { code: "makeServer(request, { maxPayload })", says: "maxLength", run: server({ maxPayload: 1 }) },
  { code: "makeServer(request, { maxlength })", says: 'did you mean "maxLength"', run: server({ maxlength: 1 }) },
  {
    code: 'makeServer(request, { maxLength: "1mb" })',
    says: /maxLength.*number.*string/,
    run: server({ maxLength: "1mb" }),
  },
  { code: "makeServer(request, { maxLength: -1 })", says: /maxLength.*from 0.*-1/, run: server({ maxLength: -1 }) },
  {
    code: 'makeServer(request, { pingInterval: "30s" })',
    says: /pingInterval.*number/,
    run: server({ pingInterval: "30s" }),
  },
  { code: "makeServer(request, { idleTimeout: -1 })", says: /idleTimeout.*from 0/, run: server({ idleTimeout: -1 }) },
  {
    code: 'makeServer(request, { acceptProtocols: "chat" })',
    says: /array.*string|\["chat"\]/,
    run: server({ acceptProtocols: "chat" }),
  },
  {
    code: 'makeServer(request, { acceptProtocols: ["a b"] })',
    says: /token.*"a b"/,
    run: server({ acceptProtocols: ["a b"] }),
  },
  {
    code: 'makeServer(request, { perMessageDeflate: "yes" })',
    says: /perMessageDeflate.*true/,
    run: server({ perMessageDeflate: "yes" }),
  },
  {
    code: "makeServer(request, { perMessageDeflate: { level: 10 } })",
    says: /level.*from 0 to 9.*10/,
    run: server({ perMessageDeflate: { level: 10 } }),
  },
  {
    code: "makeServer(request, { perMessageDeflate: { treshold: 1 } })",
    says: 'did you mean "threshold"',
    run: server({ perMessageDeflate: { treshold: 1 } }),
  },
  {
    code: 'makeServer(request, { onBackpressure: "drop" })',
    says: /"close" or "refuse".*drop/,
    run: server({ onBackpressure: "drop" }),
  },
  {
    code: "makeServer(request, { additionalHeaders: { a: line break } })",
    says: "additionalHeaders",
    run: server({ additionalHeaders: { a: "b\r\nc: d" } }),
  },
  {
    code: 'makeServer(request, { additionalHeaders: { "sec-websocket-accept" } })',
    says: /sec-websocket-accept/i,
    run: () => {
      const ws = makeServer(request(), { additionalHeaders: { "sec-websocket-accept": "x" } });
      ws.startConnection();
    },
  },
  { code: "ws.response before accept()", says: "accept()", run: () => makeServer(request()).response },
  // makeClient and connect
  { code: "makeClient()", says: /URL.*undefined/, run: () => makeClient() },
  { code: 'makeClient("localhost:5000")', says: "ws://localhost:5000", run: () => makeClient("localhost:5000") },
  { code: 'makeClient("/chat")', says: /ws:\/\//, run: () => makeClient("/chat") },
  { code: 'makeClient("ftp://localhost/")', says: /ws:.*ftp:/, run: () => makeClient("ftp://localhost/") },
  { code: 'makeClient("ws://localhost/#top")', says: "#top", run: () => makeClient("ws://localhost/#top") },
  { code: 'makeClient("ws://localhost:99999/")', says: /URL|port/, run: () => makeClient("ws://localhost:99999/") },
  { code: "makeClient(5000)", says: /URL.*5000/, run: () => makeClient(5000) },
  { code: 'makeClient(url, ["chat"])', says: "acceptProtocols", run: client(["chat"]) },
  { code: 'makeClient(url, "chat")', says: /object.*string/, run: client("chat") },
  { code: "makeClient(url, { headers })", says: "additionalHeaders", run: client({ headers: {} }) },
  { code: "makeClient(url, { protocols })", says: "acceptProtocols", run: client({ protocols: ["chat"] }) },
  { code: "makeClient(url, { ca })", says: "caCerts", run: client({ ca: "pem" }) },
  { code: 'makeClient(url, { caCerts: "pem" })', says: /caCerts.*array/, run: client({ caCerts: "pem" }) },
  {
    code: "makeClient(url, { rejectUnauthorized: false })",
    says: /caCerts|unsafelyDisableHostnameVerification/,
    run: client({ rejectUnauthorized: false }),
  },
  { code: "makeClient(url, { timeout })", says: "handshakeTimeout", run: client({ timeout: 1000 }) },
  {
    code: 'makeClient(url, { proxy: "localhost:3128" })',
    says: "http://proxy.example.com:3128",
    run: client({ proxy: "localhost:3128" }),
  },
  { code: 'makeClient(url, { proxy: "ftp://proxy/" })', says: /http:.*socks5/, run: client({ proxy: "ftp://proxy/" }) },
  {
    code: "makeClient(url, { signal: controller })",
    says: "AbortSignal",
    run: client({ signal: new AbortController() }),
  },
  { code: "connect(url, { maxRetries })", says: "maxRetries", run: () => connect(URL_, { maxRetries: 3 }) },
  {
    code: "connections(url, { retries })",
    says: "retries",
    run: () => connections(URL_, { retries: 3 })[Symbol.asyncIterator]().next(),
  },
  {
    code: "makeReconnectingClient(url, { delay })",
    says: /minDelay/,
    run: () => makeReconnectingClient(URL_, { delay: 3 }),
  },
  {
    code: 'makeReconnectingClient(url, { whileAway: "keep" })',
    says: /"queue"/,
    run: () => makeReconnectingClient(URL_, { whileAway: "keep" }),
  },
  // The web's classes
  { code: 'new WebSocket("localhost:5000")', says: /ws/, run: () => new NewWebSocket("localhost:5000") },
  { code: "new WebSocket()", says: /argument/, run: () => new NewWebSocket() },
  { code: 'new WebSocket(url, "a b")', says: /"a b"/, run: () => new NewWebSocket(URL_, "a b") },
  { code: "WebSocket(url)", says: /new/, run: () => (driver.WebSocket as unknown as Untyped)(URL_) },
  { code: "upgradeWebSocket()", says: /Request/, run: () => upgradeWebSocket() },
  // One to many
  { code: "new Topics()", says: /options must be an object/, run: topics(undefined) },
  { code: "new Topics({})", says: /name/, run: topics({}) },
  { code: 'new Topics("app")', says: /object.*string/, run: topics("app") },
  {
    code: 'new Topics({ name, broker: "redis://localhost" })',
    says: "RedisBroker",
    run: topics({ name: "a", broker: "redis://localhost" }),
  },
  { code: 'topics.publish("", message)', says: /empty/, run: () => new NewTopics({ name: "a" }).publish("", "x") },
  {
    code: 'topics.publish("news", { price: 1 })',
    says: "JSON.stringify",
    run: () => (new NewTopics({ name: "a" }).publish as Untyped)("news", { price: 1 }),
  },
  {
    code: 'topics.subscribe("news", ws)',
    says: "WebSocketDriver",
    run: () => (new NewTopics({ name: "a" }).subscribe as Untyped)("news", {}),
  },
  {
    code: 'new RedisBroker("redis://localhost")',
    says: /client/,
    run: () => new (RedisBroker as unknown as new (x: unknown) => unknown)("redis://localhost"),
  },
  {
    code: 'new NatsBroker("nats://localhost")',
    says: /connection/,
    run: () => new (NatsBroker as unknown as new (x: unknown) => unknown)("nats://localhost"),
  },
  {
    code: "new RedisBroker(client, { subscribr: client })",
    says: 'did you mean "subscriber"',
    run: () => new (RedisBroker as unknown as new (...x: unknown[]) => unknown)({}, { subscribr: {} }),
  },
  {
    code: 'new NatsBroker(connection, { prefx: "a" })',
    says: 'did you mean "prefix"',
    run: () => new (NatsBroker as unknown as new (...x: unknown[]) => unknown)({}, { prefx: "a" }),
  },
  { code: "observe({ servr })", says: 'did you mean "server"', run: () => (observe as Untyped)({ servr: {} }) },
  {
    code: "observe({ server }, { trace: false })",
    says: 'did you mean "traces"',
    run: () => (observe as Untyped)({}, { trace: false }),
  },
  {
    code: "new Protocol(role, handler, { maxlength: 10 })",
    says: 'did you mean "maxLength"',
    run: () => new (Protocol as unknown as new (...x: unknown[]) => unknown)("client", {}, { maxlength: 10 }),
  },
  {
    code: "serve({ headLimits: { maxFieldLines: 10 } })",
    says: 'did you mean "maxFieldLine"',
    run: listen({ port: 0, headLimits: { maxFieldLines: 10 } }),
  },
  { code: "broadcast(ws, message)", says: /iterable|\[ws\]/, run: () => broadcast(makeClient(URL_), "x") },
  { code: "broadcast(connections, { price: 1 })", says: "JSON.stringify", run: () => broadcast([], { price: 1 }) },
  {
    code: 'broadcast(connections, message, { slow: "drop" })',
    says: /"close".*"skip".*"latest"/,
    run: () => broadcast([], "x", { slow: "drop" }),
  },
];

for (const { code, says, run } of MISTAKES) {
  Deno.test(`${code} says what to do`, async () => {
    const message = await messageOf(run);
    if (typeof says === "string") assertStringIncludes(message, says);
    else assertMatch(message, says);
  });
}
