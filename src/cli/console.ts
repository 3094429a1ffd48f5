import type { CliEvent } from "./events.ts";

/** The source of lines and the output for events: a terminal, or pipes. */
export interface Console {
  /** Whether somebody types, who can read notes and give commands. */
  readonly interactive: boolean;
  /** The input lines, until the input ends or {@linkcode Console.close} is called. */
  lines(): AsyncIterable<string>;
  /** The input as bytes, instead of lines. */
  bytes(): ReadableStream<Uint8Array>;
  /**
   * Shows an event.
   *
   * @param event The event.
   * @returns A promise that resolves when it has been written, and the output accepts more.
   */
  show(event: CliEvent): Promise<void>;
  /** Aborts if nobody reads the output any more. */
  readonly outputGone: AbortSignal;
  /** Ends the input. */
  close(): void;
}

/**
 * Writes to standard error, for people.
 *
 * @param text The text, already escaped.
 */
export function complain(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  } catch {
    // Nobody reads it.
  }
}
