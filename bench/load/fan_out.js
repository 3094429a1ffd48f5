// @ts-check
/** Sends one message, waits until every connection has got it, and sends the next. */
import { makeMessage } from "./frames.js";
import { openWebSocket } from "./handshake.js";
import { Meter, wait } from "./meter.js";

/**
 * Runs the load.
 *
 * @param {import("./task.js").Task & { connections: number, payload: import("./frames.js").Payload }} task What to do.
 * @returns {Promise<import("./task.js").Sample>} The measurement; a unit is one delivery.
 */
export async function runFanOut(task) {
  const message = makeMessage(task.payload, true);
  const replySize = makeMessage(task.payload, false).length;
  const round = task.connections * replySize;
  let bytes = 0;
  let stopped = false;
  /** @type {Error | null} */
  let failure = null;
  /** @type {import("./tcp.js").Socket[]} */
  const sockets = [];
  for (let i = 0; i < task.connections; i++) {
    await openWebSocket(task.addressOf(i), task.request, (socket) => {
      sockets.push(socket);
      return {
        onData(received) {
          bytes += received.length;
          if (bytes % round === 0 && !stopped) sockets[0].write(message);
        },
        onEnd(error) {
          if (!stopped) failure ??= error ?? new Error("The server ended a connection");
        },
      };
    });
  }
  sockets[0].write(message);
  await wait(task.warmup);
  const before = bytes;
  const meter = new Meter(task.pid);
  await wait(task.seconds);
  const units = (bytes - before) / replySize;
  const read = meter.read();
  stopped = true;
  if (failure !== null) throw failure;
  if (units === 0) throw new Error("The server sent nothing on");
  return { units, bytes: units * task.payload.length, ...read };
}
