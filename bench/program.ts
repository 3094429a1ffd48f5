import type { Sample } from "./load/task.js";

/** How long a process may take in addition to its given time, in seconds. */
export const PATIENCE = 60;

/** A process that ends with the measurement. */
export class Program implements Disposable {
  readonly #process: Deno.ChildProcess;
  readonly #name: string;
  readonly #errors: Promise<string>;
  readonly #lines: AsyncIterator<string>;
  readonly #port = Promise.withResolvers<number>();

  constructor([command, ...args]: string[], { stderr = "piped" }: { stderr?: "piped" | "inherit" } = {}) {
    this.#name = [command, ...args.slice(0, -1)].join(" ");
    this.#process = new Deno.Command(command, { args, stdin: "null", stdout: "piped", stderr }).spawn();
    this.#errors = stderr === "piped" ? new Response(this.#process.stderr).text() : Promise.resolve("");
    this.#lines = linesOf(this.#process.stdout);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The port that a server prints. */
  async port(): Promise<number> {
    const line = await this.#next(PATIENCE);
    const port = /^PORT (\d+)$/.exec(line)?.[1];
    if (port === undefined) throw new Error(`${this.#name} did not tell its port: ${line}`);
    return Number(port);
  }

  /** Waits until a load generator has begun. */
  async ready(): Promise<void> {
    const line = await this.#next(PATIENCE);
    if (line !== "READY") throw new Error(`${this.#name} did not begin: ${line}`);
  }

  /** The result of a load generator or a client. */
  async result(seconds: number): Promise<Sample> {
    return JSON.parse(await this.#next(seconds));
  }

  /** Ends a load generator before its time. */
  stop(): Promise<Sample> {
    this.#process.kill("SIGTERM");
    return this.result(PATIENCE);
  }

  /** Rejects when the process ends. */
  async death(): Promise<never> {
    const { code, signal } = await this.#process.status;
    throw new Error(`${this.#name} ended with ${signal ?? code}: ${await this.#errors}`);
  }

  /** The next line of its output. */
  async #next(seconds: number): Promise<string> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`${this.#name} took longer than ${seconds} s`)), seconds * 1000);
    try {
      const { value, done } = await Promise.race([this.#lines.next(), promise]);
      return done ? await this.death() : value;
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
