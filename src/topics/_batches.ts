/** How many batches may be unanswered by the other thread: one that it works on, and one in transit. */
const MAX_UNANSWERED = 2;

/** How long a batch may be, in bytes, before the rest waits for the next one. */
const MAX_BATCH = 1024 * 1024;

/** Messages sent as one: their channels, the end of each, and their bytes one after another. */
export interface Batch {
  readonly channels: readonly string[];
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Messages that are collected for a batch. */
class Gathering {
  readonly channels: string[] = [];
  readonly messages: Uint8Array[] = [];
  readonly answer: PromiseWithResolvers<void> = Promise.withResolvers();
  length = 0;

  pack(): Batch {
    const bytes = new Uint8Array(this.length);
    const ends = new Uint32Array(this.messages.length);
    let at = 0;
    this.messages.forEach((message, i) => {
      bytes.set(message, at);
      at = ends[i] = at + message.length;
    });
    return { channels: this.channels, ends, bytes };
  }
}

/**
 * Collects messages to another thread into batches: all of one turn, and all that come while the other thread is busy.
 * A message port carries forty times as many messages that way.
 */
export class BatchSender {
  readonly #post: (batch: Batch) => void;
  readonly #waiting: Gathering[] = [];
  readonly #unanswered: Gathering[] = [];
  #scheduled = false;
  #waitingBytes = 0;

  /** @param post Sends a batch. */
  constructor(post: (batch: Batch) => void) {
    this.#post = post;
  }

  /** How many bytes wait for the other thread to answer. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Sends a message with the next batch.
   *
   * @param channel The channel.
   * @param message The message, which must not change.
   * @returns Resolves when the other thread has it.
   */
  push(channel: string, message: Uint8Array): Promise<void> {
    let last = this.#waiting.at(-1);
    if (last === undefined || last.length + message.length > MAX_BATCH) this.#waiting.push(last = new Gathering());
    last.channels.push(channel);
    last.messages.push(message);
    last.length += message.length;
    this.#waitingBytes += message.length;
    this.#schedule();
    return last.answer.promise;
  }

  /** The other thread has answered a batch. */
  onAnswer(): void {
    this.#unanswered.shift()?.answer.resolve();
    this.#schedule();
  }

  /** Drops everything. Nothing is answered any more. */
  clear(): void {
    this.#waiting.length = 0;
    this.#unanswered.length = 0;
    this.#waitingBytes = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#unanswered.length >= MAX_UNANSWERED) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#unanswered.length < MAX_UNANSWERED) {
      const gathering = this.#waiting.shift()!;
      this.#unanswered.push(gathering);
      this.#waitingBytes -= gathering.length;
      this.#post(gathering.pack());
    }
  }
}

/**
 * Splits a batch.
 *
 * @param batch The batch.
 * @param onMessage Receives each message.
 */
export function unpack(
  { channels, ends, bytes }: Batch,
  onMessage: (channel: string, message: Uint8Array<ArrayBuffer>) => void,
): void {
  for (let i = 0, start = 0; i < channels.length; start = ends[i++]) {
    onMessage(channels[i], bytes.subarray(start, ends[i]));
  }
}
