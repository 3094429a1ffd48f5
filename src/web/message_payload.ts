import { toBytes } from "../connection/message_data.ts";
import { toUSVString } from "./web_idl.ts";

/** Up to this length in bytes, the driver copies messages. */
const COPIED = 64 * 1024;

const encoder = new TextEncoder();

/**
 * Converts what a program sends, as the web's standard does.
 *
 * @param data Anything.
 * @param waits Whether it must wait, so that bytes are copied however few they are.
 * @returns A Blob unchanged; the bytes of a buffer or a view; anything else as text.
 */
export function toPayload(data: unknown, waits: boolean): string | Uint8Array | Blob {
  return data instanceof Blob ? data : toTextOrBytes(data, waits);
}

/**
 * Converts what a program writes to a stream, which treats a Blob like any other object.
 *
 * @param data Anything.
 * @param waits Whether it must wait, so that bytes are copied however few they are.
 * @returns The bytes of a buffer or a view; anything else as text.
 */
export function toTextOrBytes(data: unknown, waits: boolean): string | Uint8Array {
  if (typeof data === "string") return data;
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer || ArrayBuffer.isView(data)) {
    const bytes = toBytes(data, "send");
    return waits || bytes.length > COPIED ? bytes.slice() : bytes;
  }
  return toUSVString(data);
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
