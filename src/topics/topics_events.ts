/**
 * Messages that this process did not get, although it is subscribed.
 *
 * @example Load what was missed
 * ```ts
 * import type { Gap } from "@wsd/driver/topics";
 *
 * export function describe({ topic, missed }: Gap): string {
 *   return `${topic}: ${missed === null ? "there may be" : missed} messages to load`;
 * }
 * ```
 * @category Topics
 */
export interface Gap {
  /** The topic. */
  readonly topic: string;
  /** The id of the {@linkcode Topics} that published them; null if unknown. */
  readonly publisher: string | null;
  /** How many; null if unknown. */
  readonly missed: number | null;
  /**
   * The cause: `"lost"` means that a later message has arrived, `"outage"` that the broker was lost and is back. Once a
   * later message arrives, the messages lost in an outage are counted by a separate gap.
   */
  readonly reason: "lost" | "outage";
}

/**
 * The events of {@linkcode Topics}, and the arguments of their listeners.
 *
 * @example Listen, with the right types
 * ```ts
 * import { Topics, type TopicsEvents } from "@wsd/driver/topics";
 *
 * await using topics = new Topics({ name: "app" });
 * topics.on("state", (...[state]: TopicsEvents["state"]) => console.log("The broker is", state));
 * ```
 * @category Topics
 */
export interface TopicsEvents {
  /** Messages were lost, or may have been. */
  gap: [gap: Gap];
  /** The broker was lost, or is back and all subscriptions are confirmed. */
  state: [state: "up" | "down"];
  /** The broker or its client reported a failure, or refused something. `Topics` continues. */
  error: [error: Error];
}

/**
 * Counts since a {@linkcode Topics} was created.
 *
 * @example Watch for lost messages
 * ```ts
 * import { Topics, type TopicsStats } from "@wsd/driver/topics";
 *
 * await using topics = new Topics({ name: "app" });
 * const { missed, dropped }: TopicsStats = topics.stats;
 * console.log(missed + dropped, "messages lost");
 * ```
 * @category Topics
 */
export interface TopicsStats {
  /** Topics with subscribers, or that linger. */
  readonly topics: number;
  /** Subscriptions of connections. */
  readonly subscriptions: number;
  /** Messages published here. */
  readonly published: number;
  /** Messages published here that the broker has. */
  readonly relayed: number;
  /** Messages published here that other processes will not get. */
  readonly dropped: number;
  /** Messages that arrived from the broker and were delivered. */
  readonly received: number;
  /** Duplicates from the broker, which were not delivered. */
  readonly repeated: number;
  /** Events `"gap"`. */
  readonly gaps: number;
  /** Messages that are known to be lost. */
  readonly missed: number;
  /** Bytes that wait for the broker to come back. */
  readonly waitingBytes: number;
  /** Whether the broker can be reached. */
  readonly state: "up" | "down";
}
