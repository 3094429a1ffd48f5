/** A Ping whose Pong is awaited. */
interface AwaitedPong {
  readonly payload: Uint8Array;
  readonly sentAt: number;
  readonly callback: (() => void) | undefined;
}

/** How many Pongs are awaited at most; those of the oldest Pings are forgotten beyond that. */
const MAX_AWAITED = 1024;

/** The Pings that were sent, and not answered yet. RFC 6455 §5.5.3. */
export class PendingPings {
  #awaited: AwaitedPong[] = [];
  #latency: number | null = null;

  /** How long the last answered Ping took there and back, in milliseconds; null before the first Pong. */
  get latency(): number | null {
    return this.#latency;
  }

  /**
   * Notes a Ping.
   *
   * @param payload Its payload.
   * @param callback What waits for its Pong.
   */
  expect(payload: Uint8Array, callback: (() => void) | undefined): void {
    this.#awaited.push({ payload, sentAt: performance.now(), callback });
    if (this.#awaited.length > MAX_AWAITED) this.#awaited.shift();
  }

  /**
   * Takes a Pong. A peer may answer only the last of several Pings, so a Pong settles those before it too.
   *
   * @param payload Its payload.
   * @returns What has waited for it, in order.
   */
  settle(payload: Uint8Array): (() => void)[] {
    const index = this.#awaited.findIndex((awaited) => equal(awaited.payload, payload));
    if (index < 0) return [];
    this.#latency = performance.now() - this.#awaited[index].sentAt;
    const settled = this.#awaited.slice(0, index + 1);
    this.#awaited = this.#awaited.slice(index + 1);
    return settled.flatMap(({ callback }) => callback ?? []);
  }

  /** Forgets all. */
  clear(): void {
    this.#awaited = [];
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
