// @ts-check
/**
 * Frames that are composed once, before a measurement, so that the load generator only moves bytes. Runs on any
 * runtime.
 */

/** @typedef {{ length: number, kind: "text" | "binary" | "json" }} Payload */

const TEXT = 1;
const BINARY = 2;
const KEY = [0x37, 0xfa, 0x21, 0x3d];

/**
 * Makes the payload of a workload: the same bytes wherever it is called.
 *
 * @param {Payload} payload Its length in bytes, and what it looks like.
 * @returns {Uint8Array} The bytes; of text and JSON, all are ASCII.
 */
export function makePayload({ length, kind }) {
  if (kind === "json") return makeJson(length);
  const bytes = new Uint8Array(length);
  for (let i = 0, seed = 1; i < length; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = kind === "text" ? 0x20 + (seed >> 16) % 0x5f : seed >> 16;
  }
  return bytes;
}

/** @param {number} length */
function makeJson(length) {
  const items = [];
  for (let id = 1; JSON.stringify({ items }).length < length; id++) {
    items.push({ id, name: `Item ${id}`, price: id * 1.25, tags: ["new", "blue"], inStock: id % 3 !== 0 });
  }
  return new TextEncoder().encode(JSON.stringify({ items }).slice(0, length).padEnd(length));
}

/**
 * Composes a frame.
 *
 * @param {number} opcode With FIN, if it is the last frame.
 * @param {Uint8Array} payload The payload.
 * @param {boolean} masked True for a client's frame.
 * @returns {Uint8Array} The frame.
 */
export function makeFrame(opcode, payload, masked) {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const size = 2 + extended + (masked ? 4 : 0);
  const frame = new Uint8Array(size + length);
  const view = new DataView(frame.buffer);
  frame[0] = opcode;
  frame[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  frame.set(payload, size);
  if (!masked) return frame;
  frame.set(KEY, size - 4);
  for (let i = 0; i < length; i++) frame[size + i] ^= KEY[i & 3];
  return frame;
}

/**
 * Composes the frames of one message.
 *
 * @param {Payload} payload The payload of the whole message.
 * @param {boolean} masked True for a client's message.
 * @param {number} fragments How many frames to send it in.
 * @returns {Uint8Array} The frames, one after another.
 */
export function makeMessage(payload, masked, fragments = 1) {
  const bytes = makePayload(payload);
  const opcode = payload.kind === "binary" ? BINARY : TEXT;
  const frames = [];
  for (let i = 0; i < fragments; i++) {
    const part = bytes.subarray(
      Math.floor(bytes.length * i / fragments),
      Math.floor(bytes.length * (i + 1) / fragments),
    );
    frames.push(makeFrame((i === 0 ? opcode : 0) | (i === fragments - 1 ? 0x80 : 0), part, masked));
  }
  return concat(frames);
}

/**
 * Repeats bytes, so that several messages leave in one write.
 *
 * @param {Uint8Array} bytes What to repeat.
 * @param {number} count How often.
 * @returns {Uint8Array} The bytes.
 */
export function repeat(bytes, count) {
  return concat(Array(count).fill(bytes));
}

/** @param {Uint8Array[]} parts */
function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
