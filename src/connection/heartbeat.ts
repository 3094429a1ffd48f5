import { ConnectionError, ErrorCode, type WebSocketError } from "../errors.ts";

/** How many groups the members of a {@linkcode HeartbeatClock} are spread over, so that not all ping at once. */
const GROUPS = 16;

/** The longest payload that tells one Ping of a heartbeat from another, in bytes. */
const PAYLOAD = 4;

/** What a {@linkcode Heartbeat} watches. */
export interface Beating {
  /** Grows whenever bytes arrive; null where that can't be seen. */
  readonly received: number | null;
  /** True while nothing is read, so that silence says nothing of the peer. */
  readonly paused: boolean;
  /**
   * Ends it, as the peer has been silent for too long.
   *
   * @param error How long.
   */
  terminate(error: WebSocketError): void;
}

/** What sends the Pings of a {@linkcode Heartbeat}. */
export interface Pinging {
  /**
   * Sends a Ping.
   *
   * @param payload Its payload.
   */
  ping(payload: Uint8Array): void;
}

/**
 * Pings a peer, and notices when it has gone without a word: a cable pulled, a process frozen, a NAT that forgot.
 * RFC 6455 §5.5.2: a Ping "may serve either as a keepalive or as a means to verify that the remote endpoint is still
 * responsive". Whatever arrives counts as an answer.
 */
export class Heartbeat {
  readonly #beating: Beating;
  readonly #pinging: Pinging;
  readonly #timeout: number;
  readonly #clock: HeartbeatClock;
  #pingedAt: number | null = null;
  #receivedThen: number | null = 0;
  #count = 0;

  /**
   * Begins.
   *
   * @param beating What to watch.
   * @param pinging What sends the Pings.
   * @param interval How long after one Ping comes the next, in milliseconds.
   * @param timeout How long the peer may be silent after a Ping, in milliseconds.
   */
  constructor(beating: Beating, pinging: Pinging, interval: number, timeout: number) {
    this.#beating = beating;
    this.#pinging = pinging;
    this.#timeout = timeout;
    this.#clock = HeartbeatClock.of(interval);
    this.#clock.add(this);
  }

  /** Ends. */
  stop(): void {
    this.#clock.delete(this);
  }

  /**
   * Sends a Ping.
   *
   * @param now The time, in milliseconds.
   */
  ping(now: number): void {
    if (this.#pingedAt === null) {
      this.#pingedAt = now;
      this.#receivedThen = this.#beating.received;
    }
    const payload = new Uint8Array(PAYLOAD);
    new DataView(payload.buffer).setUint32(0, ++this.#count);
    this.#pinging.ping(payload);
  }

  /**
   * Looks whether something has arrived since the Ping.
   *
   * @param now The time, in milliseconds.
   */
  check(now: number): void {
    if (this.#pingedAt === null) return;
    if (this.#beating.paused || this.#beating.received !== this.#receivedThen) this.#pingedAt = null;
    else if (now - this.#pingedAt >= this.#timeout) this.#beating.terminate(silence(this.#timeout));
  }
}

function silence(timeout: number): ConnectionError {
  return new ConnectionError(
    `Cannot wait any longer for a sign of life: received nothing within ${timeout} ms after a Ping`,
    ErrorCode.HEARTBEAT_TIMEOUT,
  );
}

/**
 * One timer for all heartbeats of the same interval: a timer for each would cost more memory than most of what an idle
 * connection needs (1.8 KiB, Deno 2.9.6).
 */
class HeartbeatClock {
  static readonly #clocks = new Map<number, HeartbeatClock>();

  readonly #interval: number;
  readonly #groups: readonly Set<Heartbeat>[] = Array.from({ length: GROUPS }, () => new Set<Heartbeat>());
  #size = 0;
  #added = 0;
  #turn = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(interval: number) {
    this.#interval = interval;
  }

  static of(interval: number): HeartbeatClock {
    let clock = this.#clocks.get(interval);
    if (clock === undefined) this.#clocks.set(interval, clock = new HeartbeatClock(interval));
    return clock;
  }

  add(heartbeat: Heartbeat): void {
    this.#groups[this.#added++ % GROUPS].add(heartbeat);
    if (this.#size++ === 0) this.#timer = setInterval(() => this.#beat(), this.#interval / GROUPS);
  }

  delete(heartbeat: Heartbeat): void {
    if (!this.#groups.some((group) => group.delete(heartbeat)) || --this.#size > 0) return;
    clearInterval(this.#timer);
    HeartbeatClock.#clocks.delete(this.#interval);
  }

  #beat(): void {
    const now = performance.now();
    for (const group of this.#groups) {
      for (const heartbeat of group) heartbeat.check(now);
    }
    for (const heartbeat of this.#groups[this.#turn++ % GROUPS]) heartbeat.ping(now);
  }
}
