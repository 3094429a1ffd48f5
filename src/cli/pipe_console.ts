import type { Console } from "./console.ts";
import type { CliEvent, FormatEvent } from "./events.ts";

/** The longest line of input, in characters: beyond it, the sender must have meant something else. */
const MAX_LINE = 64 * 1024 * 1024;

/** Reads lines from standard input and writes to standard output, in order and as fast as the output is read. */
export class PipeConsole implements Console {
  /** False. */
  readonly interactive = false;
  readonly #format: FormatEvent;
  readonly #outputGone = new AbortController();
  #writing: Promise<void> = Promise.resolve();
  #reader: ReadableStreamDefaultReader<string> | null = null;

  /** @param format Formats events. */
  constructor(format: FormatEvent) {
    this.#format = format;
  }

  get outputGone(): AbortSignal {
    return this.#outputGone.signal;
  }

  /** A line ends with LF or CR LF; the last one needs no end. */
  async *lines(): AsyncGenerator<string> {
    const reader = this.#reader = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value = "" } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop()!;
      if (rest.length > MAX_LINE) throw new RangeError(`Cannot send a line of more than ${MAX_LINE} characters`);
      for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
    if (rest !== "") yield rest;
  }

  bytes(): ReadableStream<Uint8Array> {
    return Deno.stdin.readable;
  }

  show(event: CliEvent): Promise<void> {
    const text = this.#format(event);
    if (text === null || this.outputGone.aborted) return Promise.resolve();
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    return this.#writing = this.#writing.then(() => this.#write(bytes));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) written += await Deno.stdout.write(bytes.subarray(written));
    } catch {
      // For example `| head -n 1`, which has seen enough.
      this.#outputGone.abort();
    }
  }

  close(): void {
    this.#reader?.cancel().catch(() => {});
  }
}
