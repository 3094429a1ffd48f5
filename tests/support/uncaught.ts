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

/** Collects what is printed with `console.error`, until its disposal. */
export class PrintedErrors implements Disposable {
  /** The arguments of each call, in order. */
  readonly values: unknown[][] = [];
  readonly #print = console.error;

  constructor() {
    console.error = (...values: unknown[]) => void this.values.push(values);
  }

  [Symbol.dispose](): void {
    console.error = this.#print;
  }
}
