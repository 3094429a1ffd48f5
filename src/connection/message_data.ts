import { notSendable } from "./not_sendable.ts";
import { checkControlPayload } from "../protocol/close_payload.ts";

/**
 * The data of a message or a Ping.
 *
 * @example Send the same to everyone
 * ```ts
 * import type { MessageData, WebSocketListener } from "@wsd/driver";
 *
 * export function broadcast(server: WebSocketListener, data: MessageData): void {
 *   for (const ws of server.connections) ws.send(data);
 * }
 * ```
 * @category Connection
 */
export type MessageData = string | ArrayBufferLike | ArrayBufferView;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Converts data to bytes: exactly those that a view covers, without a copy if possible.
 *
 * @param data Text, a buffer, or a view of one.
 * @param what The operation, for the error.
 * @returns The bytes.
 * @throws {TypeError} If it is something else.
 */
export function toBytes(data: MessageData, what: string): Uint8Array {
  if (data instanceof Uint8Array) return unshared(data);
  if (typeof data === "string") return encoder.encode(data);
  if (ArrayBuffer.isView(data)) return unshared(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (data instanceof SharedArrayBuffer) return unshared(new Uint8Array(data));
  throw notSendable(what, data);
}

/** Copies memory that another thread may change: system calls don't accept it. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes;
}

/**
 * Converts data to text.
 *
 * @param data Text, or UTF-8 bytes.
 * @param what The operation, for the error.
 * @returns The text.
 * @throws {TypeError} If the bytes are not UTF-8, or it is something else.
 */
export function toText(data: MessageData, what: string): string {
  if (typeof data === "string") return data;
  const bytes = toBytes(data, what);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new TypeError(`Cannot ${what} as text: the bytes must be valid UTF-8 (RFC 6455 5.6)`);
  }
}

/**
 * Converts data to the payload of a control frame.
 *
 * @param data Text or bytes.
 * @param what The operation, for the error.
 * @returns A copy of the bytes.
 * @throws {RangeError} If it is longer than 125 bytes.
 * @throws {TypeError} If it is something else.
 */
export function controlPayload(data: MessageData, what: string): Uint8Array {
  const bytes = toBytes(data, what).slice();
  checkControlPayload(bytes, what);
  return bytes;
}
