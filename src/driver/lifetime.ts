import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode, WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { Milestone } from "./milestone.ts";

/** How a connection's life goes, for those who wait for it. */
export class Lifetime {
  readonly #opening = new Milestone<void>();
  readonly #ending = new Milestone<CloseInfo>();
  #fault: WebSocketError | null = null;
  #ended = false;

  /** Resolves when the connection is open, rejects where it never will be. */
  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  /** Resolves when the connection is over. */
  get closed(): Promise<CloseInfo> {
    return this.#ending.promise;
  }

  /** Rejects when the connection is over. */
  get lost(): Promise<never> {
    const lost = this.closed.then(() => {
      throw this.#fault ?? new ConnectionError("Cannot go on as the connection is closed", ErrorCode.CONNECTION_LOST);
    });
    lost.catch(() => {});
    return lost;
  }

  /** What the connection has ended with: undefined while it has not, null where cleanly. */
  get outcome(): WebSocketError | null | undefined {
    return this.#ended ? this.#fault : undefined;
  }

  /** It is open. */
  onOpen(): void {
    this.#opening.reach();
  }

  /**
   * Something went wrong; the end follows.
   *
   * @param error What.
   */
  onFault(error: WebSocketError): void {
    this.#fault ??= error;
  }

  /**
   * It is over.
   *
   * @param info How.
   */
  onEnd(info: CloseInfo): void {
    this.#ended = true;
    if (info.code === CloseCode.ABNORMAL_CLOSURE) {
      this.#fault ??= new ConnectionError(
        "Cannot go on as the connection ended without a Close",
        ErrorCode.CONNECTION_LOST,
      );
    }
    this.#opening.miss(this.#fault ?? new WebSocketError("Cannot open the connection as it was closed before"));
    this.#ending.reach(info);
  }
}
