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

/**
 * Waits no longer than a signal allows for what takes no signal itself.
 *
 * @param promise What to wait for.
 * @param signal Ends the waiting.
 * @param discard Takes what comes later all the same, to close it.
 * @returns What the promise resolves to.
 * @throws The signal's reason if it came first.
 */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  discard: (late: T) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      promise.then(discard, () => {});
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
