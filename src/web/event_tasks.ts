import { setImmediate } from "node:timers";
import { Queue } from "../protocol/queue.ts";

/** How many queued bytes pause the connection. */
const LIMIT = 64 * 1024;
/** The approximate cost of a queued message in addition to its bytes, so that empty ones count, too. */
const OVERHEAD = 128;

/** A message, or a step that dispatches another event. */
type Item = string | Uint8Array | (() => void);

/** The owner of the events that an {@linkcode EventTasks} dispatches. */
export interface EventTasksOwner {
  /**
   * Dispatches a message.
   *
   * @param message The text or the bytes.
   */
  dispatchMessage(message: string | Uint8Array): void;
  /**
   * Stops the delivery of messages.
   *
   * @returns False if the connection can't be paused.
   */
  pause(): boolean;
  /** Resumes it. */
  resume(): void;
  /** Holds back what is sent from now on: more messages are about to be dispatched. */
  cork(): void;
  /** Sends what was held back. */
  uncork(): void;
}

/**
 * Dispatches the events of one socket in order, each in its own task, as the standard queues them: what a listener
 * awaits has run before the next event comes.
 *
 * The first event in a task is dispatched at once; later ones wait, and while 64 KiB of them are queued, the connection
 * is paused. Anything sent while messages wait leaves in one write after them, as from a listener of the driver:
 * without that, an echo of 64 messages in flight takes three times as long. For every event that waits, and to learn
 * that the task of the last one is over, one immediate is under way: Deno runs all microtasks between two of them.
 */
export class EventTasks {
  readonly #owner: EventTasksOwner;
  readonly #waiting: Queue<Item> = new Queue();
  /** The size of the queued messages. */
  #bytes = 0;
  /** Whether an event was dispatched in the current task. */
  #busy = false;
  #pausable = true;
  #paused = false;

  /** @param owner The owner of the events. */
  constructor(owner: EventTasksOwner) {
    this.#owner = owner;
  }

  /** Whether nothing waits, and nothing was dispatched in the current task. */
  get idle(): boolean {
    return !this.#busy && this.#waiting.length === 0;
  }

  /**
   * Dispatches a message: now, if nothing was dispatched in this task.
   *
   * @param message The text or the bytes.
   */
  deliver(message: string | Uint8Array): void {
    if (this.idle) return this.#run(message);
    if (this.#bytes === 0) this.#owner.cork();
    this.#bytes += message.length + OVERHEAD;
    this.queue(message);
    if (this.#bytes < LIMIT || this.#paused || !this.#pausable) return;
    this.#paused = this.#pausable = this.#owner.pause();
  }

  /**
   * Dispatches an event in a later task, after the queued ones. Events caused by a method of the socket come this way,
   * because no event is dispatched before the method returns.
   *
   * @param item Dispatches it.
   */
  queue(item: Item): void {
    this.#waiting.push(item);
    setImmediate(runTask, this);
  }

  #run(item: Item): void {
    if (!this.#busy) {
      this.#busy = true;
      setImmediate(runTask, this);
    }
    if (typeof item === "function") item();
    else this.#owner.dispatchMessage(item);
  }

  /** A new task has begun. */
  onTask(): void {
    const item = this.#waiting.shift();
    if (item === undefined) {
      this.#busy = false;
      return;
    }
    this.#run(item);
    if (typeof item === "function") return;
    this.#bytes -= item.length + OVERHEAD;
    if (this.#bytes === 0) this.#onDelivered();
  }

  #onDelivered(): void {
    this.#owner.uncork();
    if (!this.#paused) return;
    this.#paused = false;
    this.#owner.resume();
  }
}

function runTask(tasks: EventTasks): void {
  tasks.onTask();
}
