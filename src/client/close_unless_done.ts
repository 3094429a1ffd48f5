/**
 * Runs a step of connecting. The signal ends it by closing the connection, and so does a failure, so that nothing is
 * left behind.
 *
 * @param step What to do.
 * @param close Closes the connection, with all that has been built on it. It may be called twice.
 * @param signal Ends it.
 * @returns What the step resolves to.
 * @throws The signal's reason if it ended the step, else what the step has thrown.
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
