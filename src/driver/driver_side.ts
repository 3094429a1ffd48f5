import type { CloseInfo } from "../protocol/close_payload.ts";

/** A driver's client or server side: handles its opening handshake, and errors of the application. */
export interface DriverSide {
  /**
   * Throws if the future connection can't support an operation.
   *
   * @param what The operation, to follow "Cannot".
   * @throws {TypeError} If it can't.
   */
  checkSupport?(what: string): void;
  /** Stops a handshake that is under way: the driver was closed before it was open. */
  abandonHandshake(): void;
  /** Something was queued until the connection is open, for the first time. */
  onQueued?(): void;
  /**
   * The driver has ended, after `"close"` was emitted.
   *
   * @param info The code and the reason.
   */
  onEnd?(info: CloseInfo): void;
  /**
   * Reports an exception of a listener or a callback; without this method it is reported as an uncaught one.
   *
   * @param exception The thrown value.
   */
  reportException?(exception: unknown): void;
}
