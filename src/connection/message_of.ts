/**
 * Returns the message of an error, or as text whatever else was thrown. It never throws.
 *
 * @param cause The exception.
 * @returns Its message.
 */
export function messageOf(cause: unknown): string {
  try {
    return String(cause instanceof Error ? cause.message : cause);
  } catch {
    return `the reason is a ${typeof cause} that can't be shown as text`;
  }
}
