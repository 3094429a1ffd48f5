/**
 * Reports a fault of the application's as the platform reports what a listener throws: an `"error"` event of the global
 * scope that can be canceled. Unless it is canceled, the fault is printed, and the process goes on: other connections are
 * not to blame.
 *
 * @param fault What was thrown.
 */
export function reportFault(fault: unknown): void {
  const message = fault instanceof Error ? fault.message : String(fault);
  const event = new ErrorEvent("error", { error: fault, message, cancelable: true });
  if (globalThis.dispatchEvent(event)) console.error("Uncaught (in a listener)", fault);
}
