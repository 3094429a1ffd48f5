/**
 * A driver of ours with a peer that does as a test says, over streams in memory, for every way in which messages are
 * read.
 *
 * @module
 */
import type { Role } from "../../protocol.ts";
import { Client } from "../../src/client/client.ts";
import type { WebSocketDriverOptions } from "../../src/driver/options.ts";
import type { WebSocketDriver } from "../../src/driver/websocket_driver.ts";
import { Server } from "../../src/server/server.ts";
import { StreamTransport } from "../../src/transport/stream_transport.ts";
import { HANDSHAKE, RawPeer } from "../support/raw_peer.ts";

/** A way in which messages are read. */
export interface ReadPath {
  /** For the names of tests. */
  readonly name: string;
  /** Options that it takes. */
  readonly options: WebSocketDriverOptions;
  /** The extensions that the peer offers or agrees to, null for none. */
  readonly extensions: string | null;
  /** Begins to read, and hands over every message. */
  read(ws: WebSocketDriver, take: (message: string | Uint8Array) => void): void;
}

/** Every way in which messages are read. */
export const READ_PATHS: readonly ReadPath[] = [
  { name: "events", options: {}, extensions: null, read: listen },
  {
    name: "events, with compression agreed on",
    options: { perMessageDeflate: { threshold: 0 } },
    extensions: "permessage-deflate",
    read: listen,
  },
];

function listen(ws: WebSocketDriver, take: (message: string | Uint8Array) => void): void {
  ws.on("message", take);
}

/** A driver, its peer, and what happens to it. */
export interface Met {
  readonly ws: WebSocketDriver;
  readonly peer: RawPeer;
  /** `"text Hi"`, `"error WS_RESERVED_BIT 1002"`, `"close 1002"`, in order; reasons are left out. */
  readonly events: string[];
  readonly closed: Promise<void>;
}

/** Opens a connection in memory, as one role, read in one way. */
export async function meet(role: Role, path: ReadPath, options: WebSocketDriverOptions = {}): Promise<Met> {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const transport = new StreamTransport({ readable: back.readable, writable: there.writable });
  const mine = { readable: there.readable, writable: back.writable };
  const settings = { handshakeTimeout: HOUR, closeTimeout: HOUR, pingInterval: 0, ...path.options, ...options };
  const extensions: Record<string, string> = path.extensions === null
    ? {}
    : { "Sec-WebSocket-Extensions": path.extensions };
  if (role === "client") {
    const ws = new Client("ws://localhost/", { ...settings, transport: mine });
    const peer = new RawPeer(transport, "server");
    const watched = watch(ws, path);
    const fields = Object.entries(extensions).map(([name, value]) => `${name}: ${value}`);
    await Promise.all([peer.accept(undefined, fields), ws.startConnection()]);
    return { ws, peer, ...watched };
  }
  const request = new Request("http://localhost/", { headers: { ...HANDSHAKE, ...extensions } });
  const ws = new Server({ request, ...mine }, settings);
  const peer = new RawPeer(transport, "client");
  const watched = watch(ws, path);
  ws.startConnection();
  await peer.head();
  return { ws, peer, ...watched };
}

/** An hour: longer than any test waits. */
const HOUR = 3_600_000;

function watch(ws: WebSocketDriver, path: ReadPath): { events: string[]; closed: Promise<void> } {
  const events: string[] = [];
  path.read(ws, (message) => {
    events.push(typeof message === "string" ? `text ${message}`.trimEnd() : `binary ${message.toHex()}`.trimEnd());
  });
  ws.on("error", (error) => events.push(`error ${error.code} ${error.closeCode}`));
  const closed = new Promise<void>((resolve) => {
    ws.on("close", ({ code }) => {
      events.push(`close ${code}`);
      resolve();
    });
  });
  return { events, closed };
}
