import { diagnostics, type HandshakeEvent } from "../connection/diagnostics.ts";
import type { WebSocketError } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

/** An opening handshake that somebody has subscribed to. */
export interface WatchedHandshake {
  readonly role: HandshakeEvent["role"];
  /** In milliseconds since 1970. */
  readonly startTime: number;
}

/**
 * Notes the start of an opening handshake, if anybody has subscribed.
 *
 * @param role Which side this is.
 * @returns The handshake to end, null if nobody has subscribed.
 */
export function watchHandshake(role: HandshakeEvent["role"]): WatchedHandshake | null {
  return diagnostics.handshake.hasSubscribers ? { role, startTime: Date.now() } : null;
}

/**
 * Publishes that a connection is open.
 *
 * @param ws The driver.
 * @param handshake Its handshake, if someone has subscribed.
 */
export function publishOpen(ws: object, handshake: WatchedHandshake | null): void {
  if (handshake !== null) publishHandshake(ws, handshake, null);
  if (diagnostics.open.hasSubscribers) diagnostics.open.publish({ ws });
}

/**
 * Publishes an error caused by the peer, the network or a listener.
 *
 * @param ws The driver.
 * @param error What happened.
 * @param handshake Its handshake, if someone has subscribed and it has not ended.
 */
export function publishError(ws: object, error: WebSocketError, handshake: WatchedHandshake | null): void {
  if (handshake !== null) publishHandshake(ws, handshake, error);
  if (diagnostics.error.hasSubscribers) diagnostics.error.publish({ ws, error });
}

/** Whether anybody has subscribed to errors. */
export function hasErrorSubscribers(): boolean {
  return diagnostics.error.hasSubscribers;
}

/**
 * Publishes that a connection is over.
 *
 * @param ws The driver.
 * @param info The code and the reason.
 */
export function publishClose(ws: object, info: CloseInfo): void {
  if (diagnostics.close.hasSubscribers) diagnostics.close.publish({ ws, ...info });
}

function publishHandshake(ws: object, { role, startTime }: WatchedHandshake, error: WebSocketError | null): void {
  const status = error === null ? 101 : error instanceof HandshakeError ? error.status : null;
  const url = withoutCredentials((ws as { url?: string }).url ?? "");
  const event: HandshakeEvent = { role, url, status, startTime, endTime: Date.now(), error, ws };
  diagnostics.handshake.publish(event);
}

function withoutCredentials(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text;
  url.username = url.password = "";
  return url.href;
}
