import type { CloseInfo } from "../protocol/close_payload.ts";

/** The side that a driver is of: what it does about its opening handshake, and about faults of the application. */
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
  /** Something was sent that waits for the connection to be open: the first thing that does. */
  onWaiting?(): void;
  /**
   * The driver has ended, and has said so.
   *
   * @param info The code and the reason.
   */
  onEnd?(info: CloseInfo): void;
  /**
   * Reports what a listener threw if there is no listener for errors; without this method the platform is told.
   *
   * @param fault What was thrown.
   */
  report?(fault: unknown): void;
}
