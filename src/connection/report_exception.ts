import { messageOf } from "./message_of.ts";

/**
 * Reports an application's exception the way the platform reports exceptions of listeners: with an `"error"` event of
 * the global scope that can be canceled. Unless it is canceled, the exception is printed, and the process keeps
 * running: other connections are not to blame. It never throws, whatever the exception is.
 *
 * @param exception The exception.
 */
export function reportException(exception: unknown): void {
  const event = new ErrorEvent("error", { error: exception, message: messageOf(exception), cancelable: true });
  if (globalThis.dispatchEvent(event)) print(exception);
}

/** The console may call a method of the value, or fail to show it. */
function print(exception: unknown): void {
  try {
    console.error("Uncaught (in a listener)", exception);
  } catch {
    console.error("Uncaught (in a listener)", messageOf(exception));
  }
}
