/**
 * Runs a step of connecting. A signal or a failure closes the connection, so that nothing is left behind.
 *
 * @param step What to do.
 * @param close Closes the connection, with everything built on it. It may be called twice.
 * @param signal Ends it.
 * @returns The result of the step.
 * @throws The signal's reason if it ended the step, otherwise the error of the step.
 */
export async function closeUnlessDone<T>(step: () => Promise<T>, close: () => void, signal: AbortSignal): Promise<T> {
  signal.addEventListener("abort", close);
  try {
    signal.throwIfAborted();
    const result = await step();
    signal.throwIfAborted();
    return result;
  } catch (error) {
    close();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}
