import type { Count } from "./_counters.ts";

/** How many publishers of one topic are remembered. One that restarts has a new id, so old ones pile up. */
const MAX_PUBLISHERS = 1024;

/** The result of {@linkcode Publishers.receive} for a duplicate, or a message out of order. */
export const REPEATED = -1;

/** Which messages of one topic have arrived, for each publisher. */
export class Publishers {
  readonly #last = new Map<number, Count>();

  /**
   * Counts a message.
   *
   * @param publisher Its publisher.
   * @param epoch The epoch of its counter.
   * @param counter Its number.
   * @returns How many messages of this publisher are missing before it; {@linkcode REPEATED} if it must be dropped.
   */
  receive(publisher: number, epoch: number, counter: number): number {
    const last = this.#last.get(publisher);
    if (last === undefined || epoch > last.epoch) {
      this.#begin(publisher, { epoch, counter });
      return last === undefined ? 0 : counter - 1;
    }
    if (epoch < last.epoch || counter <= last.counter) return REPEATED;
    const missed = counter - last.counter - 1;
    last.counter = counter;
    return missed;
  }

  #begin(publisher: number, count: Count): void {
    if (this.#last.size >= MAX_PUBLISHERS) this.#last.delete(this.#last.keys().next().value!);
    this.#last.delete(publisher);
    this.#last.set(publisher, count);
  }
}

/** Creates the id of a publisher, of 48 random bits. */
export function randomId(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0xffff) * 2 ** 32 + low;
}

/** Formats an id as 12 hexadecimal digits. */
export function formatId(id: number): string {
  return id.toString(16).padStart(12, "0");
}
