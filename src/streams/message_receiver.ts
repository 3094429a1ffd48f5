import { Roster, RosterMember } from "../connection/roster.ts";
import { costOf, type FlowControl, type MessageConsumer, type MessageType } from "./message_consumer.ts";
import type { StreamOwner } from "./stream_owner.ts";

/** A pending call of `receive()`. */
class Receiving extends RosterMember {
  readonly result: PromiseWithResolvers<string | Uint8Array<ArrayBuffer>> = Promise.withResolvers();
}

/**
 * The messages of a connection one by one: `ws.receive()`.
 *
 * Messages that arrive between two calls are kept, and the connection is held back while at least the high-water mark
 * is kept.
 */
export class MessageReceiver implements MessageConsumer {
  /** False: it consumes complete messages. */
  readonly takesParts: boolean = false;
  readonly #flow: FlowControl;
  readonly #owner: StreamOwner;
  readonly #kept: (string | Uint8Array<ArrayBuffer>)[] = [];
  #keptCost = 0;
  readonly #waiting = new Roster<Receiving>();
  #stopped = false;

  /**
   * @param flow Controls the connection.
   * @param owner The driver.
   */
  constructor(flow: FlowControl, owner: StreamOwner) {
    this.#flow = flow;
    this.#owner = owner;
  }

  /** Passes a message to the call that has waited longest, or keeps it. */
  onMessage(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#stopped) return;
    const { first } = this.#waiting;
    if (first !== null) {
      this.#waiting.delete(first);
      return first.result.resolve(message);
    }
    this.#kept.push(message);
    this.#keptCost += costOf(message);
    if (this.#keptCost >= this.#owner.settings.highWaterMark) this.#flow.hold(this.#keptCost);
  }

  /** Never called: messages arrive whole here. */
  onPart(_type: MessageType, _part: Uint8Array, _last: boolean): void {}

  /**
   * Waits for the next message.
   *
   * @param signal Ends the wait; the message then goes to the next call.
   * @returns The message. It rejects if the connection has ended and no message is left, or with the signal's reason.
   */
  async receive(signal?: AbortSignal): Promise<string | Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    const kept = this.#kept.shift();
    if (kept !== undefined) {
      this.#keptCost -= costOf(kept);
      if (this.#keptCost < this.#owner.settings.highWaterMark) this.#flow.release();
      return kept;
    }
    if (this.#owner.outcome !== undefined) throw this.#owner.endError;
    return await this.#wait(signal);
  }

  #wait(signal?: AbortSignal): Promise<string | Uint8Array<ArrayBuffer>> {
    const receiving = new Receiving();
    const { promise, reject } = receiving.result;
    this.#waiting.add(receiving);
    if (signal === undefined) return promise;
    const onAbort = () => {
      this.#waiting.delete(receiving);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    return promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  /** Drops messages from now on; those that are kept can still be received. */
  stop(): void {
    this.#stopped = true;
    this.#flow.release();
  }

  /** Rejects pending calls, and later ones when no message is left. */
  onEnd(): void {
    for (const receiving of this.#waiting) {
      this.#waiting.delete(receiving);
      receiving.result.reject(this.#owner.endError);
    }
  }
}
