/**
 * Frames for tests, written and read without any of the code under test.
 *
 * A vector is written as a server sends it, frame by frame: the first byte, the length field, the payload, all in hex.
 * `|` separates frames, `*` repeats what is before it: `"01 03 48656c | 80 02 6c6f"`, `"82 7e0100 00*256"`. The mask
 * is added if the sender is a client.
 *
 * @module
 */
import type { Role } from "../../protocol.ts";

/** One frame, parsed. */
export interface Frame {
  /** FIN, the reserved bits and the opcode. */
  first: number;
  /** The masking key in hex, null if there is none. */
  key: string | null;
  /** The payload, unmasked. */
  payload: Uint8Array;
}

/** Options for {@linkcode frame}. */
export interface FrameOptions {
  /**
   * The masking key in hex, null for none.
   *
   * @default {null}
   */
  key?: string | null;
}

/** The masking key of RFC 6455 §5.7's examples. */
export const KEY = "37fa213d";

const encoder = new TextEncoder();

/**
 * Joins pieces.
 *
 * @param pieces The pieces.
 * @returns One piece.
 */
export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * Cuts bytes into pieces of one length.
 *
 * @param bytes The bytes.
 * @param length The length of every piece except the last one.
 * @returns The pieces.
 */
export function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, index) => bytes.subarray(index * length, (index + 1) * length),
  );
}

/**
 * Creates bytes that repeat only after a long sequence, so that misplaced ones are noticed.
 *
 * @param length How many.
 * @returns The bytes.
 */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >>> 8) * 13 + (i >>> 16) * 29) & 0xff;
  return bytes;
}

/**
 * Makes one frame with a length in its shortest form.
 *
 * @param first FIN, the reserved bits and the opcode.
 * @param payload The payload; text becomes UTF-8.
 * @param options The masking key.
 * @returns The frame.
 */
export function frame(
  first: number,
  payload: Uint8Array | string,
  options: FrameOptions = {},
): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  return assemble(first, lengthField(bytes.length), bytes, options.key ?? null);
}

/**
 * Makes a frame as the peer of an endpoint sends it: masked for a server.
 *
 * @param receiver The side that receives it.
 * @param first FIN, the reserved bits and the opcode.
 * @param payload The payload; text becomes UTF-8.
 * @returns The frame.
 */
export function frameFor(receiver: Role, first: number, payload: Uint8Array | string = ""): Uint8Array<ArrayBuffer> {
  return frame(first, payload, { key: receiver === "server" ? KEY : null });
}

/**
 * Reads a vector.
 *
 * @param text The frames; see the module.
 * @param receiver The side that receives them: frames for a server are masked.
 * @returns The bytes.
 */
export function vector(text: string, receiver: Role): Uint8Array<ArrayBuffer> {
  return concat(
    text.split("|").map((part) => {
      const [first, length, ...payload] = part.trim().split(" ");
      const key = receiver === "server" ? KEY : null;
      return assemble(parseInt(first, 16), hex(length), concat(payload.map(hex)), key);
    }),
  );
}

/**
 * Reads bytes in hex, some of them repeated: `"ff"`, `"00*256"`.
 *
 * @param text The hex digits.
 * @returns The bytes.
 */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const [digits, times = "1"] = text.split("*");
  return concat(Array<Uint8Array>(Number(times)).fill(Uint8Array.fromHex(digits)));
}

function assemble(first: number, length: Uint8Array, payload: Uint8Array, key: string | null): Uint8Array<ArrayBuffer> {
  if (key === null) return concat([Uint8Array.of(first), length, payload]);
  const marked = length.slice();
  marked[0] += 128;
  return concat([Uint8Array.of(first), marked, Uint8Array.fromHex(key), masked(payload, key)]);
}

function masked(payload: Uint8Array, key: string): Uint8Array {
  const octets = Uint8Array.fromHex(key);
  return payload.map((octet, index) => octet ^ octets[index % 4]);
}

function lengthField(length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(9));
  if (length <= 125) {
    view.setUint8(0, length);
    return new Uint8Array(view.buffer, 0, 1);
  }
  if (length <= 65535) {
    view.setUint8(0, 126);
    view.setUint16(1, length);
    return new Uint8Array(view.buffer, 0, 3);
  }
  view.setUint8(0, 127);
  view.setBigUint64(1, BigInt(length));
  return new Uint8Array(view.buffer);
}

/**
 * Parses bytes that consist of whole frames.
 *
 * @param bytes The bytes.
 * @returns The frames.
 * @throws {Error} If a length is not in its shortest form, or bytes are missing.
 */
export function readFrames(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    const second = view.getUint8(1);
    const field = second % 128;
    const length = field < 126 ? field : field === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
    const shortest = lengthField(length);
    if (shortest[0] !== field) throw new Error(`Cannot read a length of ${length} in the form ${field}`);
    let start = at + 1 + shortest.length;
    const key = second >= 128 ? bytes.slice(start, start += 4).toHex() : null;
    const payload = bytes.slice(start, start + length);
    if (payload.length < length) throw new Error(`Cannot read a frame of ${length} bytes: ${payload.length} are there`);
    frames.push({ first: view.getUint8(0), key, payload: key === null ? payload : masked(payload, key) });
    at = start + length;
  }
  return frames;
}
