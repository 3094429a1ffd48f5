/**
 * Every way to get the server's side of a connection, so that one suite runs on all of them.
 *
 * @module
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server as NodeServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Client, type ClientOptions } from "../../src/client/client.ts";
import type { StartConnectionOptions } from "../../src/client/start_options.ts";
import { RequestHeadParser } from "../../src/http/request_head_parser.ts";
import { serve } from "../../src/server/serve.ts";
import type { ServeHandler } from "../../src/server/serve_options.ts";
import { Server, type ServerOptions } from "../../src/server/server.ts";
import type { ServerEnv } from "../../src/server/server_env.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { type ByteStreamPair, StreamTransport } from "../../src/transport/stream_transport.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { EventLog } from "./event_log.ts";
import type { Needs } from "./permissions.ts";
import { RawPeer } from "./raw_peer.ts";
import { closeServer } from "./transport_pair.ts";

/** The features that the runtime's own socket lacks, or implements differently. */
export type Ability =
  /** Whether Pings can be sent, and are reported. */
  | "ping"
  /** Reading can be paused. */
  | "pause"
  /** A protocol error is answered with a Close of its code, and reported with an error code of its own. */
  | "violations"
  /** TCP can be ended at once, whatever the peer does. */
  | "cut"
  /** Messages are framed by this package: `bufferedAmount` counts their headers. */
  | "framing";

/** Handles a client's request. The response is returned if the host wants one. */
export type Accept = (env: ServerEnv) => Response | Promise<Response>;

/** A running server. */
export interface Host extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** The exceptions of handlers and listeners, under `serve`. */
  readonly faults: unknown[];
  /** The options with which our client reaches it. */
  reach(): StartConnectionOptions;
  /** Connects, with nothing sent yet. */
  connect(): Promise<Transport>;
}

/** One kind of server. */
export interface HostKind {
  /** For the names of tests. */
  readonly name: string;
  /** The permissions that it needs. */
  readonly permissions: Needs;
  /** The features that it lacks. */
  readonly lacks: ReadonlySet<Ability>;
  /** Whether `serve` answers. */
  readonly served: boolean;
  /** Starts a server. */
  open(accept: Accept): Promise<Host>;
}

/** An hour: longer than any test waits. */
export const LONG = 3_600_000;

/** No connection ends by itself. */
const PATIENT = { closeTimeout: LONG, handshakeTimeout: LONG, pingInterval: 0 } as const;

const HOSTNAME = "127.0.0.1";
const NOTHING: ReadonlySet<Ability> = new Set();
const BUILT_IN_LACKS: ReadonlySet<Ability> = new Set(["ping", "pause", "violations", "cut", "framing"]);

/** Every kind of server. */
export const hostKinds: readonly HostKind[] = [
  { name: "serve on tcp", permissions: { net: true }, lacks: NOTHING, served: true, open: serveTcp },
  { name: "serve on tls", permissions: { net: true }, lacks: NOTHING, served: true, open: serveTls },
  {
    name: "serve on unix",
    permissions: { net: true, read: true, write: true },
    lacks: NOTHING,
    served: true,
    open: serveUnix,
  },
  { name: "streams", permissions: {}, lacks: NOTHING, served: false, open: serveStreams },
  { name: "node:http", permissions: { net: true }, lacks: NOTHING, served: false, open: serveNodeHttp },
  { name: "node:https", permissions: { net: true }, lacks: NOTHING, served: false, open: serveNodeHttps },
  { name: "Deno.serve", permissions: { net: true }, lacks: BUILT_IN_LACKS, served: false, open: serveBuiltIn },
];

let certificate: Promise<Certificate> | undefined;

/** A certificate for this machine, the same one for all tests of a file. */
export function localCertificate(): Promise<Certificate> {
  return certificate ??= makeCertificate({ hostnames: ["localhost", HOSTNAME] });
}

