import { clearImmediate, setImmediate } from "node:timers";

/** Does long work in tasks, one a turn of the event loop, so that everything else gets its turn in between. */
export class TaskScheduler {
  readonly #tasks = new Set<() => void>();
  #immediate: ReturnType<typeof setImmediate> | null = null;

  /**
   * Runs a task in a later turn, after those that wait already.
   *
   * @param task What to do; it must not throw.
   */
  add(task: () => void): void {
    this.#tasks.add(task);
    this.#immediate ??= setImmediate(this.#run);
  }

  /**
   * Gives up a task.
   *
   * @param task What {@linkcode TaskScheduler.add} was given.
   */
  delete(task: () => void): void {
    this.#tasks.delete(task);
    if (this.#tasks.size > 0 || this.#immediate === null) return;
    clearImmediate(this.#immediate);
    this.#immediate = null;
  }

  readonly #run = () => {
    this.#immediate = null;
    const [task] = this.#tasks;
    this.#tasks.delete(task);
    if (this.#tasks.size > 0) this.#immediate = setImmediate(this.#run);
    task();
  };
}
