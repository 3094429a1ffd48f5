import { channel } from "node:diagnostics_channel";

/** The name of the channel for opening handshakes. */
export const HANDSHAKE_CHANNEL = "wsd:handshake";

/**
 * An opening handshake that has succeeded or failed, as published on the channel `"wsd:handshake"` of
 * `node:diagnostics_channel`.
 *
 * @example Log slow handshakes
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 * import type { HandshakeEvent } from "@wsd/driver/telemetry";
 *
 * subscribe("wsd:handshake", (event) => {
 *   const { role, status, startTime, endTime } = event as HandshakeEvent;
 *   if (endTime - startTime > 1_000) console.warn(role, status, `${endTime - startTime} ms`);
 * });
 * ```
 * @category Telemetry
 */
export interface HandshakeEvent {
  /** Which side this is. */
  readonly role: "client" | "server";
  /** The URL, without credentials. */
  readonly url: string;
  /** The status of the response: 101 if it has succeeded; null if there was none. */
  readonly status: number | null;
  /** When it began, in milliseconds since 1970. */
  readonly startTime: number;
  /** When it ended, in milliseconds since 1970. */
  readonly endTime: number;
  /** Why it failed, a WebSocketError; null if it has succeeded. */
  readonly error: Error | null;
  /** The driver. */
  readonly ws: unknown;
}

/**
 * The channels of `node:diagnostics_channel` that this package publishes on. Without a subscriber, that costs a
 * comparison.
 */
export const diagnostics = {
  /** {@linkcode HandshakeEvent}. */
  handshake: channel(HANDSHAKE_CHANNEL),
  /** `{ ws }`: a connection is open. */
  open: channel("wsd:open"),
  /** `{ ws, error }`: the peer, the network or a listener failed. */
  error: channel("wsd:error"),
  /** `{ ws, code, reason }`: a connection is over. */
  close: channel("wsd:close"),
} as const;
