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
  onWaiting?(): void;
  /**
   * The driver has ended, after `"close"` was emitted.
   *
   * @param info The code and the reason.
   */
  onEnd?(info: CloseInfo): void;
  /**
   * Reports a listener's exception if there is no listener for errors; without this method it is an uncaught error.
   *
   * @param fault The thrown value.
   */
  report?(fault: unknown): void;
}
