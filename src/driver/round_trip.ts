import type { DriverCore } from "./driver_core.ts";

/** Distinguishes the Pings of `ping()` from those of the heartbeat, whose payloads have four bytes. */
const PAYLOAD = 8;

/**
 * Sends a Ping, and measures the time until its Pong.
 *
 * @param core The driver's core.
 * @param signal Ends the wait.
 * @returns The round trip in milliseconds. It rejects if the connection ends first, or with the signal's reason.
 */
export async function roundTrip(core: DriverCore, signal?: AbortSignal): Promise<number> {
  signal?.throwIfAborted();
  // An unsolicited Pong can't be mistaken for the answer.
  const payload = crypto.getRandomValues(new Uint8Array(PAYLOAD));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const start = performance.now();
  // If the Ping isn't accepted, the connection's end rejects with the reason.
  core.sendPing(payload, () => resolve(performance.now() - start));
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const forget = core.rejectAtEnd(reject);
  try {
    return await promise;
  } finally {
    forget();
    signal?.removeEventListener("abort", onAbort);
  }
}