function serveTcp(accept: Accept): Promise<Host> {
  const faults: unknown[] = [];
  const server = serve({ hostname: HOSTNAME, port: 0, ...quiet(faults) }, accept as ServeHandler);
  const { port } = server.addr as Deno.NetAddr;
  return Promise.resolve({
    url: `ws://${HOSTNAME}:${port}/`,
    faults,
    reach: () => ({}),
    connect: async () => new ConnTransport(await Deno.connect({ hostname: HOSTNAME, port })),
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

async function serveTls(accept: Accept): Promise<Host> {
  const { cert, key, ca } = await localCertificate();
  const faults: unknown[] = [];
  const server = serve({ hostname: HOSTNAME, port: 0, cert, key, ...quiet(faults) }, accept as ServeHandler);
  const { port } = server.addr as Deno.NetAddr;
  return {
    url: `wss://${HOSTNAME}:${port}/`,
    faults,
    reach: () => ({ caCerts: [ca] }),
    connect: async () => new ConnTransport(await Deno.connectTls({ hostname: HOSTNAME, port, caCerts: [ca] })),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function serveUnix(accept: Accept): Promise<Host> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const faults: unknown[] = [];
  const server = serve({ path, ...quiet(faults) }, accept as ServeHandler);
  return {
    url: "ws://localhost/",
    faults,
    reach: () => ({ socketPath: path }),
    connect: async () => new ConnTransport(await Deno.connect({ transport: "unix", path })),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function quiet(faults: unknown[]) {
  return {
    onListen: () => {},
    onError: (fault: unknown) => {
      faults.push(fault);
      return new Response("Fault\n", { status: 500 });
    },
  };
}

function serveStreams(accept: Accept): Promise<Host> {
  const dial = (): ByteStreamPair => {
    const there = new TransformStream<Uint8Array, Uint8Array>();
    const back = new TransformStream<Uint8Array, Uint8Array>();
    void answer({ readable: there.readable, writable: back.writable }, accept);
    return { readable: back.readable, writable: there.writable };
  };
  return Promise.resolve({
    url: "ws://localhost/",
    faults: [],
    reach: () => ({ transport: dial() }),
    connect: () => Promise.resolve(new StreamTransport(dial())),
    [Symbol.asyncDispose]: async () => {},
  });
}

/** Reads a request's head, as a user of a byte duplex would, and passes the rest on. */
async function answer({ readable, writable }: ByteStreamPair, accept: Accept): Promise<void> {
  const parser = new RequestHeadParser();
  const reader = readable.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  while (!parser.done) {
    const { done, value } = await reader.read();
    if (done) return;
    rest = value.subarray(parser.push(value));
  }
  const { method, fields } = parser.head;
  const request = new Request("http://localhost/", { method, headers: [...fields] });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => rest.length > 0 ? controller.enqueue(rest) : undefined,
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  await accept({ request, readable: body, writable });
}

function serveNodeHttp(accept: Accept): Promise<Host> {
  const connect = (port: number) => Deno.connect({ hostname: HOSTNAME, port });
  return serveNode(createServer(), { scheme: "ws", reach: {}, accept, connect });
}

async function serveNodeHttps(accept: Accept): Promise<Host> {
  const { cert, key, ca } = await localCertificate();
  const connect = (port: number) => Deno.connectTls({ hostname: HOSTNAME, port, caCerts: [ca] });
  return await serveNode(createSecureServer({ cert, key }), {
    scheme: "wss",
    reach: { caCerts: [ca] },
    accept,
    connect,
  });
}

interface NodeOptions {
  scheme: string;
  reach: StartConnectionOptions;
  accept: Accept;
  connect: (port: number) => Promise<Deno.Conn>;
}

async function serveNode(server: NodeServer, { scheme, reach, accept, connect }: NodeOptions): Promise<Host> {
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    accept({ request, socket, head });
  });
  server.listen(0, HOSTNAME);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://${HOSTNAME}:${port}/`,
    faults: [],
    reach: () => reach,
    connect: async () => new ConnTransport(await connect(port)),
    [Symbol.asyncDispose]: () => closeServer(server),
  };
}

function serveBuiltIn(accept: Accept): Promise<Host> {
  const faults: unknown[] = [];
  const server = Deno.serve({ hostname: HOSTNAME, port: 0, ...quiet(faults) }, accept);
  const { port } = server.addr;
  return Promise.resolve({
    url: `ws://${HOSTNAME}:${port}/`,
    faults,
    reach: () => ({}),
    connect: async () => new ConnTransport(await Deno.connect({ hostname: HOSTNAME, port })),
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

/** How {@linkcode openPair} and {@linkcode openRaw} set a connection up. */
export interface PairOptions {
  /** The server's options. */
  server?: ServerOptions;
  /** The client's options. */
  client?: ClientOptions;
  /** Runs before the server's side is started. */
  onServer?: (ws: Server) => void;
  /** Runs before the client's side is started. */
  onClient?: (ws: Client) => void;
}

/** Our client and server. Disposal ends both. */
export interface DriverPair extends AsyncDisposable {
  client: Client;
  server: Server;
  clientLog: EventLog;
  serverLog: EventLog;
  host: Host;
}

/** Connects our client to our server; both are open. */
export async function openPair(kind: HostKind, options: PairOptions = {}): Promise<DriverPair> {
  const { host, accepted } = await openHost(kind, options);
  const client = new Client(host.url, { ...PATIENT, ...options.client });
  const clientLog = new EventLog(client);
  options.onClient?.(client);
  await client.startConnection(host.reach());
  const { server, serverLog } = await accepted;
  await serverLog.seen("open");
  return {
    client,
    server,
    clientLog,
    serverLog,
    host,
    async [Symbol.asyncDispose]() {
      client.terminate();
      server.terminate();
      await Promise.all([clientLog.closed, serverLog.closed]);
      await host[Symbol.asyncDispose]();
    },
  };
}

/** Our server with a scripted peer. Disposal ends both. */
export interface RawPair extends AsyncDisposable {
  peer: RawPeer;
  server: Server;
  serverLog: EventLog;
  host: Host;
  /** The head of the answer. */
  head: string;
}

/** Connects a peer to our server; the server is open. */
export async function openRaw(
  kind: HostKind,
  options: PairOptions & { after?: Uint8Array } = {},
): Promise<RawPair> {
  const { host, accepted } = await openHost(kind, options);
  const peer = new RawPeer(await host.connect());
  const head = await peer.open(options.after);
  const { server, serverLog } = await accepted;
  await serverLog.seen("open");
  return {
    peer,
    server,
    serverLog,
    host,
    head,
    async [Symbol.asyncDispose]() {
      server.terminate();
      peer.leave();
      await serverLog.closed;
      await host[Symbol.asyncDispose]();
    },
  };
}

async function openHost(kind: HostKind, options: PairOptions) {
  const accepted = Promise.withResolvers<{ server: Server; serverLog: EventLog }>();
  const host = await kind.open((env) => {
    const server = new Server(env, { ...PATIENT, ...options.server });
    const serverLog = new EventLog(server);
    options.onServer?.(server);
    server.startConnection();
    accepted.resolve({ server, serverLog });
    return server.response;
  });
  return { host, accepted: accepted.promise };
}
