/** Collects uncaught exceptions until its disposal; the process keeps running. */
export class UncaughtErrors implements Disposable {
  /** The thrown values, in order. */
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

/** Collects the output of `console.error` until its disposal. */
export class PrintedErrors implements Disposable {
  /** The arguments of each call, in order. */
  readonly values: unknown[][] = [];
  readonly #print = console.error;

  constructor() {
    console.error = (...values: unknown[]) => {
      // As the console does, which fails with some values.
      values.forEach((value) => Deno.inspect(value));
      this.values.push(values);
    };
  }

  [Symbol.dispose](): void {
    console.error = this.#print;
  }
}
