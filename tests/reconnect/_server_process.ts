const PROGRAM = new URL("./_logging_server.ts", import.meta.url).pathname;

/** A server in a process of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** Its port, once it listens. */
  readonly port: Promise<number>;

  /** @param logFile Where it logs. */
  constructor(logFile: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-net", `--allow-write=${logFile}`, PROGRAM, logFile],
      env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      stdout: "piped",
    }).spawn();
    this.port = this.#readPort();
    this.port.catch(() => {});
  }

  async #readPort(): Promise<number> {
    let text = "";
    for await (const part of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("\n")) return Number(text);
    }
    throw new Error(`Cannot start a server: it ended after ${JSON.stringify(text)}`);
  }

  /** Kills it, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.port.catch(() => {});
    await this.#child.status;
  }
}
