/**
 * Runs a callback at the first SIGINT, such as Ctrl-C; the second one ends the program as usual.
 *
 * @param act The callback.
 * @returns A function that removes it.
 */
export function onInterrupt(act: () => void): () => void {
  const onSignal = () => {
    stop();
    act();
  };
  const stop = () => Deno.removeSignalListener("SIGINT", onSignal);
  Deno.addSignalListener("SIGINT", onSignal);
  return stop;
}
