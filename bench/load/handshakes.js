// @ts-check
/** Opens connections one after another, several at a time, and ends TCP as soon as each is open. */
import { openWebSocket } from "./handshake.js";
import { Meter, wait } from "./meter.js";
import { withResolvers } from "./with_resolvers.js";

/**
 * Runs the load.
 *
 * @param {import("./task.js").Task & { connections: number }} task What to do; `connections` at a time.
 * @returns {Promise<import("./task.js").Sample>} The measurement.
 */
export async function runHandshakes(task) {
  let count = 0;
  let stopped = false;
  /** @type {unknown} */
  let failure = null;
  /** @param {number} index */
  const work = async (index) => {
    while (!stopped) {
      await openAndClose({ ...task.addressOf(0), host: `127.0.0.${1 + index}` }, task.request);
      count++;
    }
  };
  for (let i = 0; i < task.connections; i++) work(i).catch((error) => failure ??= error);
  await wait(task.warmup);
  const before = count;
  const meter = new Meter(task.pid);
  await wait(task.seconds);
  const units = count - before;
  const read = meter.read();
  stopped = true;
  if (failure !== null) throw failure;
  return { units, bytes: 0, ...read };
}

/**
 * @param {import("./tcp.js").Address} address
 * @param {Uint8Array} request
 */
async function openAndClose(address, request) {
  const { promise, resolve } = withResolvers();
  await openWebSocket(address, request, (socket) => {
    queueMicrotask(() => socket.end());
    return { onData: () => {}, onEnd: () => resolve(undefined) };
  });
  await promise;
}
