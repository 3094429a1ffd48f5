/**
 * Connected pairs of transports, one kind after the other, so that one suite runs on all of them.
 *
 * @module
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { startTlsOver } from "../../src/client/tls_transport.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { NodeSocketTransport } from "../../src/transport/node_socket_transport.ts";
import { StreamTransport } from "../../src/transport/stream_transport.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import type { Needs } from "./permissions.ts";

/** Two transports, each the other's peer. Disposal closes both and everything that was opened for them. */
export interface TransportPair extends AsyncDisposable {
  /** The side that dialed. */
  client: Transport;
  /** The side that was dialed. */
  server: Transport;
}

/** One kind of transport. */
export interface TransportKind {
  /** For the names of tests. */
  name: string;
  /** The permissions that {@linkcode TransportKind.open} needs. */
  permissions: Needs;
  /** Connects a new pair. */
  open(): Promise<TransportPair>;
}

/** Every kind of transport that the driver has. */
export const transportKinds: readonly TransportKind[] = [
  { name: "tcp", permissions: { net: true }, open: openTcp },
  { name: "tls", permissions: { net: true }, open: openTls },
  { name: "node:tls over tcp", permissions: { net: true }, open: openTlsOver },
  { name: "unix", permissions: { net: true, read: true, write: true }, open: openUnix },
  { name: "streams", permissions: {}, open: openStreams },
  { name: "node:http", permissions: { net: true }, open: openNodeHttp },
  { name: "node:https", permissions: { net: true }, open: openNodeHttps },
];

const HOSTNAME = "127.0.0.1";

let certificate: Promise<Certificate> | undefined;

/** A certificate for this machine, the same one for all tests of a file. */
function localCertificate(): Promise<Certificate> {
  return certificate ??= makeCertificate({ hostnames: ["localhost", HOSTNAME] });
}

/** Connects two `Deno.Conn` over TCP. */
export async function openTcpConns(): Promise<[client: Deno.TcpConn, server: Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  return await Promise.all([Deno.connect({ hostname: HOSTNAME, port: listener.addr.port }), listener.accept()]);
}

async function openTcp(): Promise<TransportPair> {
  const [client, server] = await openTcpConns();
  return pair(new ConnTransport(client), new ConnTransport(server));
}

async function openTls(): Promise<TransportPair> {
  const { cert, key, ca } = await localCertificate();
  using listener = Deno.listenTls({ hostname: HOSTNAME, port: 0, cert, key });
  const dialed = Deno.connectTls({ hostname: HOSTNAME, port: listener.addr.port, caCerts: [ca] });
  const server = await listener.accept();
  const [client] = await Promise.all([dialed, server.handshake()]);
  return pair(new ConnTransport(client), new ConnTransport(server));
}

async function openTlsOver(): Promise<TransportPair> {
  const { cert, key, ca } = await localCertificate();
  using listener = Deno.listenTls({ hostname: HOSTNAME, port: 0, cert, key });
  const tcp = new ConnTransport(await Deno.connect({ hostname: HOSTNAME, port: listener.addr.port }));
  const client = startTlsOver(tcp, { hostname: HOSTNAME, caCerts: [ca] }, new AbortController().signal);
  const server = await listener.accept();
  await server.handshake();
  return pair(await client, new ConnTransport(server));
}

async function openUnix(): Promise<TransportPair> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const listener = Deno.listen({ transport: "unix", path });
  const [client, server] = await Promise.all([Deno.connect({ transport: "unix", path }), listener.accept()]);
  listener.close();
  await Deno.remove(folder, { recursive: true });
  return pair(new ConnTransport(client), new ConnTransport(server));
}

function openStreams(): Promise<TransportPair> {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const client = new StreamTransport({ readable: back.readable, writable: there.writable });
  const server = new StreamTransport({ readable: there.readable, writable: back.writable });
  return Promise.resolve(pair(client, server));
}

function openNodeHttp(): Promise<TransportPair> {
  return openNode(createServer(), (port) => Deno.connect({ hostname: HOSTNAME, port }));
}

async function openNodeHttps(): Promise<TransportPair> {
  const { cert, key, ca } = await localCertificate();
  const dial = (port: number) => Deno.connectTls({ hostname: HOSTNAME, port, caCerts: [ca] });
  return await openNode(createSecureServer({ cert, key }), dial);
}

async function openNode(server: Server, dial: (port: number) => Promise<Deno.Conn>): Promise<TransportPair> {
  const { conn, socket, head } = await upgrade(server, dial);
  return pair(new ConnTransport(conn), new NodeSocketTransport(socket, head), () => closeServer(server));
}

/** Starts a node server that hands over the socket of a request for an upgrade. */
export async function upgrade(
  server: Server,
  dial: (port: number) => Promise<Deno.Conn>,
  behindRequest = "",
): Promise<{ conn: Deno.Conn; socket: Duplex; head: Uint8Array }> {
  server.listen(0, HOSTNAME);
  await once(server, "listening");
  const upgraded = once(server, "upgrade");
  const conn = await dial((server.address() as AddressInfo).port);
  const request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  await conn.write(new TextEncoder().encode(request + behindRequest));
  const [, socket, head] = await upgraded;
  return { conn, socket, head };
}

/** Closes a node server; resolves when its last socket is gone. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await closed;
}

function pair(client: Transport, server: Transport, closed: () => Promise<void> = async () => {}): TransportPair {
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.close();
      server.close();
      await closed();
    },
  };
}
