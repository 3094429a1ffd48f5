/**
 * A snapshot of the counts of a server that {@linkcode serve} has started.
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
  /** How many connections are not WebSockets, or not yet. */
  readonly pending: number;
  /** How many WebSockets were opened since the start. */
  readonly opened: number;
  /** How many WebSockets have ended, by the code of their `"close"`. */
  readonly closed: Readonly<Record<number, number>>;
  /** How many requests were refused, by status: by `serve` itself, or by {@linkcode makeServer}. */
  readonly refused: Readonly<Record<number, number>>;
  /** Messages that were sent, on open and ended WebSockets. */
  readonly messagesSent: number;
  /** Messages that have arrived. */
  readonly messagesReceived: number;
  /** Bytes handed to the system, including frame headers. */
  readonly bytesSent: number;
  /** Bytes that have arrived, including frame headers. */
  readonly bytesReceived: number;
  /** How many bytes are queued on open WebSockets. */
  readonly bufferedAmount: number;
}
