import { ConnectionError, ErrorCode } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { checkAgain } from "./check_again.ts";
import { Roster, RosterMember } from "./roster.ts";

/** How many groups the members of a {@linkcode HeartbeatClock} are spread over, so that not all ping at once. */
const GROUPS = 16;

/** The length of a payload that distinguishes one Ping of a heartbeat from another, in bytes. */
const PAYLOAD = 4;

/** The options of a {@linkcode Heartbeat}. */
export interface HeartbeatOptions {
  /** The time from one Ping to the next, in milliseconds. */
  readonly pingInterval: number;
  /** How long the peer may be silent after a Ping, in milliseconds. */
  readonly pingTimeout: number;
}

/**
 * Pings a peer, and notices when it vanishes silently: a pulled cable, a frozen process, a NAT that forgot it.
 * RFC 6455 §5.5.2: a Ping "may serve either as a keepalive or as a means to verify that the remote endpoint is still
 * responsive".
 *
 * Anything that arrives counts as an answer. So does the end of a write that had to wait, since then the peer has
 * accepted bytes; a write that ends at once only shows that the system has room. And the time starts when the Ping has
 * been handed to the system: it may be queued after megabytes.
 *
 * A peer counts as silent only after a second check: the first may run before arrived bytes are read.
 */
export class Heartbeat extends RosterMember {
  readonly #connection: Connection;
  readonly #ping: (payload: Uint8Array, onWritten: () => void) => void;
  readonly #timeout: number;
  readonly #clock: HeartbeatClock;
  /** When the wait for a sign of life began; null if there is none. */
  #pingedAt: number | null = null;
  /** How many bytes had been received when the Ping was sent. */
  #receivedThen: number | null = 0;
  /** The write that was pending at the last check. */
  #writingThen: number | null = null;
  #cancelSecondCheck: (() => void) | null = null;
  #count = 0;

  /**
   * Begins.
   *
   * @param connection The connection to watch.
   * @param ping Sends a Ping with a payload, and reports when it has been handed to the system.
   * @param options How often to ping, and how long to wait.
   */
  constructor(
    connection: Connection,
    ping: (payload: Uint8Array, onWritten: () => void) => void,
    options: HeartbeatOptions,
  ) {
    super();
    this.#connection = connection;
    this.#ping = ping;
    this.#timeout = options.pingTimeout;
    this.#clock = HeartbeatClock.of(options.pingInterval);
    this.#clock.add(this);
  }

  /** Ends. */
  stop(): void {
    this.#cancelSecondCheck?.();
    this.#clock.delete(this);
  }

  /**
   * Sends a Ping, unless the connection is closing: then none can be sent, and its peer has until `closeTimeout`.
   *
   * @param now The time, in milliseconds.
   */
  ping(now: number): void {
    if (this.#connection.state !== "open") return;
    const first = this.#pingedAt === null;
    if (first) {
      this.#pingedAt = now;
      this.#receivedThen = this.#connection.received;
      this.#writingThen = this.#connection.writing;
    }
    const payload = new Uint8Array(PAYLOAD);
    new DataView(payload.buffer).setUint32(0, ++this.#count);
    this.#ping(payload, () => {
      if (first && this.#pingedAt !== null) this.#pingedAt = performance.now();
    });
  }

  /**
   * Ends the connection if there was no sign of life for too long after a Ping, and still none shortly after.
   *
   * @param now The time, in milliseconds.
   */
  check(now: number): void {
    if (!this.#isSilent(now) || this.#cancelSecondCheck !== null) return;
    this.#cancelSecondCheck = checkAgain(() => {
      this.#cancelSecondCheck = null;
      if (this.#isSilent(performance.now())) this.#connection.terminate(silence(this.#timeout));
    });
  }

  #isSilent(now: number): boolean {
    if (this.#pingedAt === null) return false;
    const { paused, received, writing } = this.#connection;
    if (paused || received !== this.#receivedThen) {
      this.#pingedAt = null;
      return false;
    }
    if (this.#writingThen !== null && writing !== this.#writingThen) this.#pingedAt = now;
    this.#writingThen = writing;
    return now - this.#pingedAt >= this.#timeout;
  }
}

function silence(timeout: number): ConnectionError {
  return new ConnectionError(
    `The peer gave no sign of life: received nothing within ${timeout} ms after a Ping`,
    ErrorCode.HEARTBEAT_TIMEOUT,
  );
}

/**
 * One timer for all heartbeats of the same interval: a timer for each would cost 1.8 KiB (Deno 2.9.6).
 */
class HeartbeatClock {
  static readonly #clocks = new Map<number, HeartbeatClock>();

  readonly #interval: number;
  readonly #groups: readonly Roster<Heartbeat>[] = Array.from({ length: GROUPS }, () => new Roster<Heartbeat>());
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
