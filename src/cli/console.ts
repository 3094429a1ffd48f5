import type { CliEvent } from "./events.ts";

/** Where lines come from and events go: a terminal, or pipes. */
export interface Console {
  /** Whether somebody types, who can be told things and give commands. */
  readonly interactive: boolean;
  /** The lines that come, until the input ends or {@linkcode Console.close} is called. */
  lines(): AsyncIterable<string>;
  /** The input as bytes, in place of lines. */
  bytes(): ReadableStream<Uint8Array>;
  /**
   * Tells an event.
   *
   * @param event What happened.
   * @returns A promise that resolves when it has been written, and the output takes more.
   */
  show(event: CliEvent): Promise<void>;
  /** Aborts if nobody takes the output any more. */
  readonly outputGone: AbortSignal;
  /** Ends the input. */
  close(): void;
}

/**
 * Writes to standard error, for people.
 *
 * @param text The text, already fit to be shown.
 */
export function complain(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  } catch {
    // Nobody reads it.
  }
}
