import { Client, type ClientOptions } from "../client/client.ts";
import { messageOf } from "../connection/message_of.ts";
import { makeReconnectingClient } from "../client/reconnecting_client.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { CliEvent } from "./events.ts";

/** A conversation with a server, over one connection or over several. */
export interface Session {
  /** The end of the conversation. */
  readonly closed: Promise<CloseInfo>;
  /** Connects. Rejects if that fails for good. */
  start(): Promise<void>;
  /** Sends a message; resolves when more can be sent, to false if none can any more. */
  send(data: string | Uint8Array): Promise<boolean>;
  /** Sends a stream as one binary message. */
  sendAll(bytes: ReadableStream<Uint8Array>): Promise<void>;
  /** Sends a Ping; resolves to the round trip, in milliseconds. */
  ping(): Promise<number>;
  /** Closes it. */
  close(code?: number, reason?: string): void;
  /** Ends it at once. */
  terminate(): void;
}

/** Receives events; the next message waits for the promise. */
export type OnEvent = (event: CliEvent) => Promise<void>;

/**
 * Creates a conversation over one connection.
 *
 * @param url The URL.
 * @param options The client's options.
 * @param onEvent Receives events.
 * @returns The conversation, not started yet.
 * @throws {TypeError} If the URL or an option is malformed.
 */
export function clientSession(url: string, options: ClientOptions, onEvent: OnEvent): Session {
  const ws = new Client(url, options);
  ws.on("open", () => void onEvent(opened(ws)));
  ws.on("ping", (data) => void onEvent({ type: "ping", data }));
  ws.on("pong", (data) => void onEvent({ type: "pong", data }));
  ws.on("error", () => {});
  const passOn = async () => {
    for await (const data of ws.readable) await onEvent({ type: "message", data });
  };
  let delivered: Promise<void> = Promise.resolve();
  return {
    closed: ws.closed.then(async (info) => {
      await delivered;
      return info;
    }),
    async start() {
      delivered = passOn().catch(() => {});
      await ws.startConnection();
    },
    async send(data) {
      return ws.send(data) && await ws.drained().then(() => true, () => false);
    },
    sendAll: (bytes) => ws.sendStream(bytes, { type: "binary" }),
    ping: () => ws.ping(),
    close: (code, reason) => void ws.close(code, reason),
    terminate: () => ws.terminate(),
  };
}

/**
 * Creates a conversation that continues over another connection when one is lost. Messages sent meanwhile are queued.
 *
 * @param url The URL.
 * @param options The client's options.
 * @param onEvent Receives events.
 * @returns The conversation, not started yet.
 * @throws {TypeError} If the URL or an option is malformed.
 */
export function reconnectingSession(url: string, options: ClientOptions, onEvent: OnEvent): Session {
  const ws = makeReconnectingClient(url, { ...options, whileAway: "queue" });
  let current: Client | null = null;
  let why = "";
  ws.on("up", (client) => {
    current = client;
    void onEvent(opened(client));
  });
  ws.on("down", ({ code, reason, error }) => {
    current = null;
    why = error === null ? `closed with ${code} ${reason}`.trimEnd() : messageOf(error);
  });
  ws.on("waiting", ({ attempt, delay }) => void onEvent({ type: "waiting", attempt, delay, error: why }));
  ws.on("message", (data) => void onEvent({ type: "message", data }));
  return {
    closed: ws.closed,
    start: async () => void await ws.startConnection(),
    send(data) {
      if (ws.send(data) !== false) return Promise.resolve(true);
      if (ws.readyState === "closing" || ws.readyState === "closed") return Promise.resolve(false);
      return Promise.reject(new Error("Cannot send the message: too much is queued for the next connection"));
    },
    sendAll: () => Promise.reject(new TypeError("Cannot send one message over several connections")),
    ping: () => current?.ping() ?? Promise.reject(new Error("Cannot send a Ping: there is no connection now")),
    close: (code = 1000, reason) => void ws.closeConnection(reason, code),
    terminate: () => ws.terminate(),
  };
}

function opened({ url, protocol, extensions }: Client): CliEvent {
  return { type: "open", url, protocol, extensions };
}
