/**
 * A connection over the runtime's own socket under `Deno.serve`, with a peer that is a bare TCP client.
 *
 * @module
 */
import type { WebSocketError } from "../../src/errors.ts";
import type { CloseInfo } from "../../src/protocol/close_payload.ts";
import {
  type OpeningObserver,
  RuntimeConnection,
  type RuntimeConnectionOptions,
  whenOpen,
} from "../../src/connection/runtime_connection.ts";
import type { ConnectionHandler } from "../../src/connection/connection.ts";
import { concat, type Frame, frameFor, readFrames } from "./frames.ts";

const HOSTNAME = "127.0.0.1";

/** How long a test waits for something that should not take any time, in milliseconds. */
export const LONG = 60_000;

const HEAD = [
  "GET / HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "",
  "",
].join("\r\n");

/** A handler that records its events, one line each. */
export class Recorder implements ConnectionHandler {
  /** The events, in order. */
  readonly events: string[] = [];
  /** The errors among them. */
  readonly errors: WebSocketError[] = [];
  /** Runs within every event, after it was recorded. */
  onEvent: (event: string) => void = () => {};
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  readonly #closed = Promise.withResolvers<CloseInfo>();

  onMessage(message: string | Uint8Array): void {
    this.record(typeof message === "string" ? `text ${message}` : `binary ${message.toHex()}`);
  }

  onPing(payload: Uint8Array): void {
    this.record(`ping ${payload.toHex()}`);
  }

  onPong(payload: Uint8Array): void {
    this.record(`pong ${payload.toHex()}`);
  }

  onDrain(): void {
    this.record("drain");
  }

  onError(error: WebSocketError): void {
    this.errors.push(error);
    this.record(`error ${error.code} ${error.closeCode}`);
  }

  onClose(info: CloseInfo): void {
    this.record(`close ${info.code} ${info.reason}`.trimEnd());
    this.#closed.resolve(info);
  }

  /**
   * Records an event.
   *
   * @param event The event.
   */
  record(event: string): void {
    this.events.push(event);
    for (const { count, resolve } of this.#waiting) if (this.events.length >= count) resolve();
    this.onEvent(event);
  }

