/**
 * Does something at the first SIGINT, such as by Ctrl-C; the second one ends the program as usual.
 *
 * @param act What to do.
 * @returns Takes it back.
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
