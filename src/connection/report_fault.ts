/**
 * Reports an application's exception the way the platform reports exceptions of listeners: with an `"error"` event of
 * the global scope that can be canceled. Unless it is canceled, the exception is printed, and the process keeps
 * running: other connections are not to blame.
 *
 * @param fault The exception.
 */
export function reportFault(fault: unknown): void {
  const message = fault instanceof Error ? fault.message : String(fault);
  const event = new ErrorEvent("error", { error: fault, message, cancelable: true });
  if (globalThis.dispatchEvent(event)) console.error("Uncaught (in a listener)", fault);
}
