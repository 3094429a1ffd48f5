/** How many topics keep their counter for certain. */
const KEPT = 65_536;

/** A message's number: see {@linkcode Counters}. */
export interface Count {
  /** Grows when the counter restarts. */
  readonly epoch: number;
  /** From 1. */
  counter: number;
}

/**
 * Numbers the messages that this process publishes, topic by topic.
 *
 * A process may publish on any number of topics, so a counter that was not used for long is dropped. The topic's next
 * one has a higher epoch, which shows everybody that it restarts.
 */
export class Counters {
  #recent = new Map<string, Count>();
  #older = new Map<string, Count>();
  #epoch = 0;

  /**
   * Counts a message.
   *
   * @param topic Where it is published.
   * @returns Its number, which changes with the next one.
   */
  next(topic: string): Readonly<Count> {
    const count = this.#recent.get(topic) ?? this.#remember(topic);
    count.counter++;
    return count;
  }

  #remember(topic: string): Count {
    if (this.#recent.size >= KEPT) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#epoch++;
    }
    const count = this.#older.get(topic) ?? { epoch: this.#epoch, counter: 0 };
    this.#recent.set(topic, count);
    return count;
  }
}
