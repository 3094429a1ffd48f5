import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode, WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { endedWithoutClose } from "./connection_errors.ts";

/**
 * How a connection's life goes, for those who wait for it. Its promises and its error are made when somebody asks for
 * them, so that a connection that nobody waits for costs none; and no rejection is ever unhandled, for events tell of
 * the same.
 */
export class LifecyclePromises {
  #opening: PromiseWithResolvers<void> | null = null;
  #ending: PromiseWithResolvers<CloseInfo> | null = null;
  #opened = false;
  #fault: WebSocketError | null = null;
  #info: CloseInfo | null = null;
  #terminated = false;

  /** Resolves when the connection is open, rejects where it never will be. */
  get opened(): Promise<void> {
    if (this.#opening === null) {
      this.#opening = Promise.withResolvers();
      this.#opening.promise.catch(() => {});
      this.#settleOpening();
    }
    return this.#opening.promise;
  }

  /** Resolves when the connection is over. */
  get closed(): Promise<CloseInfo> {
    if (this.#ending === null) {
      this.#ending = Promise.withResolvers();
      if (this.#info !== null) this.#ending.resolve(this.#info);
    }
    return this.#ending.promise;
  }

  /** Rejects when the connection is over. */
  get lost(): Promise<never> {
    const lost = this.closed.then(() => {
      throw this.outcome ?? new ConnectionError("Cannot go on as the connection is closed", ErrorCode.CONNECTION_LOST);
    });
    lost.catch(() => {});
    return lost;
  }

  /** What the connection has ended with: undefined while it has not, null where cleanly. */
  get outcome(): WebSocketError | null | undefined {
    if (this.#info === null) return undefined;
    if (this.#info.code === CloseCode.ABNORMAL_CLOSURE) this.#fault ??= endedWithoutClose();
    return this.#fault;
  }

  /** It is open. */
  onOpen(): void {
    this.#opened = true;
    this.#settleOpening();
  }

  /**
   * Something went wrong; the end follows.
   *
   * @param error What.
   */
  onFault(error: WebSocketError): void {
    this.#fault ??= error;
  }

  /** It is ended at once, by the application. */
  onTerminate(): void {
    this.#terminated = true;
  }

  /**
   * Tells whether an end is a fault that nobody was told of yet. RFC 6455 §7.2.1: a peer that vanishes fails the
   * connection, whether TCP was reset or ended.
   *
   * @param info How it ends.
   * @returns True where it is one.
   */
  failsWith({ code }: CloseInfo): boolean {
    return code === CloseCode.ABNORMAL_CLOSURE && !this.#terminated && this.#fault === null;
  }

  /**
   * It is over.
   *
   * @param info How.
   */
  onEnd(info: CloseInfo): void {
    this.#info = info;
    this.#settleOpening();
    this.#ending?.resolve(info);
  }

  #settleOpening(): void {
    if (this.#opening === null) return;
    if (this.#opened) this.#opening.resolve();
    else if (this.#info !== null) {
      this.#opening.reject(this.outcome ?? new WebSocketError("Cannot open the connection as it was closed before"));
    }
  }
}
