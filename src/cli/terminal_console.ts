import process from "node:process";
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import type { Console } from "./console.ts";
import type { CliEvent, FormatEvent } from "./events.ts";

/** A prompt with history on a terminal. Output while somebody types appears above the line being typed. */
export class TerminalConsole implements Console {
  /** True. */
  readonly interactive = true;
  readonly #format: FormatEvent;
  readonly #readline: Interface;
  readonly #outputGone = new AbortController();
  #prompts = false;

  /** @param format Formats events. */
  constructor(format: FormatEvent) {
    this.#format = format;
    this.#readline = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
    this.#readline.on("SIGINT", () => this.#readline.close());
    this.#readline.on("close", () => this.#endPrompt());
  }

  get outputGone(): AbortSignal {
    return this.#outputGone.signal;
  }

  async *lines(): AsyncGenerator<string> {
    this.#prompts = true;
    this.#readline.prompt();
    for await (const line of this.#readline) {
      yield line;
      // More may have been typed meanwhile: the cursor stays after it.
      if (this.#prompts) this.#readline.prompt(true);
    }
  }

  bytes(): ReadableStream<Uint8Array> {
    return Deno.stdin.readable;
  }

  show(event: CliEvent): Promise<void> {
    const text = this.#format(event);
    if (text === null) return Promise.resolve();
    if (this.#prompts) this.#clearPrompt();
    process.stdout.write(text);
    if (this.#prompts) this.#readline.prompt(true);
    return Promise.resolve();
  }

  #endPrompt(): void {
    if (this.#prompts) this.#clearPrompt();
    this.#prompts = false;
  }

  #clearPrompt(): void {
    moveCursor(process.stdout, 0, -this.#readline.getCursorPos().rows);
    cursorTo(process.stdout, 0);
    clearScreenDown(process.stdout);
  }

  close(): void {
    this.#readline.close();
  }
}
