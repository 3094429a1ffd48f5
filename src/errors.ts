import { CloseCode, isSendableCloseCode } from "./close_code.ts";

/**
 * The stable codes of {@linkcode WebSocketError}: programs act on these; the message is for people.
 *
 * @example Act on a code
 * ```ts
 * import { ErrorCode, WebSocketError } from "@wsd/driver";
 *
 * const error = new WebSocketError("Cannot read", { code: ErrorCode.MESSAGE_TOO_LONG, closeCode: 1009 });
 * console.log(error.code); // WS_MESSAGE_TOO_LONG
 * ```
 * @category Errors
 */
export const ErrorCode = {
  /** RFC 6455 §5.2: a reserved bit is set that no negotiated extension uses. Closes 1002. */
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
  /** RFC 6455 §8.1: text, or the reason of a Close frame, that isn't valid UTF-8. Closes 1007. */
  INVALID_UTF8: "WS_INVALID_UTF8",
  /** RFC 6455 §5.5.1: the payload of a Close frame is a single byte. Closes 1002. */
  INVALID_CLOSE_PAYLOAD: "WS_INVALID_CLOSE_PAYLOAD",
  /** RFC 6455 §7.4: a Close frame with a code that must not be sent. Closes 1002. */
  INVALID_CLOSE_CODE: "WS_INVALID_CLOSE_CODE",
  /** RFC 7692 §7.2.2: data that can't be decompressed. Closes 1007. */
  INVALID_COMPRESSED_DATA: "WS_INVALID_COMPRESSED_DATA",
  /** The transport failed: a reset, a broken pipe, a TLS alert. Reported as 1006. */
  CONNECTION_LOST: "WS_CONNECTION_LOST",
  /** An operation was pending when the connection closed cleanly; `closeCode` and `reason` are from the Close. */
  CONNECTION_CLOSED: "WS_CONNECTION_CLOSED",
  /** The peer didn't end the connection within `closeTimeout`. Reported as 1006. */
  CLOSE_TIMEOUT: "WS_CLOSE_TIMEOUT",
  /** The peer was silent for `pingTimeout` after a Ping. Reported as 1006. */
  HEARTBEAT_TIMEOUT: "WS_HEARTBEAT_TIMEOUT",
  /** More bytes than `backpressureLimit` were queued, or unread if reading can't be paused. Closes 1013. */
  BACKPRESSURE_LIMIT: "WS_BACKPRESSURE_LIMIT",
  /** The source of a streamed message failed partway; `cause` is its error. Closes 1011. */
  SOURCE_FAILED: "WS_SOURCE_FAILED",
  /**
   * A listener threw or returned a promise that rejected; `cause` is the error, which is also reported: to `onError` of
   * `serve`, or as an `"error"` event of the global scope. Closes 1011.
   */
  LISTENER_FAILED: "WS_LISTENER_FAILED",
  /** An extension failed through no fault of the peer's; `cause` is the error. Closes 1011. */
  EXTENSION_FAILED: "WS_EXTENSION_FAILED",
  /** The client couldn't reach the server: its name, its port, or the network. */
  CONNECT_FAILED: "WS_CONNECT_FAILED",
  /** The TLS handshake with the server failed; `cause` is the reason. */
  TLS_FAILED: "WS_TLS_FAILED",
  /**
   * The client's proxy couldn't be reached, refused, or broke a rule. `status` is the proxy's own; 407 also if a SOCKS
   * proxy refuses the user and the password, or requires them.
   */
  PROXY_FAILED: "WS_PROXY_FAILED",
  /** RFC 6455 §4: the peer's opening handshake broke a rule, or the server refused the connection. */
  HANDSHAKE_FAILED: "WS_HANDSHAKE_FAILED",
  /** The opening handshake didn't end within `handshakeTimeout`. */
  HANDSHAKE_TIMEOUT: "WS_HANDSHAKE_TIMEOUT",
} as const;

/**
 * One of the values of {@linkcode ErrorCode}.
 *
 * @category Errors
 */
export type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];

/**
 * Options of {@linkcode WebSocketError}.
 *
 * @example Tell the peer why a stream was aborted
 * ```ts
 * import { makePair, WebSocketError } from "@wsd/driver";
 * import type { WebSocketErrorOptions } from "@wsd/driver/client";
 *
 * const options: WebSocketErrorOptions = { closeCode: 4001, reason: "The clock ran out" };
 * await using pair = await makePair();
 * await pair.client.writable.abort(new WebSocketError("Cannot continue", options));
 * console.log(await pair.server.closed); // { code: 4001, reason: "The clock ran out" }
 * ```
 * @category Errors
 */
export interface WebSocketErrorOptions {
  /** The stable code; see {@linkcode ErrorCode}. */
  code?: ErrorCode;
  /**
   * The close code that goes with the error.
   *
   * @default {null, or 1000 if there is a reason}
   */
  closeCode?: number | null;
  /**
   * The reason of the Close frame, at most 123 bytes of UTF-8.
   *
   * @default {""}
   */
  reason?: string;
  /** What caused the error. */
  cause?: unknown;
}

/** The longest reason of a Close frame, in bytes of UTF-8. RFC 6455 §5.5. */
const MAX_REASON = 123;

