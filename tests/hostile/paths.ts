/**
 * Our driver with a peer that a test scripts, over streams in memory, for every way in which messages are
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
import { concat } from "../support/frames.ts";
import { HANDSHAKE, RawPeer } from "../support/raw_peer.ts";

/** A way in which messages are read. */
export interface ReadPath {
  /** For the names of tests. */
  readonly name: string;
  /** Options that it takes. */
  readonly options: WebSocketDriverOptions;
  /** The extensions that the peer offers or agrees to, null for none. */
  readonly extensions: string | null;
  /** Whether `pause` can be called: not if a stream takes the messages. */
  readonly pausable: boolean;
  /** Reads, and passes every message on; at the end returns the error of the stream, null for none. */
  readonly read: Reader;
}

type Take = (message: string | Uint8Array) => void;
type Reader = (ws: WebSocketDriver, take: Take) => Promise<unknown> | null;

const READERS: readonly (readonly [string, Reader])[] = [
  ["events", readEvents],
  ["readable", readReadable],
  ["messages", readMessages],
];

const COMPRESSION = { options: { perMessageDeflate: { threshold: 0 } }, extensions: "permessage-deflate" };

/** Every way in which messages are read. */
export const READ_PATHS: readonly ReadPath[] = READERS.flatMap(([name, read]) => {
  const pausable = read === readEvents;
  return [
    { name, options: {}, extensions: null, pausable, read },
    { name: `${name}, with compression agreed on`, ...COMPRESSION, pausable, read },
  ];
});

function readEvents(ws: WebSocketDriver, take: Take): null {
  ws.on("message", take);
  return null;
}

function readReadable(ws: WebSocketDriver, take: Take): Promise<unknown> {
  return faultOf(async () => {
    for await (const message of ws.readable) take(message);
  });
}

/** Chunk by chunk; a message that its stream doesn't end is none. */
function readMessages(ws: WebSocketDriver, take: Take): Promise<unknown> {
  return faultOf(async () => {
    for await (const message of ws.messages) {
      const bytes = concat(await Array.fromAsync(message));
      take(message.type === "text" ? decoder.decode(bytes) : bytes);
    }
  });
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

async function faultOf(read: () => Promise<void>): Promise<unknown> {
  try {
    await read();
    return null;
  } catch (fault) {
    return fault;
  }
}

/** A driver, its peer, and what happens to it. */
export interface Met {
  readonly ws: WebSocketDriver;
  readonly peer: RawPeer;
  /** `"text Hi"`, `"error WS_RESERVED_BIT 1002"`, `"close 1002"`, in order; reasons are left out. */
  readonly events: string[];
  /** Resolves at "close" and at the end of the stream, to the error of the stream; undefined if there is none. */
  readonly closed: Promise<unknown>;
}

/** Opens a connection in memory, as one role, read in one way. */
export async function meet(role: Role, path: ReadPath, options: WebSocketDriverOptions = {}): Promise<Met> {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const transport = new StreamTransport({ readable: back.readable, writable: there.writable });
  const mine = { readable: there.readable, writable: back.writable };
  const settings = { handshakeTimeout: PATIENCE, closeTimeout: PATIENCE, pingInterval: 0, ...path.options, ...options };
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

/** Longer than any test waits; what would wait for ever fails then. */
const PATIENCE = 10_000;

function watch(ws: WebSocketDriver, path: ReadPath): Pick<Met, "events" | "closed"> {
  const events: string[] = [];
  // Messages queued in a stream may be read after the end was reported.
  let ends = Infinity;
  const end = (event: string) => {
    ends = Math.min(ends, events.length);
    events.push(event);
  };
  const reading = path.read(ws, (message) => {
    const told = typeof message === "string" ? `text ${message}` : `binary ${message.toHex()}`;
    if (path.pausable) events.push(told.trimEnd());
    else events.splice(ends++, 0, told.trimEnd());
  });
  ws.on("error", (error) => end(`error ${error.code} ${error.closeCode}`));
  const closing = new Promise<void>((resolve) => {
    ws.on("close", ({ code }) => {
      end(`close ${code}`);
      resolve();
    });
  });
  return { events, closed: closing.then(() => reading ?? undefined) };
}
