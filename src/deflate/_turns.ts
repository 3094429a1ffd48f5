import { clearImmediate, setImmediate } from "node:timers";

/** Does long work in steps, one a turn of the event loop, so that everything else gets its turn in between. */
export class Turns {
  readonly #steps = new Set<() => void>();
  #immediate: ReturnType<typeof setImmediate> | null = null;

  /**
   * Takes a step in a later turn, after those that wait already.
   *
   * @param step What to do.
   */
  add(step: () => void): void {
    this.#steps.add(step);
    this.#immediate ??= setImmediate(this.#run);
  }

  /**
   * Gives up a step.
   *
   * @param step What {@linkcode Turns.add} was given.
   */
  delete(step: () => void): void {
    this.#steps.delete(step);
    if (this.#steps.size > 0 || this.#immediate === null) return;
    clearImmediate(this.#immediate);
    this.#immediate = null;
  }

  readonly #run = () => {
    this.#immediate = null;
    const [step] = this.#steps;
    this.#steps.delete(step);
    if (this.#steps.size > 0) this.#immediate = setImmediate(this.#run);
    step();
  };
}