  /** Waits for a number of events. */
  async seen(count: number): Promise<void> {
    if (this.events.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Waits for the connection's end. */
  closed(): Promise<CloseInfo> {
    return this.#closed.promise;
  }
}

/** A client that sends bytes as a test says. */
export class RawPeer {
  readonly #conn: Deno.TcpConn;
  #bytes = new Uint8Array(0);
  #ended = false;

  /** @param conn Its connection. */
  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Sends bytes as they are. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Sends a frame, masked as a client's. */
  send(first: number, payload: Uint8Array | string = ""): Promise<void> {
    return this.write(frameFor("server", first, payload));
  }

  /** Sends a Close. */
  close(code: number, reason = ""): Promise<void> {
    return this.send(0x88, closePayload(code, reason));
  }

  /** Reads the next frame, null at the stream's end. */
  async frame(): Promise<string | null> {
    while (true) {
      const length = firstFrameLength(this.#bytes);
      if (length !== null) {
        const [frame] = readFrames(this.#bytes.subarray(0, length));
        this.#bytes = this.#bytes.slice(length);
        return describe(frame);
      }
      if (!await this.#read()) return null;
    }
  }

  /** Reads the response's head. */
  async head(): Promise<string> {
    while (true) {
      const text = new TextDecoder("latin1").decode(this.#bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#bytes = this.#bytes.slice(end + 4);
        return text.slice(0, end);
      }
      if (!await this.#read()) throw new Error("Cannot read a head: the stream ended");
    }
  }

  /** Reads to the end, and returns the number of bytes. A reset is an end, too. */
  async drain(): Promise<number> {
    let count = this.#bytes.length;
    this.#bytes = new Uint8Array(0);
    while (await this.#read()) {
      count += this.#bytes.length;
      this.#bytes = new Uint8Array(0);
    }
    return count;
  }

  async #read(): Promise<boolean> {
    const buffer = new Uint8Array(64 * 1024);
    const count = this.#ended ? null : await this.#conn.read(buffer).catch(() => null);
    this.#ended = count === null;
    if (count !== null) this.#bytes = concat([this.#bytes, buffer.subarray(0, count)]);
    return count !== null;
  }

  /** Ends its side. */
  async end(): Promise<void> {
    await this.#conn.closeWrite();
  }

  /** Leaves. */
  leave(): void {
    try {
      this.#conn.close();
    } catch {
      // It has already left.
    }
  }
}

/** Makes the payload of a Close. */
export function closePayload(code: number, reason = ""): Uint8Array {
  return concat([Uint8Array.of(code >> 8, code & 0xff), new TextEncoder().encode(reason)]);
}

function firstFrameLength(bytes: Uint8Array): number | null {
  if (bytes.length < 2) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const field = bytes[1] & 0x7f;
  const header = field < 126 ? 2 : field === 126 ? 4 : 10;
  if (bytes.length < header) return null;
  const length = header + (field < 126 ? field : field === 126 ? view.getUint16(2) : Number(view.getBigUint64(2)));
  return bytes.length < length ? null : length;
}

function describe({ first, key, payload }: Frame): string {
  return `${first.toString(16)} ${key === null ? "" : "masked "}${payload.toHex()}`.trimEnd();
}

/** Describes the Close frame that is expected of a server. */
export function closeFrame(code: number, reason = ""): string {
  return `88 ${closePayload(code, reason).toHex()}`;
}

/** How {@linkcode openBuiltIn} is set up. */
export interface BuiltInPairOptions extends Partial<RuntimeConnectionOptions> {
  /** The bytes that the peer sends right after its request, in the same segment. */
  early?: Uint8Array;
  /** The runtime's option, in seconds. */
  idleTimeout?: number;
}

/** Both ends. Disposal closes them, and everything that was opened for them. */
export interface BuiltInPair extends AsyncDisposable {
  connection: RuntimeConnection;
  recorder: Recorder;
  socket: WebSocket;
  peer: RawPeer;
}

/** Opens a connection, with generous options unless others are given. */
export async function openBuiltIn(options: BuiltInPairOptions = {}): Promise<BuiltInPair> {
  const { early = new Uint8Array(0), idleTimeout } = options;
  const recorder = new Recorder();
  const opened = Promise.withResolvers<RuntimeConnection>();
  const upgraded = await upgradeBuiltIn((socket) => {
    const settings = { maxLength: 1024, closeTimeout: LONG, highWaterMark: 64 * 1024, ...options };
    observe(socket, {
      onOpen: () => opened.resolve(new RuntimeConnection(socket, recorder, settings)),
      onFailure: opened.reject,
    });
  }, { early, idleTimeout });
  const connection = await opened.promise;
  await upgraded.peer.head();
  return { ...upgraded, connection, recorder };
}

function observe(socket: WebSocket, observer: OpeningObserver): void {
  whenOpen(socket, observer, { timeout: LONG });
}

/** The result of {@linkcode upgradeBuiltIn}. */
export interface Upgraded extends AsyncDisposable {
  socket: WebSocket;
  peer: RawPeer;
}

/** How {@linkcode upgradeBuiltIn} is set up. */
export interface UpgradeBuiltInOptions {
  early?: Uint8Array;
  idleTimeout?: number;
  /** Answers the request. */
  respond?: (response: Response) => Response | Promise<Response>;
}

/**
 * Lets a peer request an upgrade, and upgrades.
 *
 * @param onSocket Receives the socket before it is open.
 * @param options What the peer sends, and how it is answered.
 */
export async function upgradeBuiltIn(
  onSocket: (socket: WebSocket) => void,
  { early = new Uint8Array(0), idleTimeout, respond = (response) => response }: UpgradeBuiltInOptions = {},
): Promise<Upgraded> {
  const upgraded = Promise.withResolvers<WebSocket>();
  const server = Deno.serve({ hostname: HOSTNAME, port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, idleTimeout === undefined ? {} : { idleTimeout });
    onSocket(socket);
    upgraded.resolve(socket);
    return respond(response);
  });
  const conn = await Deno.connect({ hostname: HOSTNAME, port: server.addr.port });
  const peer = new RawPeer(conn);
  await peer.write(concat([new TextEncoder().encode(HEAD), early]));
  const socket = await upgraded.promise;
  return {
    socket,
    peer,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
      const { readyState } = socket;
      peer.leave();
      if (readyState === WebSocket.OPEN || readyState === WebSocket.CLOSING) await closed;
      await server.shutdown();
    },
  };
}
