import type { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

/**
 * The events of a connection, and the arguments of their listeners.
 *
 * @example Listen, with the right types
 * ```ts
 * import type { WebSocketEvents } from "@wsd/driver";
 *
 * const onClose = (...[{ code, reason }]: WebSocketEvents["close"]) => console.log(code, reason);
 * onClose({ code: 1000, reason: "" });
 * ```
 * @category Connection
 */
export interface WebSocketEvents {
  /** The opening handshake is complete. */
  open: [];
  /**
   * A message has arrived: text as a string, binary as bytes. Short ones that arrived together may share one `buffer`,
   * which holds nothing of another connection.
   */
  message: [message: string | Uint8Array<ArrayBuffer>];
  /** A Ping has arrived, and was answered. */
  ping: [payload: Uint8Array<ArrayBuffer>];
  /** A Pong has arrived. */
  pong: [payload: Uint8Array<ArrayBuffer>];
  /** There is room for more to send again: `desiredSize` is above 0, after it was not. */
  drain: [];
  /** The peer, the network or a listener failed; `"close"` follows. Without a listener, see the close code. */
  error: [error: WebSocketError];
  /** The connection is over; the last event, and the only one of its kind. */
  close: [info: CloseInfo];
}

/**
 * The state of a connection.
 *
 * @example Show its state
 * ```ts
 * import { makeClient, type ReadyState } from "@wsd/driver";
 *
 * const LABELS: Record<ReadyState, string> = {
 *   connecting: "Connecting…",
 *   open: "Online",
 *   closing: "Leaving…",
 *   closed: "Offline",
 * };
 * const ws = makeClient("ws://localhost/");
 * console.log(LABELS[ws.readyState]); // Connecting…
 * ws.closeConnection();
 * console.log(LABELS[ws.readyState]); // Offline
 * ```
 * @category Connection
 */
export type ReadyState = "connecting" | "open" | "closing" | "closed";
