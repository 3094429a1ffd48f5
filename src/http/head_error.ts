/**
 * The status with which a server answers a head that it can't read: 400 if it is malformed, 414 if the request line is
 * too long, 431 if the header fields are, 505 for an HTTP version other than 1.x.
 *
 * @example Answer with it
 * ```ts
 * import { formatResponseHead, type HeadErrorStatus } from "@wsd/driver/protocol";
 *
 * function refuse(status: HeadErrorStatus): Uint8Array {
 *   return formatResponseHead(status, [["Connection", "close"]]);
 * }
 *
 * console.log(new TextDecoder().decode(refuse(414)));
 * ```
 * @category HTTP heads
 */
export type HeadErrorStatus = 400 | 414 | 431 | 505;

/**
 * A peer's HTTP head is malformed, or exceeds one of the {@linkcode HeadLimits}.
 *
 * The message is one line of ASCII and never holds more than a few printable characters of what was received, so that
 * it can go into a log or a response unchanged.
 *
 * @example Answer a bad head
 * ```ts
 * import { HeadError, RequestHeadParser } from "@wsd/driver/protocol";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const parser = new RequestHeadParser();
 * const error = assertThrows(() => parser.push(new TextEncoder().encode("GET / HTTP/2.0\r\n")), HeadError);
 * assertEquals(error.status, 505);
 * ```
 * @category HTTP heads
 */
export class HeadError extends Error {
  /** The class's name, also for programs that received the error from another realm. */
  override readonly name: string = "HeadError";
  /** The status with which a server answers; it means nothing to a client. */
  readonly status: HeadErrorStatus;

  /**
   * Creates an error.
   *
   * @param message What failed, what was expected, what was received.
   * @param status The status with which a server answers.
   */
  constructor(message: string, status: HeadErrorStatus = 400) {
    super(message);
    this.status = status;
  }
}
