/**
 * Reads what an error says.
 *
 * @param cause What was thrown.
 * @returns Its message.
 */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
