import { CloseCode } from "./close_code.ts";
import { ErrorCode, WebSocketError, type WebSocketErrorOptions } from "./errors.ts";

/**
 * Options of {@linkcode HandshakeError}.
 *
 * @example Test a retry rule with a handmade refusal
 * ```ts
 * import { HandshakeError, type HandshakeErrorOptions } from "@wsd/driver/client";
 *
 * function secondsToWait({ status, headers }: HandshakeError): number | null {
 *   return status === 503 ? Number(headers.get("retry-after") ?? 1) : null;
 * }
 *
 * const busy: HandshakeErrorOptions = { status: 503, headers: new Headers({ "retry-after": "30" }) };
 * console.log(secondsToWait(new HandshakeError("Cannot connect: received 503", busy))); // 30
 * console.log(secondsToWait(new HandshakeError("Cannot connect: received 401", { status: 401 }))); // null
 * ```
 * @category Errors
 */
export interface HandshakeErrorOptions extends WebSocketErrorOptions {
  /** The status of the HTTP response; null if there was none. */
  status?: number | null;
  /** The header fields of the response. */
  headers?: Headers;
  /** The start of the response's body. */
  body?: Uint8Array;
}

/**
 * The opening handshake failed: the peer refused it, broke a rule of RFC 6455 §4, or couldn't be reached in time.
 *
 * @example Read why a server refused
 * ```ts
 * import { HandshakeError } from "@wsd/driver";
 *
 * const error = new HandshakeError("Cannot connect: received 401", {
 *   status: 401,
 *   headers: new Headers({ "www-authenticate": "Basic" }),
 *   body: new TextEncoder().encode("Who are you?"),
 * });
 * console.log(error.status); // 401
 * console.log(error.headers.get("www-authenticate")); // Basic
 * console.log(new TextDecoder().decode(error.body)); // Who are you?
 * ```
 * @category Errors
 */
export class HandshakeError extends WebSocketError {
  /** The class's name. */
  override readonly name: string = "HandshakeError";
  /** The status of the HTTP response that was received, or sent to refuse a client; null if there was none. */
  readonly status: number | null;
  /** The header fields of the response; empty if there was none. */
  readonly headers: Headers;
  /** The first bytes of the response's body, at most 64 KiB. */
  readonly body: Uint8Array;

  /**
   * Creates an error.
   *
   * @param message What failed, what was expected, what was received.
   * @param options The response, the stable code and the cause.
   */
  constructor(message: string, options: HandshakeErrorOptions = {}) {
    super(message, { code: ErrorCode.HANDSHAKE_FAILED, closeCode: CloseCode.ABNORMAL_CLOSURE, ...options });
    this.status = options.status ?? null;
    this.headers = options.headers ?? new Headers();
    this.body = options.body ?? new Uint8Array(0);
  }
}
