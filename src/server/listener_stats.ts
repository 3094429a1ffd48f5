/**
 * Counts of a server that {@linkcode serve} has started: a snapshot.
 *
 * @example Log once a minute how busy a server is
 * ```ts
 * import type { ListenerStats, WebSocketListener } from "@wsd/driver/server";
 *
 * export function log(server: WebSocketListener): void {
 *   setInterval(() => {
 *     const { connections, refused }: ListenerStats = server.stats;
 *     console.log(`${connections} open, ${refused[503] ?? 0} turned away`);
 *   }, 60_000);
 * }
 * ```
 * @category Server
 */
export interface ListenerStats {
  /** How many WebSockets are open. */
  readonly connections: number;
  /** How many connections are no WebSockets, or not yet. */
  readonly pending: number;
  /** How many WebSockets were opened since the start. */
  readonly opened: number;
  /** How many WebSockets have ended, by the code of their `"close"`. */
  readonly closed: Readonly<Record<number, number>>;
  /** How many requests were refused, by the status of the answer: by `serve` itself, or by {@linkcode makeServer}. */
  readonly refused: Readonly<Record<number, number>>;
  /** Messages that were sent, on WebSockets that are open and those that have ended. */
  readonly messagesSent: number;
  /** Messages that have arrived. */
  readonly messagesReceived: number;
  /** Bytes that were handed to the system, with the headers of frames. */
  readonly bytesSent: number;
  /** Bytes that have arrived, with the headers of frames. */
  readonly bytesReceived: number;
  /** How many bytes wait to be written to the WebSockets that are open. */
  readonly bufferedAmount: number;
}
