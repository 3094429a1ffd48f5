import { Buffer } from "node:buffer";
import { constants, createInflateRaw } from "node:zlib";
import type { Random } from "../support/random.ts";

/** What zlib has made, and how much of the input it took for that. */
interface Inflated {
  readonly bytes: Uint8Array;
  readonly taken: number;
}

/** What `inflateRawSync` uses. It doesn't close that if the data is corrupt, and then 16 KiB stay with Deno each time. */
interface SyncInflate {
  readonly bytesWritten: number;
  _processChunk(chunk: Uint8Array, flush: number): Uint8Array;
  on(event: "error", listener: () => void): void;
  close(): void;
}

/**
 * What may follow a message, RFC 7692 §7.2.1: the lengths of a stored block whose header the message ends with. The tail
 * of the RFC makes that block empty. These give it bytes, which come out only if zlib takes them for just that.
 */
const MARKS = ["Fifteen bytes !", "And twenty-one bytes.", "Tail"].map((text) => {
  const mark = Buffer.from(text);
  const lengths = Uint8Array.of(mark.length, 0, ~mark.length, 0xff);
  return { mark, end: Buffer.concat([lengths, mark, Uint8Array.of(3, 0)]) };
});

/**
 * Inflates a message by zlib, without context.
 *
 * @param payload The payload of a compressed message.
 * @returns The message; null if the payload is corrupt or cut off.
 */
export function zlibDecode(payload: Uint8Array): Uint8Array | null {
  if (payload.length === 0) return payload;
  let message: Uint8Array | null = null;
  for (const { mark, end } of MARKS) {
    const result = inflate(Buffer.concat([payload, end]));
    if (result === null) return null;
    const { bytes, taken } = result;
    // RFC 7692 §7.2.3.4: a final block may end a message, or other blocks may follow it.
    if (taken <= payload.length) return taken === payload.length ? bytes : decodeRest(bytes, payload.subarray(taken));
    const length = bytes.length - mark.length;
    if (taken < payload.length + 4 + mark.length || !mark.equals(bytes.subarray(length))) return null;
    const whole = bytes.subarray(0, length);
    if (message !== null && Buffer.compare(message, whole) !== 0) return null;
    message = whole;
  }
  return message;
}

/** What follows a final block may refer to what comes before it, which stored blocks say again. */
function decodeRest(before: Uint8Array, payload: Uint8Array): Uint8Array | null {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < before.length; at += 0xffff) {
    const bytes = before.subarray(at, at + 0xffff);
    const { length } = bytes;
    blocks.push(Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8), bytes);
  }
  return zlibDecode(Buffer.concat([...blocks, payload]));
}

function inflate(input: Uint8Array): Inflated | null {
  const zlib = createInflateRaw() as unknown as SyncInflate;
  zlib.on("error", () => {});
  try {
    return { bytes: zlib._processChunk(input, constants.Z_FINISH), taken: zlib.bytesWritten };
  } catch {
    return null;
  } finally {
    zlib.close();
  }
}

/** Damages a payload: cuts it off, changes bits of it, puts bytes in or takes some out. */
export function damage(random: Random, payload: Uint8Array): Uint8Array {
  const kind = random.next(6);
  const at = random.next(payload.length + 1);
  if (kind < 2) return payload.subarray(0, at);
  if (kind === 2) {
    return Buffer.concat([payload.subarray(0, at), random.bytes(1 + random.next(4)), payload.subarray(at)]);
  }
  if (kind === 3) return Buffer.concat([payload.subarray(0, at), payload.subarray(at + 1 + random.next(4))]);
  const damaged = payload.slice();
  for (let i = 0; i < kind - 3 && damaged.length > 0; i++) damaged[random.next(damaged.length)] ^= 1 << random.next(8);
  return damaged;
}
