/** One of the programs of this folder, in a process of its own, which it tells things on standard input. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #port: Promise<number> | null = null;

  /**
   * @param program Its file in this folder.
   * @param args Its arguments.
   */
  constructor(program: string, ...args: string[]) {
    const path = new URL(program, import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-net", "--allow-write", path, ...args],
      env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lines()).getReader();
  }

  /** A server's port, which is the first line that it prints. */
  get port(): Promise<number> {
    if (this.#port === null) {
      this.#port = this.line().then(Number);
      this.#port.catch(() => {});
    }
    return this.#port;
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.read();
    if (done) throw new Error("Cannot read a line: the program has ended");
    return value;
  }

  /** Tells it something. */
  async tell(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Kills it, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#port?.catch(() => {});
    await this.#input.close().catch(() => {});
    while (!(await this.#lines.read()).done);
    await this.#child.status;
  }
}

function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) controller.enqueue(line);
    },
  });
}
