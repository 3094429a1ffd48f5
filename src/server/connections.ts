import type { CloseInfo } from "../protocol/close_payload.ts";
import { Roster, type RosterMember } from "../connection/roster.ts";
import type { WebSocketStats } from "../driver/web_socket_stats.ts";
import type { WebSocketDriver } from "../driver/websocket_driver.ts";
import { checkHandlerResponse } from "./check_handler_response.ts";
import type { ListenerStats } from "./listener_stats.ts";
import type { ServeOptions } from "./serve_options.ts";
import type { Shutdown } from "./shutdown.ts";

/** A connection that is not a WebSocket, or not yet. */
export interface PendingConnection extends RosterMember {
  /** Ends the connection unless a handler has its request. */
  endIfIdle(): void;
}

/** A WebSocket that is open, as an entry of a listener's list. */
export interface OpenWebSocket extends RosterMember {
  /** Its driver. */
  readonly ws: WebSocketDriver;
}

/** The traffic of WebSockets that have ended. */
type Carried = { -readonly [Name in keyof WebSocketStats]: WebSocketStats[Name] };

/** The connections of one listener: their number, their ends, and the application's errors in them. */
export class Connections {
  /** The WebSockets that are open, each until its `"close"`. */
  readonly webSockets: Roster<OpenWebSocket> = new Roster();
  /** Those that are not WebSockets, or not yet. */
  readonly #pending = new Roster<PendingConnection>();
  /** Those that were refused before their request was read. They don't count toward the limit. */
  readonly #dismissed = new Roster<PendingConnection>();
  readonly #max: number;
  readonly #onError: ServeOptions["onError"];
  #opened = 0;
  readonly #closed = new Map<number, number>();
  readonly #refused = new Map<number, number>();
  readonly #carried: Carried = {
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    bufferedAmount: 0,
  };
  #shutdown: Shutdown | null = null;
  readonly #empty = Promise.withResolvers<void>();

  /**
   * @param max How many there may be at once.
   * @param onError Called with the application's errors.
   */
  constructor(max: number, onError: ServeOptions["onError"]) {
    this.#max = max;
    this.#onError = onError;
  }

  /** The current counts. */
  get stats(): ListenerStats {
    const carried = { ...this.#carried };
    for (const { ws } of this.webSockets) addStats(carried, ws.stats);
    return {
      connections: this.webSockets.size,
      pending: this.#pending.size + this.#dismissed.size,
      opened: this.#opened,
      closed: Object.fromEntries(this.#closed),
      refused: Object.fromEntries(this.#refused),
      ...carried,
    };
  }

  /** Resolves when the last connection has ended after a shutdown. */
  get ended(): Promise<void> {
    return this.#empty.promise;
  }

  /**
   * Adds a connection.
   *
   * @param connection The connection.
   * @returns False if there are too many; then the connection doesn't count toward the limit.
   */
  add(connection: PendingConnection): boolean {
    const hasPlace = this.#pending.size + this.webSockets.size < this.#max;
    (hasPlace ? this.#pending : this.#dismissed).add(connection);
    return hasPlace;
  }

  /**
   * Frees the place of a connection that is refused before its request was read.
   *
   * @param connection The connection.
   */
  dismiss(connection: PendingConnection): void {
    this.#pending.delete(connection);
    this.#dismissed.add(connection);
  }

  /**
   * Removes a connection that ended without becoming a WebSocket.
   *
   * @param connection The connection.
   */
  onEnd(connection: PendingConnection): void {
    this.#pending.delete(connection);
    this.#dismissed.delete(connection);
    this.#settle();
  }

  /**
   * Replaces a connection by the WebSocket that is about to open on it.
   *
   * @param connection The connection.
   * @param open The WebSocket.
   */
  onOpen(connection: PendingConnection, open: OpenWebSocket): void {
    this.#pending.delete(connection);
    this.webSockets.add(open);
    this.#opened++;
    this.#shutdown?.closeNow(open.ws);
  }

  /**
   * Counts a refused request.
   *
   * @param status The status of the response.
   */
  onRefused(status: number): void {
    count(this.#refused, status);
  }

  /**
   * Removes a WebSocket that has ended.
   *
   * @param ended The WebSocket. If it has never opened, there is nothing to do.
   * @param info The code and the reason.
   */
  onClose(ended: OpenWebSocket, { code }: CloseInfo): void {
    if (!this.webSockets.delete(ended)) return;
    count(this.#closed, code);
    addStats(this.#carried, { ...ended.ws.stats, bufferedAmount: 0 });
    this.#shutdown?.forget(ended.ws);
    this.#settle();
  }

  /**
   * Closes every WebSocket, now and later, and ends every connection whose request no handler has.
   *
   * @param shutdown How WebSockets are closed.
   */
  shutDown(shutdown: Shutdown): void {
    this.#shutdown?.cancel();
    this.#shutdown = shutdown;
    for (const { ws } of this.webSockets) shutdown.close(ws);
    for (const connection of [...this.#pending, ...this.#dismissed]) connection.endIfIdle();
    this.#settle();
  }

  #settle(): void {
    if (this.#shutdown === null) return;
    if (this.#pending.size + this.#dismissed.size + this.webSockets.size === 0) this.#empty.resolve();
  }

  /**
   * Passes the application's error to `onError`, or to the console.
   *
   * @param fault The thrown value.
   * @returns The response for a client that waits for one.
   */
  async report(fault: unknown): Promise<Response> {
    try {
      if (this.#onError === undefined) {
        console.error(fault);
      } else {
        const response = await this.#onError(fault);
        checkHandlerResponse(response);
        if (response.status !== 101) return response;
        console.error(new TypeError("Cannot answer the request: onError returned a 101, expected another status"));
      }
    } catch (error) {
      console.error(error);
    }
    return new Response("Internal Server Error\n", { status: 500, headers: { "content-length": "22" } });
  }
}

function count(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function addStats(sum: Carried, stats: WebSocketStats): void {
  for (const name of Object.keys(sum) as (keyof Carried)[]) sum[name] += stats[name];
}
