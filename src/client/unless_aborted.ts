/**
 * Waits for an operation that accepts no signal, but no longer than a signal allows.
 *
 * @param promise The promise to wait for.
 * @param signal Ends the wait.
 * @param discard Receives a late result, to close it.
 * @returns The result of the promise.
 * @throws The signal's reason if it aborts first.
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
