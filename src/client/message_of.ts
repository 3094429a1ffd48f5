/**
 * Returns the message of an error.
 *
 * @param cause The exception.
 * @returns Its message.
 */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
