import { Opcode } from "./opcode.ts";
import {
  controlFrameFragmented,
  controlFrameTooLong,
  lengthNotShortest,
  lengthTopBit,
  maskForbidden,
  maskRequired,
  messageTooLong,
  reservedBit,
  reservedOpcode,
} from "./protocol_errors.ts";

// RFC 6455 §5.2:
//
//  byte 0          byte 1            2, 8 or no bytes          4 or no bytes
//  FIN RSV OPCODE  MASK PAYLOAD LEN  extended payload length   masking key
//   1   3    4      1       7

/** The bit that marks the last frame of a message. */
export const FIN = 0x80;
/** The reserved bits that an extension may claim. */
export const RSV = 0x70;
/** The first of the reserved bits: "Per-Message Compressed" of RFC 7692. */
export const RSV1 = 0x40;

const OPCODE = 0x0f;
const MASK = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** The longest payload of a control frame, in bytes. RFC 6455 §5.5. */
export const MAX_CONTROL_PAYLOAD = 125;

/** The longest header, in bytes. */
export const MAX_HEADER = 14;

/**
 * The header of the frame that is being read. One object serves a connection for its whole life.
 *
 * It checks the rules that a header alone can break; the receiver checks those that depend on the surrounding message.
 */
export class FrameHeader {
  /** True for the last frame of a message. */
  fin = false;
  /** The reserved bits that are set. */
  rsv = 0;
  /** The opcode; after {@linkcode FrameHeader.read} never a reserved one. */
  opcode: Opcode = Opcode.CONTINUATION;
  /** The length of the payload in bytes. */
  length = 0;
  /** The masking key, 0 if there is none. */
  key = 0;
  /** The length of the header itself in bytes. */
  size = 0;

  readonly #masked: boolean;
  readonly #rsv: number;

  /**
   * @param masked Whether the peer must mask its frames: true for a server.
   * @param rsv The reserved bits that a negotiated extension uses.
   */
  constructor(masked: boolean, rsv: number) {
    this.#masked = masked;
    this.#rsv = rsv;
  }

  /**
   * Reads a header. An invalid field is found as soon as it is complete.
   *
   * @param bytes The memory with the frame.
   * @param start The frame's start.
   * @param end The end of the bytes that have arrived.
   * @returns False if the header is not complete yet.
   * @throws {ProtocolError} If it breaks a rule.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) return false;
    this.#readFirst(bytes[start]);
    if (end - start < 2) return false;
    const second = bytes[start + 1];
    this.#checkSecond(second);
    let size = 2;
    let length = second & LENGTH;
    if (length === LENGTH_16) {
      size = 4;
      if (end - start < size) return false;
      length = (bytes[start + 2] << 8) | bytes[start + 3];
      if (length < LENGTH_16) throw lengthNotShortest(length, 16);
    } else if (length === LENGTH_64) {
      size = 10;
      if (end - start < size) return false;
      length = readLength64(bytes, start + 2);
    }
    this.length = length;
    if ((second & MASK) !== 0) {
      if (end - start < size + 4) return false;
      this.key = bytes[start + size] | (bytes[start + size + 1] << 8) | (bytes[start + size + 2] << 16) |
        (bytes[start + size + 3] << 24);
      size += 4;
    }
    this.size = size;
    return true;
  }

  #readFirst(first: number): void {
    this.fin = (first & FIN) !== 0;
    this.rsv = first & RSV;
    if ((this.rsv & ~this.#rsv) !== 0) throw reservedBit(this.rsv & ~this.#rsv);
    const opcode = first & OPCODE;
    if (opcode > Opcode.PONG || (opcode > Opcode.BINARY && opcode < Opcode.CLOSE)) throw reservedOpcode(opcode);
    if (opcode >= Opcode.CLOSE && !this.fin) throw controlFrameFragmented(opcode);
    this.opcode = opcode as Opcode;
  }

  #checkSecond(second: number): void {
    const masked = (second & MASK) !== 0;
    if (masked !== this.#masked) throw masked ? maskForbidden() : maskRequired();
    if (this.opcode >= Opcode.CLOSE && (second & LENGTH) > MAX_CONTROL_PAYLOAD) throw controlFrameTooLong(this.opcode);
  }
}

function readLength64(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  const low = ((bytes[at + 4] << 24) | (bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]) >>> 0;
  if (high > 0x7fffffff) throw lengthTopBit();
  const length = high * 2 ** 32 + low;
  if (length > Number.MAX_SAFE_INTEGER) throw messageTooLong(length, Number.MAX_SAFE_INTEGER);
  if (length <= 0xffff) throw lengthNotShortest(length, 64);
  return length;
}

/**
 * Returns the length of a header.
 *
 * @param length The length of the payload in bytes.
 * @param masked Whether it contains a masking key.
 * @returns The length of the header in bytes.
 */
export function headerSize(length: number, masked: boolean): number {
  return (length < LENGTH_16 ? 2 : length <= 0xffff ? 4 : 10) + (masked ? 4 : 0);
}

/**
 * Writes a header, except for the masking key, which goes into its last four bytes.
 *
 * @param bytes The memory to write to.
 * @param start The header's start.
 * @param first FIN, the reserved bits and the opcode.
 * @param length The length of the payload in bytes.
 * @param masked Whether a masking key follows.
 */
export function writeHeader(bytes: Uint8Array, start: number, first: number, length: number, masked: boolean): void {
  const mask = masked ? MASK : 0;
  bytes[start] = first;
  if (length < LENGTH_16) {
    bytes[start + 1] = mask | length;
  } else if (length <= 0xffff) {
    bytes[start + 1] = mask | LENGTH_16;
    bytes[start + 2] = length >>> 8;
    bytes[start + 3] = length;
  } else {
    bytes[start + 1] = mask | LENGTH_64;
    const high = Math.floor(length / 2 ** 32);
    for (let i = 0; i < 4; i++) {
      bytes[start + 2 + i] = high >>> (24 - 8 * i);
      bytes[start + 6 + i] = (length >>> 0) >>> (24 - 8 * i);
    }
  }
}
