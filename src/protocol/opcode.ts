/**
 * The opcodes of frames, RFC 6455 §5.2. Opcodes 3-7 and 11-15 are reserved.
 *
 * @example Name an opcode
 * ```ts
 * import { Opcode } from "@wsd/driver/protocol";
 *
 * console.log(Opcode.TEXT); // 1
 * ```
 * @category Protocol
 */
export const Opcode = {
  /** A further fragment of the message that the last data frame began. */
  CONTINUATION: 0x0,
  /** Text in UTF-8. */
  TEXT: 0x1,
  /** Bytes. */
  BINARY: 0x2,
  /** The start or the answer of the closing handshake. */
  CLOSE: 0x8,
  /** Asks for a Pong with the same payload. */
  PING: 0x9,
  /** Answers a Ping, or is unsolicited. */
  PONG: 0xa,
} as const;

/**
 * One of the values of {@linkcode Opcode}.
 *
 * @category Protocol
 */
export type Opcode = typeof Opcode[keyof typeof Opcode];
