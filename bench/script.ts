/** The messages that the load generator sends, composed before the measurement. */
import { Buffer } from "node:buffer";
import { constants, createDeflateRaw } from "node:zlib";
import { makeMessages } from "./compressed_messages.ts";
import { makeFrame, makeMessage } from "./load/frames.js";
import { MIB } from "./units.ts";
import type { Workload } from "./workloads.ts";

/** How long a script of different messages is, uncompressed: far longer than a window of 32 KiB. */
const SCRIPT = 2.5 * MIB;

/** The first bytes of a text in one frame, and of a compressed one. */
const TEXT = 0x81;
const COMPRESSED_TEXT = 0xc1;

/** The end of a flush that a sender leaves out (RFC 7692 §7.2.1). */
export const TAIL: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);

/** The messages that a connection sends in order, again and again. */
export interface Script {
  /** The messages. */
  readonly messages: readonly Uint8Array[];
  /** Each as frames. */
  readonly frames: readonly Uint8Array[];
}

/**
 * Composes the script of a row.
 *
 * @param row The row.
 * @returns Its messages. Compressed ones refer to those before them, and to nothing after the script's beginning, so
 * that it may start over at its end.
 */
export async function makeScript(row: Workload): Promise<Script> {
  const { payload, fragments, messages: kind, compressed } = row;
  if (kind === undefined) return { messages: [], frames: [makeMessage(payload, true, fragments)] };
  const messages = makeMessages(Math.round(SCRIPT / payload.length), payload.length, kind);
  const plain = () => messages.map((message) => makeFrame(TEXT, message, true));
  return { messages, frames: compressed ? await compress(messages) : plain() };
}

async function compress(messages: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const stream = createDeflateRaw({ level: 6 });
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  const frames: Uint8Array[] = [];
  for (const message of messages) {
    stream.write(message);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
    frames.push(makeFrame(COMPRESSED_TEXT, Buffer.concat(chunks.splice(0)).subarray(0, -TAIL.length), true));
  }
  stream.close();
  return frames;
}

/**
 * Writes a script as the load generator in C reads it.
 *
 * @param script The script.
 * @param file The file.
 */
export async function writeScript({ frames }: Script, file: string): Promise<void> {
  const parts = frames.flatMap((frame) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, frame.length, true);
    return [length, frame];
  });
  await Deno.writeFile(file, Buffer.concat(parts));
}
