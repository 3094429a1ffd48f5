import { CloseCode } from "../close_code.ts";
import { WebSocketError } from "../errors.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { closedMeanwhile, endedWithoutClose } from "./connection_errors.ts";
import { Roster, RosterMember } from "./roster.ts";

/** A wait for something other than the end of the connection, which the end rejects. */
class Wait extends RosterMember {
  readonly reject: (reason: WebSocketError) => void;

  constructor(reject: (reason: WebSocketError) => void) {
    super();
    this.reject = reject;
  }
}

/**
 * The promises `opened` and `closed` of a connection. They and their error are created on first use, so that a
 * connection that nobody waits for has none. Their rejections never count as unhandled, since events report the same.
 */
export class LifecyclePromises {
  #state: "opening" | "open" | "ended" | "never opened" = "opening";
  #opening: PromiseWithResolvers<void> | null = null;
  #ending: PromiseWithResolvers<CloseInfo> | null = null;
  #fault: WebSocketError | null = null;
  #info: CloseInfo | null = null;
  /** The pending waits, null before the first. */
  #waits: Roster<Wait> | null = null;

  /** Resolves when the connection is open, rejects if it never will be. */
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

  /**
   * Rejects a wait when the connection ends. A promise instead would retain everything that ever waited.
   *
   * @param reject Receives {@linkcode LifecyclePromises.endError}: at once if the connection is over.
   * @returns A function to call when the wait is over.
   */
  rejectAtEnd(reject: (reason: WebSocketError) => void): () => void {
    const wait = new Wait(reject);
    if (this.#info !== null) reject(this.endError);
    else (this.#waits ??= new Roster()).add(wait);
    return () => this.#waits?.delete(wait);
  }

  /** The error for an operation that is still pending when the connection ends. */
  get endError(): WebSocketError {
    return this.outcome ?? closedMeanwhile(this.#info!);
  }

  /** The error that ended the connection: undefined while it lasts, null if it ended cleanly. */
  get outcome(): WebSocketError | null | undefined {
    if (this.#info === null) return undefined;
    if (this.#info.code === CloseCode.ABNORMAL_CLOSURE) this.#fault ??= endedWithoutClose();
    return this.#fault;
  }

  /** Whether an error was reported. */
  get failed(): boolean {
    return this.#fault !== null;
  }

  /** The connection is open. */
  onOpen(): void {
    this.#state = "open";
    this.#settleOpening();
  }

  /**
   * Something went wrong; the end follows.
   *
   * @param error The error.
   */
  onFault(error: WebSocketError): void {
    this.#fault ??= error;
  }

  /**
   * The connection is over.
   *
   * @param info The code and the reason.
   */
  onEnd(info: CloseInfo): void {
    this.#info = info;
    this.#state = this.#state === "open" ? "ended" : "never opened";
    this.#settleOpening();
    this.#ending?.resolve(info);
    for (const { reject } of this.#waits ?? []) reject(this.endError);
    this.#waits = null;
  }

  #settleOpening(): void {
    if (this.#state === "opening") return;
    if (this.#state === "never opened") {
      this.#opening?.reject(this.outcome ?? new WebSocketError("The connection was closed before it was open"));
    } else {
      this.#opening?.resolve();
    }
  }
}
