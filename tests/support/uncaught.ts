/** Collects what is reported as uncaught, until its disposal; the process goes on. */
export class UncaughtErrors implements Disposable {
  /** What was thrown, in order. */
  readonly values: unknown[] = [];
  readonly #listener = (event: ErrorEvent) => {
    event.preventDefault();
    this.values.push(event.error);
  };

  constructor() {
    globalThis.addEventListener("error", this.#listener);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("error", this.#listener);
  }
}
