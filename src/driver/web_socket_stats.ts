/**
 * A snapshot of the counts of one connection.
 *
 * @example Log what a connection has carried
 * ```ts
 * import { makePair } from "@wsd/driver";
 * import type { WebSocketStats } from "@wsd/driver/server";
 *
 * await using pair = await makePair();
 * pair.client.send("Hi");
 * await pair.server.receive();
 * const { messagesReceived, bytesReceived }: WebSocketStats = pair.server.stats;
 * console.log(messagesReceived, bytesReceived); // 1 8
 * ```
 * @category Connection
 */
export interface WebSocketStats {
  /** Messages that were accepted for sending: written or queued. */
  readonly messagesSent: number;
  /** Messages that have arrived. */
  readonly messagesReceived: number;
  /** Bytes handed to the system, including frame headers; under `Deno.serve` without them. */
  readonly bytesSent: number;
  /** Bytes that have arrived, including frame headers; 0 under `Deno.serve`, where the runtime doesn't say. */
  readonly bytesReceived: number;
  /** Bytes that are queued. */
  readonly bufferedAmount: number;
}
