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
