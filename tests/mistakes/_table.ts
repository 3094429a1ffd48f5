/** One mistake: what somebody does, and what the message must name so that it can be put right. */
export interface Mistake {
  /** What is done, as code. */
  readonly code: string;
  /** What the message names: the remedy, or what was expected. */
  readonly says: string | RegExp;
  /** Does it: throws, rejects, or returns what was said. */
  readonly run: () => unknown;
}

/** A function that takes anything: a newcomer's editor may not check types. */
// deno-lint-ignore no-explicit-any
export type Untyped = (...values: any[]) => any;

/**
 * What is said: the message of what is thrown or rejected, or what is returned.
 *
 * @param run What to do.
 * @returns The message.
 */
export async function messageOf(run: () => unknown): Promise<string> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return typeof result === "string" ? result : `nothing was said, but ${Deno.inspect(result)} returned`;
}
