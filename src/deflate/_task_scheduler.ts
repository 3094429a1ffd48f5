import { clearImmediate, setImmediate } from "node:timers";

/** Runs long work in tasks, one per turn of the event loop, so that everything else gets its turn in between. */
export class TaskScheduler {
  readonly #tasks = new Set<() => void>();
  #immediate: ReturnType<typeof setImmediate> | null = null;

  /**
   * Runs a task in a later turn, after those already waiting.
   *
   * @param task The task; it must not throw.
   */
  add(task: () => void): void {
    this.#tasks.add(task);
    this.#immediate ??= setImmediate(this.#run);
  }

  /**
   * Removes a task.
   *
   * @param task The argument of {@linkcode TaskScheduler.add}.
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
