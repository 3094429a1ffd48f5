import { CloseCode, isSendableCloseCode } from "./close_code.ts";

/**
 * The stable codes of {@linkcode WebSocketError}: what a program can act on, where the message is for people.
 *
 * @example Act on a code
 * ```ts
 * import { ErrorCode, WebSocketError } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new WebSocketError("Cannot read", { code: ErrorCode.MESSAGE_TOO_LONG, closeCode: 1009 });
 * assertEquals(error.code, "WS_MESSAGE_TOO_LONG");
 * ```
 */
export const ErrorCode = {
  /** RFC 6455 §5.2: a reserved bit is set that no agreed extension owns. Closes 1002. */
  RESERVED_BIT: "WS_RESERVED_BIT",
  /** RFC 6455 §5.2: opcode 3-7 or 11-15. Closes 1002. */
  RESERVED_OPCODE: "WS_RESERVED_OPCODE",
  /** RFC 6455 §5.1: a client's frame without a masking key. Closes 1002. */
  MASK_REQUIRED: "WS_MASK_REQUIRED",
  /** RFC 6455 §5.1: a server's frame with a masking key. Closes 1002. */
  MASK_FORBIDDEN: "WS_MASK_FORBIDDEN",
  /** RFC 6455 §5.5: a control frame with more than 125 bytes. Closes 1002. */
  CONTROL_FRAME_TOO_LONG: "WS_CONTROL_FRAME_TOO_LONG",
  /** RFC 6455 §5.5: a control frame without FIN. Closes 1002. */
  CONTROL_FRAME_FRAGMENTED: "WS_CONTROL_FRAME_FRAGMENTED",
  /** RFC 6455 §5.4: a continuation with nothing to continue. Closes 1002. */
  UNEXPECTED_CONTINUATION: "WS_UNEXPECTED_CONTINUATION",
  /** RFC 6455 §5.4: a new data frame inside a fragmented message. Closes 1002. */
  EXPECTED_CONTINUATION: "WS_EXPECTED_CONTINUATION",
  /** RFC 6455 §5.2: a payload length that isn't in its shortest form, or has its top bit set. Closes 1002. */
  INVALID_LENGTH: "WS_INVALID_LENGTH",
  /** A message over `maxLength`. Closes 1009. */
  MESSAGE_TOO_LONG: "WS_MESSAGE_TOO_LONG",
  /** A message of more than `maxFragments` frames. Closes 1008. */
  TOO_MANY_FRAGMENTS: "WS_TOO_MANY_FRAGMENTS",
  /** RFC 6455 §8.1: text, or the reason of a Close frame, that is no UTF-8. Closes 1007. */
  INVALID_UTF8: "WS_INVALID_UTF8",
  /** RFC 6455 §5.5.1: the payload of a Close frame is a single byte. Closes 1002. */
  INVALID_CLOSE_PAYLOAD: "WS_INVALID_CLOSE_PAYLOAD",
  /** RFC 6455 §7.4: a Close frame with a code that may not be on the wire. Closes 1002. */
  INVALID_CLOSE_CODE: "WS_INVALID_CLOSE_CODE",
  /** RFC 7692 §7.2.2: data that can't be inflated. Closes 1007. */
  INVALID_COMPRESSED_DATA: "WS_INVALID_COMPRESSED_DATA",
  /** The transport failed: a reset, a broken pipe, a TLS alert. Reported as 1006. */
  CONNECTION_LOST: "WS_CONNECTION_LOST",
  /** The peer did not end the connection within `closeTimeout`. Reported as 1006. */
  CLOSE_TIMEOUT: "WS_CLOSE_TIMEOUT",
  /** The peer was silent for `pingTimeout` after a Ping. Reported as 1006. */
  HEARTBEAT_TIMEOUT: "WS_HEARTBEAT_TIMEOUT",
  /** More waited to be written, or to be read where reading can't be paused, than `backpressureLimit`. Closes 1013. */
  BACKPRESSURE_LIMIT: "WS_BACKPRESSURE_LIMIT",
  /** The source of a streamed message failed in the middle of it; `cause` is its error. Closes 1011. */
  SOURCE_FAILED: "WS_SOURCE_FAILED",
  /** A listener of the application threw; `cause` is what it threw. Closes 1011. */
  LISTENER_FAILED: "WS_LISTENER_FAILED",
  /** An extension failed by its own fault, not the peer's; `cause` is what it threw. Closes 1011. */
  EXTENSION_FAILED: "WS_EXTENSION_FAILED",
  /** The client could not reach the server: the name, the port, the network. */
  CONNECT_FAILED: "WS_CONNECT_FAILED",
  /** The client could not agree on TLS with the server; `cause` is the reason. */
  TLS_FAILED: "WS_TLS_FAILED",
  /** RFC 6455 §4: the peer's opening handshake breaks a rule, or refuses the connection. */
  HANDSHAKE_FAILED: "WS_HANDSHAKE_FAILED",
  /** The opening handshake did not end within `handshakeTimeout`. */
  HANDSHAKE_TIMEOUT: "WS_HANDSHAKE_TIMEOUT",
} as const;

/** One of the values of {@linkcode ErrorCode}. */
export type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];

