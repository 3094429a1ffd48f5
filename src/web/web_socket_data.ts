import { toBytes } from "../connection/message_data.ts";

/**
 * What `WebSocket.send` takes.
 *
 * @example Send the same to all
 * ```ts
 * import type { WebSocketBase, WebSocketData } from "@wsd/driver";
 *
 * export function broadcast(sockets: Iterable<WebSocketBase>, data: WebSocketData): void {
 *   for (const socket of sockets) socket.send(data);
 * }
 * ```
 */
export type WebSocketData = string | ArrayBufferLike | Blob | ArrayBufferView;

/** Up to this length in bytes, the driver copies what it sends. */
const COPIED = 64 * 1024;

const encoder = new TextEncoder();

/**
 * Sees what a program sends as the web's standard does.
 *
 * @param data Anything.
 * @param waits Whether it has to wait, so that bytes are copied however few they are.
 * @returns A Blob as it is; the bytes of a buffer or a view; of all else the text.
 */
export function toPayload(data: unknown, waits: boolean): string | Uint8Array | Blob {
  if (typeof data === "string" || data instanceof Blob) return data;
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer || ArrayBuffer.isView(data)) {
    const bytes = toBytes(data, "send");
    return waits || bytes.length > COPIED ? bytes.slice() : bytes;
  }
  return String(data);
}

/**
 * Measures a message.
 *
 * @param payload The message.
 * @returns Its length in bytes.
 */
export function byteLengthOf(payload: string | Uint8Array | Blob): number {
  if (payload instanceof Blob) return payload.size;
  return typeof payload === "string" ? encoder.encode(payload).length : payload.length;
}
