import type { EventEmitter } from "node:events";
import type { DriverCore } from "./driver_core.ts";
import type { WebSocketEvents } from "./events.ts";

/**
 * Waits until less than the high-water mark is queued.
 *
 * @param core The driver's core.
 * @param emitter The driver, for its `"drain"`.
 * @param signal Ends the wait.
 * @returns A promise that rejects if the connection ends first, or with the signal's reason.
 */
export async function drained(
  core: DriverCore,
  emitter: EventEmitter<WebSocketEvents>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  if (core.outcome !== undefined) throw core.endError;
  if (core.bufferedAmount < core.settings.highWaterMark) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal!.reason);
  const onDrain = () => {
    if (core.bufferedAmount < core.settings.highWaterMark) resolve();
  };
  emitter.on("drain", onDrain);
  signal?.addEventListener("abort", onAbort, { once: true });
  const forget = core.rejectAtEnd(reject);
  try {
    await promise;
  } finally {
    forget();
    emitter.off("drain", onDrain);
    signal?.removeEventListener("abort", onAbort);
  }
}