/**
 * What a {@linkcode WebSocketError} is made from.
 *
 * @example Tell the peer why a stream is given up
 * ```ts
 * import { makePair, WebSocketError, type WebSocketErrorOptions } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const options: WebSocketErrorOptions = { closeCode: 4001, reason: "The clock ran out" };
 * await using pair = await makePair();
 * await pair.client.writable.abort(new WebSocketError("Cannot go on", options));
 * assertEquals(await pair.server.closed, { code: 4001, reason: "The clock ran out" });
 * ```
 */
export interface WebSocketErrorOptions {
  /** The stable code; see {@linkcode ErrorCode}. */
  code?: ErrorCode;
  /**
   * The close code that goes with the error.
   *
   * @default {null, or 1000 where there is a reason}
   */
  closeCode?: number | null;
  /**
   * The reason of the Close frame, at most 123 bytes of UTF-8.
   *
   * @default {""}
   */
  reason?: string;
  /** What led to the error. */
  cause?: unknown;
}

/** The longest reason of a Close frame, in bytes of UTF-8. RFC 6455 §5.5. */
const MAX_REASON = 123;

/**
 * A fault of the peer or of the network, on a WebSocket connection. It is what `"error"` listeners get, and what streams
 * fail with; a mistake of the caller's own is a TypeError or RangeError instead.
 *
 * An application makes one to say how a connection shall be closed: `abort` and `cancel` of the streams send its
 * `closeCode` and `reason`. It has the shape of the WHATWG WebSockets Standard's `WebSocketError`, and takes more close
 * codes than that: all that RFC 6455 §7.4 lets an endpoint send.
 *
 * @example Make one by hand
 * ```ts
 * import { WebSocketError } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new WebSocketError("The chess clock ran out", { closeCode: 4001, reason: "time" });
 * assertEquals([error.closeCode, error.reason], [4001, "time"]);
 * ```
 */
export class WebSocketError extends Error {
  /** The class's name, also for programs that received the error from another realm. */
  override readonly name: string = "WebSocketError";
  /** The stable code, null where the program that made the error gave none. */
  readonly code: ErrorCode | null;
  /** The code of the Close frame that the error led to or shall lead to, 1006 where there was none to send. */
  readonly closeCode: number | null;
  /** The reason of the Close frame. */
  readonly reason: string;

  /**
   * Makes an error.
   *
   * @param message What was tried, which rule forbids it, what was received.
   * @param options The stable code, the close code with its reason, and the cause.
   * @throws {DOMException} An `InvalidAccessError` where the close code may not be sent and no stable code explains it;
   * a `SyntaxError` where the reason is longer than 123 bytes.
   */
  constructor(message = "", options: WebSocketErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    const { code = null, closeCode = null, reason = "" } = options;
    this.code = code;
    this.reason = checkReason(String(reason));
    this.closeCode = closeCode ?? (this.reason === "" ? null : CloseCode.NORMAL_CLOSURE);
    if (code === null && this.closeCode !== null) checkCloseCode(this.closeCode);
  }
}

function checkReason(reason: string): string {
  const { length } = new TextEncoder().encode(reason);
  if (length <= MAX_REASON) return reason;
  throw new DOMException(
    `Cannot take a reason above ${MAX_REASON} bytes (RFC 6455 5.5): received ${length} bytes`,
    "SyntaxError",
  );
}

function checkCloseCode(code: number): void {
  if (isSendableCloseCode(code)) return;
  throw new DOMException(
    `Cannot take a close code that must not be sent (RFC 6455 7.4): received ${code}`,
    "InvalidAccessError",
  );
}

/**
 * The peer broke a rule of RFC 6455 or a limit of this endpoint: the connection was failed with `closeCode`.
 *
 * @example Log what a peer did wrong
 * ```ts
 * import { ErrorCode, ProtocolError } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new ProtocolError("Cannot take the frame", ErrorCode.RESERVED_BIT);
 * assertEquals(error.closeCode, 1002);
 * ```
 */
export class ProtocolError extends WebSocketError {
  /** The class's name. */
  override readonly name: string = "ProtocolError";

  /**
   * Makes an error.
   *
   * @param message What was received and which rule it breaks.
   * @param code The stable code.
   * @param closeCode The code of the Close frame that answers it.
   */
  constructor(message: string, code: ErrorCode, closeCode: number = CloseCode.PROTOCOL_ERROR) {
    super(message, { code, closeCode });
  }
}

/**
 * The connection ended without a closing handshake: reset, timed out, or cut.
 *
 * @example Tell a lost connection from a broken peer
 * ```ts
 * import { ConnectionError, ErrorCode } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new ConnectionError("Cannot read from the connection", ErrorCode.CONNECTION_LOST);
 * assertEquals(error.closeCode, 1006);
 * ```
 */
export class ConnectionError extends WebSocketError {
  /** The class's name. */
  override readonly name: string = "ConnectionError";

  /**
   * Makes an error.
   *
   * @param message What was tried on the connection.
   * @param code The stable code.
   * @param cause The error of the transport, where there is one.
   */
  constructor(message: string, code: ErrorCode, cause?: unknown) {
    super(message, { code, closeCode: CloseCode.ABNORMAL_CLOSURE, ...(cause === undefined ? {} : { cause }) });
  }
}
