/**
 * Counts of one connection: a snapshot.
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
  /** Messages that were taken to be sent: written, or waiting to be. */
  readonly messagesSent: number;
  /** Messages that have arrived. */
  readonly messagesReceived: number;
  /** Bytes that were handed to the system, with the headers of frames; under `Deno.serve` without them. */
  readonly bytesSent: number;
  /** Bytes that have arrived, with the headers of frames; 0 under `Deno.serve`, where the runtime doesn't say. */
  readonly bytesReceived: number;
  /** Bytes that wait to be written. */
  readonly bufferedAmount: number;
}
