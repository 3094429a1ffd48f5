/**
 * Has the program say at its end that a client was never started, though something was sent by it.
 *
 * @param url Where the client would have connected to.
 * @returns Takes it back.
 */
export function remindAtExit(url: string): () => void {
  const remind = () => {
    console.warn(`The client for ${url} was never started, so what it sent is lost: call startConnection()`);
  };
  globalThis.addEventListener("unload", remind);
  return () => globalThis.removeEventListener("unload", remind);
}
