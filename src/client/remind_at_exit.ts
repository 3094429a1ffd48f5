/**
 * Prints a reminder at the program's end that a client was never started, although something was sent with it.
 *
 * @param url The URL of the client.
 * @returns A function that cancels the reminder.
 */
export function remindAtExit(url: string): () => void {
  const remind = () => {
    console.warn(`The client for ${url} was never started, so what it sent is lost: call startConnection()`);
  };
  globalThis.addEventListener("unload", remind);
  return () => globalThis.removeEventListener("unload", remind);
}
