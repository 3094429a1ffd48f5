/**
 * The format of a message between processes: its publisher, its number, and the unchanged payload.
 *
 *     1 byte   version 1 in the upper half; flags in the lower
 *     6 bytes  the publisher's id
 *     varint   the epoch of the counter
 *     varint   the counter, from 1
 *     varint   the key's length in bytes, and the key, if the flags say so
 *     the rest is the payload
 *
 * A varint is little-endian, seven bits per byte, with the top bit set on all but the last.
 *
 * @module
 */

const VERSION = 0x10;
const VERSION_MASK = 0xf0;
const BINARY = 1;
const PLAIN = 2;
const KEYED = 4;
const ID_LENGTH = 6;
/** A varint of up to 2^53 takes at most 8 bytes. */
const MAX_VARINT = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A message on its way. */
export interface Envelope {
  /** The publisher's id: 48 random bits. */
  readonly publisher: number;
  /** Grows when the counter restarts. */
  readonly epoch: number;
  /** The message's number on its topic, from 1. */
  readonly counter: number;
  /** Whether the payload is text or binary. */
  readonly type: "text" | "binary";
  /** False for a message that must not be compressed. */
  readonly compress: boolean;
  /** The key of conflation. */
  readonly key: string | undefined;
  /** The message. */
  readonly payload: Uint8Array;
}

/**
 * Writes an envelope.
 *
 * @param envelope The envelope.
 * @returns The bytes, in their own buffer.
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array<ArrayBuffer> {
  const { publisher, epoch, counter, type, compress, key, payload } = envelope;
  const keyBytes = key === undefined ? null : encoder.encode(key);
  const keyRoom = keyBytes === null ? 0 : MAX_VARINT + keyBytes.length;
  const head = new Uint8Array(1 + ID_LENGTH + 2 * MAX_VARINT + keyRoom);
  head[0] = VERSION | (type === "binary" ? BINARY : 0) | (compress ? 0 : PLAIN) | (keyBytes === null ? 0 : KEYED);
  for (let i = 0, rest = publisher; i < ID_LENGTH; i++, rest = Math.floor(rest / 256)) head[1 + i] = rest % 256;
  let at = writeVarint(head, writeVarint(head, 1 + ID_LENGTH, epoch), counter);
  if (keyBytes !== null) {
    at = writeVarint(head, at, keyBytes.length);
    head.set(keyBytes, at);
    at += keyBytes.length;
  }
  const bytes = new Uint8Array(at + payload.length);
  bytes.set(head.subarray(0, at));
  bytes.set(payload, at);
  return bytes;
}

/**
 * Reads an envelope.
 *
 * @param bytes The broker's whole message.
 * @returns The envelope, its payload a view of the bytes; null if it is malformed.
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope | null {
  if (bytes.length < 1 + ID_LENGTH || (bytes[0] & VERSION_MASK) !== VERSION) return null;
  const flags = bytes[0];
  let publisher = 0;
  for (let i = ID_LENGTH; i > 0; i--) publisher = publisher * 256 + bytes[i];
  const reader = { bytes, at: 1 + ID_LENGTH };
  const epoch = readVarint(reader);
  const counter = readVarint(reader);
  const key = (flags & KEYED) === 0 ? undefined : readKey(reader);
  if (epoch === null || counter === null || key === null) return null;
  const type = (flags & BINARY) === 0 ? "text" : "binary";
  return { publisher, epoch, counter, type, compress: (flags & PLAIN) === 0, key, payload: bytes.subarray(reader.at) };
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    bytes[at++] = value % 0x80 | 0x80;
    value = Math.floor(value / 0x80);
  }
  bytes[at++] = value;
  return at;
}

function readVarint(reader: Reader): number | null {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < MAX_VARINT && reader.at < reader.bytes.length; i++) {
    const byte = reader.bytes[reader.at++];
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : null;
    scale *= 0x80;
  }
  return null;
}

function readKey(reader: Reader): string | null {
  const length = readVarint(reader);
  if (length === null || reader.at + length > reader.bytes.length) return null;
  const bytes = reader.bytes.subarray(reader.at, reader.at += length);
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
