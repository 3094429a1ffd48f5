/**
 * Reports an application's exception the way the platform reports exceptions of listeners: with an `"error"` event of
 * the global scope that can be canceled. Unless it is canceled, the exception is printed, and the process keeps
 * running: other connections are not to blame.
 *
 * @param exception The exception.
 */
export function reportException(exception: unknown): void {
  const message = exception instanceof Error ? exception.message : String(exception);
  const event = new ErrorEvent("error", { error: exception, message, cancelable: true });
  if (globalThis.dispatchEvent(event)) console.error("Uncaught (in a listener)", exception);
}
