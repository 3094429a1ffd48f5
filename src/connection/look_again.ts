import { SharedTimeout } from "./shared_timeout.ts";

/** How long after the first look the second one comes, in milliseconds. */
const PAUSE = 50;

/**
 * Looks once more whether a peer is silent, before it is cut. A process that was held up runs its timers before it reads
 * what has arrived meanwhile, so the first look may find a silence that is over. The pause gives the event loop a turn,
 * and connections that wait for theirs to read.
 *
 * @param look What to do then.
 * @returns A function that calls it off.
 */
export function lookAgain(look: () => void): () => void {
  return SharedTimeout.after(PAUSE, look);
}
