import { CloseCode } from "../close_code.ts";
import { ErrorCode, ProtocolError, WebSocketError } from "../errors.ts";

// Every rule of RFC 6455 that a peer's bytes can break, with its message. The messages go into the Close frame as its
// reason, so they are ASCII.

/** 5.2. "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values." */
export function reservedBit(rsv: number): ProtocolError {
  const bits = [0x40, 0x20, 0x10].flatMap((bit, index) => (rsv & bit) !== 0 ? [`RSV${index + 1}`] : []).join(", ");
  return new ProtocolError(
    `Invalid frame (RFC 6455 5.2): expected only reserved bits of negotiated extensions, received ${bits}`,
    ErrorCode.RESERVED_BIT,
  );
}

/** RFC 7692 6.1. RSV1 is allowed only on the first frame of a message, never on a control frame. */
export function misplacedRsv1(opcode: number): ProtocolError {
  return new ProtocolError(
    `Invalid frame (RFC 7692 6.1): expected RSV1 on a message's first frame only, received it with opcode ${opcode}`,
    ErrorCode.RESERVED_BIT,
  );
}

/** 5.2. "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_." */
export function reservedOpcode(opcode: number): ProtocolError {
  return new ProtocolError(
    `Invalid frame (RFC 6455 5.2): expected opcode 0, 1, 2, 8, 9 or 10, received ${opcode}`,
    ErrorCode.RESERVED_OPCODE,
  );
}

/** 5.1. "The server MUST close the connection upon receiving a frame that is not masked." */
export function maskRequired(): ProtocolError {
  return new ProtocolError(
    "Invalid frame (RFC 6455 5.1): expected a client to mask its frames, received MASK 0",
    ErrorCode.MASK_REQUIRED,
  );
}

/** 5.1. "A client MUST close a connection if it detects a masked frame." */
export function maskForbidden(): ProtocolError {
  return new ProtocolError(
    "Invalid frame (RFC 6455 5.1): expected a server not to mask its frames, received MASK 1",
    ErrorCode.MASK_FORBIDDEN,
  );
}

/** 5.5. "All control frames MUST have a payload length of 125 bytes or less". */
export function controlFrameTooLong(opcode: number): ProtocolError {
  return new ProtocolError(
    `Invalid control frame (RFC 6455 5.5): expected at most 125 bytes, received more with opcode ${opcode}`,
    ErrorCode.CONTROL_FRAME_TOO_LONG,
  );
}

/** 5.5. "and MUST NOT be fragmented." */
export function controlFrameFragmented(opcode: number): ProtocolError {
  return new ProtocolError(
    `Invalid control frame (RFC 6455 5.5): expected FIN 1, received FIN 0 with opcode ${opcode}`,
    ErrorCode.CONTROL_FRAME_FRAGMENTED,
  );
}

/** 5.4. A fragmented message begins with an opcode other than 0. */
export function unexpectedContinuation(): ProtocolError {
  return new ProtocolError(
    "Invalid frame (RFC 6455 5.4): expected the first frame of a message, received a continuation frame",
    ErrorCode.UNEXPECTED_CONTINUATION,
  );
}

/** 5.4. "The fragments of one message MUST NOT be interleaved between the fragments of another message". */
export function expectedContinuation(opcode: number): ProtocolError {
  return new ProtocolError(
    `Invalid frame (RFC 6455 5.4): expected a continuation frame (opcode 0), received opcode ${opcode}`,
    ErrorCode.EXPECTED_CONTINUATION,
  );
}

/** 5.2. "the minimal number of bytes MUST be used to encode the length". */
export function lengthNotShortest(length: number, bits: number): ProtocolError {
  return new ProtocolError(
    `Invalid frame (RFC 6455 5.2): expected the shortest form of the length, received ${length} in ${bits} bits`,
    ErrorCode.INVALID_LENGTH,
  );
}

/** 5.2. "a 64-bit unsigned integer (the most significant bit MUST be 0)". */
export function lengthTopBit(): ProtocolError {
  return new ProtocolError(
    "Invalid frame (RFC 6455 5.2): expected a length whose most significant bit is 0, received 1",
    ErrorCode.INVALID_LENGTH,
  );
}

/** 10.4. A limit on the message, whether it comes in one frame or in many; 7.4.1 has the code. */
export function messageTooLong(length: number, maxLength: number): ProtocolError {
  return new ProtocolError(
    `Message too long: expected at most ${maxLength} bytes (maxLength), received at least ${length}`,
    ErrorCode.MESSAGE_TOO_LONG,
    CloseCode.MESSAGE_TOO_BIG,
  );
}

/** 10.4. "platform-specific limitations regarding the frame size or total message size": those of a string. */
export function textTooLong(length: number, most: number): ProtocolError {
  return new ProtocolError(
    `Text too long for a string: expected at most ${most} bytes, received at least ${length}. Read it as a stream`,
    ErrorCode.MESSAGE_TOO_LONG,
    CloseCode.MESSAGE_TOO_BIG,
  );
}

/** 10.4. A limit on how many frames make a message. */
export function tooManyFragments(maxFragments: number): ProtocolError {
  return new ProtocolError(
    `Too many fragments: expected a message in at most ${maxFragments} frames (maxFragments), received more`,
    ErrorCode.TOO_MANY_FRAGMENTS,
    CloseCode.POLICY_VIOLATION,
  );
}

/** 8.1. A stream that isn't UTF-8: "that endpoint MUST _Fail the WebSocket Connection_", with 1007 by 7.4.1. */
export function invalidUtf8(what: string): ProtocolError {
  return new ProtocolError(
    `Invalid ${what} (RFC 6455 8.1): expected UTF-8, received other bytes`,
    ErrorCode.INVALID_UTF8,
    CloseCode.INVALID_PAYLOAD,
  );
}

/** 5.5.1. "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer". */
export function closePayloadTooShort(): ProtocolError {
  return new ProtocolError(
    "Invalid Close frame (RFC 6455 5.5.1): expected no payload or at least the two bytes of a code, received one",
    ErrorCode.INVALID_CLOSE_PAYLOAD,
  );
}

/** 7.4. Which codes may be sent. */
export function invalidCloseCode(code: number): ProtocolError {
  return new ProtocolError(
    `Invalid Close frame (RFC 6455 7.4): expected a code that may be sent, received ${code}`,
    ErrorCode.INVALID_CLOSE_CODE,
  );
}

/** 7.4.1. An extension failed for a reason that isn't the peer's fault: "an unexpected condition", 1011. */
export function extensionFailed(name: string, cause: unknown): WebSocketError {
  return new WebSocketError(`The extension ${name} failed, so the connection was closed with 1011`, {
    code: ErrorCode.EXTENSION_FAILED,
    closeCode: CloseCode.INTERNAL_ERROR,
    reason: "internal error",
    cause,
  });
}

/** A message above 64 KiB is written from the caller's own buffer, which was transferred or resized meanwhile. */
export function bufferChanged(expected: number, received: number): WebSocketError {
  return new WebSocketError(
    `Cannot send the message: its buffer must keep its ${expected} bytes until they are written, and has ${received} ` +
      "now, so it was transferred or resized. Send a copy, or wait for the callback",
    { code: ErrorCode.SOURCE_FAILED, closeCode: CloseCode.INTERNAL_ERROR, reason: "internal error" },
  );
}
