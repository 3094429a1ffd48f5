import { SharedTimeout } from "./shared_timeout.ts";

/** The time between the first and the second check, in milliseconds. */
const PAUSE = 50;

/**
 * Checks again whether a peer is silent before it is cut off. A process that was held up runs its timers before it
 * reads what has arrived meanwhile, so the first check may find a silence that is over. The pause gives a turn to the
 * event loop and to connections that wait to read.
 *
 * @param check The second check.
 * @returns A function that cancels it.
 */
export function checkAgain(check: () => void): () => void {
  return SharedTimeout.after(PAUSE, check);
}
