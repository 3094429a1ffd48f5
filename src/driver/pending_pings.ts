/** A Ping that was not answered yet. */
interface PendingPing {
  readonly payload: Uint8Array;
  readonly sentAt: number;
  readonly callback: (() => void) | undefined;
}

/** How many Pings are remembered; beyond that, the oldest are forgotten. */
const MAX_PENDING = 1024;

/** The Pings that were sent but not answered yet. RFC 6455 §5.5.3. */
export class PendingPings {
  #pings: PendingPing[] = [];
  #latency: number | null = null;

  /** The round trip of the last answered Ping, in milliseconds; null before the first Pong. */
  get latency(): number | null {
    return this.#latency;
  }

  /**
   * Adds a Ping.
   *
   * @param payload Its payload.
   * @param callback Called when its Pong arrives.
   */
  expect(payload: Uint8Array, callback: (() => void) | undefined): void {
    this.#pings.push({ payload, sentAt: performance.now(), callback });
    if (this.#pings.length > MAX_PENDING) this.#pings.shift();
  }

  /**
   * Settles the Ping that a Pong answers. A peer may answer only the last of several Pings, so a Pong also settles
   * those before it.
   *
   * @param payload Its payload.
   * @returns The callbacks to run, in order.
   */
  settle(payload: Uint8Array): (() => void)[] {
    const index = this.#pings.findIndex((ping) => equal(ping.payload, payload));
    if (index < 0) return [];
    this.#latency = performance.now() - this.#pings[index].sentAt;
    const settled = this.#pings.slice(0, index + 1);
    this.#pings = this.#pings.slice(index + 1);
    return settled.flatMap(({ callback }) => callback ?? []);
  }

  /** Forgets all. */
  clear(): void {
    this.#pings = [];
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