/**
 * An error caused by the peer or the network. `"error"` listeners receive it, and streams fail with it; a mistake in a
 * call throws a TypeError or RangeError instead.
 *
 * Create one to say how a connection should be closed: `abort` and `cancel` of the streams send its `closeCode` and
 * `reason`. It is the WHATWG WebSockets Standard's `WebSocketError`, a DOMException, with two differences: `code` is a
 * stable string if the error comes from a connection, and it accepts every close code that RFC 6455 §7.4 lets an
 * endpoint send, where the standard accepts 1000 and 3000-4999.
 *
 * @example Create one
 * ```ts
 * import { WebSocketError } from "@wsd/driver";
 *
 * const error = new WebSocketError("The chess clock ran out", { closeCode: 4001, reason: "time" });
 * console.log([error.closeCode, error.reason]); // [ 4001, "time" ]
 * ```
 * @category Errors
 */
export class WebSocketError extends Error {
  /** The class's name, which also works across realms. */
  override readonly name: string = "WebSocketError";
  /** The stable code; 0, as for every DOMException of a new kind, if none was given. */
  readonly code: ErrorCode | 0;
  /** The code of the Close frame that goes with the error; 1006 if none was sent. */
  readonly closeCode: number | null;
  /** The reason of the Close frame. */
  readonly reason: string;

  /**
   * Creates an error.
   *
   * @param message What failed, what was expected, what was received.
   * @param options The stable code, the close code with its reason, and the cause.
   * @throws {DOMException} An `InvalidAccessError` if the close code may not be sent and there is no stable code; a
   * `SyntaxError` if the reason is longer than 123 bytes.
   */
  constructor(message = "", options: WebSocketErrorOptions = {}) {
    // The arguments of DOMException, the base class: see below.
    super(message, { name: "WebSocketError", ...("cause" in options && { cause: options.cause }) } as ErrorOptions);
    const { code = 0, closeCode = null, reason = "" } = options;
    this.code = code;
    this.reason = checkReason(String(reason));
    this.closeCode = closeCode ?? (this.reason === "" ? null : CloseCode.NORMAL_CLOSURE);
    if (code === 0 && this.closeCode !== null) checkCloseCode(this.closeCode);
  }
}

// TypeScript can't say "a DOMException whose code is a string", hence `extends Error` above.
Object.setPrototypeOf(WebSocketError, DOMException);
Object.setPrototypeOf(WebSocketError.prototype, DOMException.prototype);

/**
 * `console.log` shows only the stack of a DOMException. This also shows the codes and the cause, as for any other
 * error.
 */
Object.defineProperty(WebSocketError.prototype, Symbol.for("Deno.customInspect"), {
  value(this: WebSocketError, inspect: (value: unknown, options: object) => string, options: object): string {
    const { name, message, stack } = this;
    const Shown = { [name]: class extends Error {} }[name];
    const error = new Shown(message, "cause" in this ? { cause: this.cause } : undefined);
    return inspect(Object.assign(error, Object.fromEntries(Object.entries(this)), { stack }), options);
  },
});

function checkReason(reason: string): string {
  const { length } = new TextEncoder().encode(reason);
  if (length <= MAX_REASON) return reason;
  throw new DOMException(
    `Cannot create the error: a reason holds at most ${MAX_REASON} bytes of UTF-8 (RFC 6455 5.5), received ${length}`,
    "SyntaxError",
  );
}

function checkCloseCode(code: number): void {
  if (isSendableCloseCode(code)) return;
  throw new DOMException(
    `Cannot create the error: expected a close code that may be sent (RFC 6455 7.4), received ${code}`,
    "InvalidAccessError",
  );
}

/**
 * The peer broke a rule of RFC 6455 or exceeded a limit, and the connection was closed with `closeCode`.
 *
 * @example Log what a peer did wrong
 * ```ts
 * import { ErrorCode, ProtocolError } from "@wsd/driver";
 *
 * const error = new ProtocolError("Invalid frame: expected RSV2 0, received 1", ErrorCode.RESERVED_BIT);
 * console.log(error.closeCode); // 1002
 * ```
 * @category Errors
 */
export class ProtocolError extends WebSocketError {
  /** The class's name. */
  override readonly name: string = "ProtocolError";

  /**
   * Creates an error.
   *
   * @param message What failed, the rule, and what was received.
   * @param code The stable code.
   * @param closeCode The code of the Close frame that is sent.
   */
  constructor(message: string, code: ErrorCode, closeCode: number = CloseCode.PROTOCOL_ERROR) {
    super(message, { code, closeCode });
  }
}

/**
 * The connection ended without a closing handshake: reset, timed out, or cut.
 *
 * @example Distinguish a lost connection from a misbehaving peer
 * ```ts
 * import { ConnectionError, ErrorCode } from "@wsd/driver";
 *
 * const error = new ConnectionError("Cannot read from the connection", ErrorCode.CONNECTION_LOST);
 * console.log(error.closeCode); // 1006
 * ```
 * @category Errors
 */
export class ConnectionError extends WebSocketError {
  /** The class's name. */
  override readonly name: string = "ConnectionError";

  /**
   * Creates an error.
   *
   * @param message What failed.
   * @param code The stable code.
   * @param cause The transport's error, if there is one.
   */
  constructor(message: string, code: ErrorCode, cause?: unknown) {
    super(message, { code, closeCode: CloseCode.ABNORMAL_CLOSURE, ...(cause === undefined ? {} : { cause }) });
  }
}
