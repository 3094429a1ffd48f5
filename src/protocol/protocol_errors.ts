import { CloseCode } from "../close_code.ts";
import { ErrorCode, ProtocolError, WebSocketError } from "../errors.ts";

// Every rule of RFC 6455 that a peer's bytes can break, and what is said of it. The messages go into the Close frame
// as its reason, so they are ASCII.

/** 5.2. "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values." */
export function reservedBit(rsv: number): ProtocolError {
  const bits = [0x40, 0x20, 0x10].flatMap((bit, index) => (rsv & bit) !== 0 ? [`RSV${index + 1}`] : []).join(", ");
  return new ProtocolError(
    `Cannot take a reserved bit that no agreed extension owns (RFC 6455 5.2): received ${bits}`,
    ErrorCode.RESERVED_BIT,
  );
}

/** RFC 7692 6.1. RSV1 stands on the first frame of a message only, never on a control frame. */
export function misplacedRsv1(opcode: number): ProtocolError {
  return new ProtocolError(
    `Cannot take RSV1 but on a message's first frame (RFC 7692 6.1): received it with opcode ${opcode}`,
    ErrorCode.RESERVED_BIT,
  );
}

/** 5.2. "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_." */
export function reservedOpcode(opcode: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a frame with a reserved opcode (RFC 6455 5.2): received ${opcode}`,
    ErrorCode.RESERVED_OPCODE,
  );
}

/** 5.1. "The server MUST close the connection upon receiving a frame that is not masked." */
export function maskRequired(): ProtocolError {
  return new ProtocolError(
    "Cannot take a client's frame without a masking key (RFC 6455 5.1): received MASK 0",
    ErrorCode.MASK_REQUIRED,
  );
}

/** 5.1. "A client MUST close a connection if it detects a masked frame." */
export function maskForbidden(): ProtocolError {
  return new ProtocolError(
    "Cannot take a server's frame with a masking key (RFC 6455 5.1): received MASK 1",
    ErrorCode.MASK_FORBIDDEN,
  );
}

/** 5.5. "All control frames MUST have a payload length of 125 bytes or less". */
export function controlFrameTooLong(opcode: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a control frame of more than 125 bytes (RFC 6455 5.5): received one with opcode ${opcode}`,
    ErrorCode.CONTROL_FRAME_TOO_LONG,
  );
}

/** 5.5. "and MUST NOT be fragmented." */
export function controlFrameFragmented(opcode: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a fragmented control frame (RFC 6455 5.5): received opcode ${opcode} without FIN`,
    ErrorCode.CONTROL_FRAME_FRAGMENTED,
  );
}

/** 5.4. A fragmented message begins with an opcode other than 0. */
export function unexpectedContinuation(): ProtocolError {
  return new ProtocolError(
    "Cannot take a continuation frame as there is no message to continue (RFC 6455 5.4)",
    ErrorCode.UNEXPECTED_CONTINUATION,
  );
}

/** 5.4. "The fragments of one message MUST NOT be interleaved between the fragments of another message". */
export function expectedContinuation(opcode: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a new message before the last one's end (RFC 6455 5.4): received opcode ${opcode}, expected 0`,
    ErrorCode.EXPECTED_CONTINUATION,
  );
}

/** 5.2. "the minimal number of bytes MUST be used to encode the length". */
export function lengthNotShortest(length: number, bits: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a length that is not in its shortest form (RFC 6455 5.2): received ${length} in ${bits} bits`,
    ErrorCode.INVALID_LENGTH,
  );
}

/** 5.2. "a 64-bit unsigned integer (the most significant bit MUST be 0)". */
export function lengthTopBit(): ProtocolError {
  return new ProtocolError(
    "Cannot take a 64-bit length with its most significant bit set (RFC 6455 5.2)",
    ErrorCode.INVALID_LENGTH,
  );
}

/** 10.4. A limit on the message, whether it comes in one frame or in many; 7.4.1 has the code. */
export function messageTooLong(length: number, maxLength: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a message above maxLength, ${maxLength} bytes: received at least ${length}`,
    ErrorCode.MESSAGE_TOO_LONG,
    CloseCode.MESSAGE_TOO_BIG,
  );
}

/** 10.4. "platform-specific limitations regarding the frame size or total message size": those of a string. */
export function textTooLong(length: number, most: number): ProtocolError {
  return new ProtocolError(
    `Cannot take text above ${most} bytes as one string, only as a stream: received at least ${length}`,
    ErrorCode.MESSAGE_TOO_LONG,
    CloseCode.MESSAGE_TOO_BIG,
  );
}

/** 10.4. A limit on how many frames make a message. */
export function tooManyFragments(maxFragments: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a message in more frames than maxFragments, ${maxFragments}`,
    ErrorCode.TOO_MANY_FRAGMENTS,
    CloseCode.POLICY_VIOLATION,
  );
}

/** 8.1. A stream that is no UTF-8: "that endpoint MUST _Fail the WebSocket Connection_", with 1007 by 7.4.1. */
export function invalidUtf8(where: string): ProtocolError {
  return new ProtocolError(
    `Cannot take ${where} that is no UTF-8 (RFC 6455 8.1)`,
    ErrorCode.INVALID_UTF8,
    CloseCode.INVALID_PAYLOAD,
  );
}

/** 5.5.1. "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer". */
export function closePayloadTooShort(): ProtocolError {
  return new ProtocolError(
    "Cannot take a Close frame whose payload is one byte (RFC 6455 5.5.1): expected none, or a code of two",
    ErrorCode.INVALID_CLOSE_PAYLOAD,
  );
}

/** 7.4. Which codes may be on the wire. */
export function invalidCloseCode(code: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a Close frame with a code that must not be sent (RFC 6455 7.4): received ${code}`,
    ErrorCode.INVALID_CLOSE_CODE,
  );
}

/** 7.4.1. An extension failed for a reason that is no fault of the peer's: "an unexpected condition", 1011. */
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
