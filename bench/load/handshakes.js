// @ts-check
/** Opens connections one after another, several at a time, and closes each as soon as it is open. */
import { makeFrame } from "./frames.js";
import { openWebSocket } from "./handshake.js";
import { Meter, wait } from "./meter.js";
import { withResolvers } from "./with_resolvers.js";

const CLOSE = makeFrame(0x88, Uint8Array.of(3, 232), true);

/**
 * Runs the load.
 *
 * @param {import("./main.js").Task & { connections: number }} task What to do; `connections` at a time.
 * @returns {Promise<import("./main.js").Sample>} What was measured.
 */
export async function runHandshakes(task) {
  let count = 0;
  let stopped = false;
  /** @type {unknown} */
  let failure = null;
  /** @param {number} index */
  const work = async (index) => {
    while (!stopped) {
      await openAndClose(task.addressOf(index), task.request);
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
  const { promise, resolve, reject } = withResolvers();
  await openWebSocket(address, request, (socket) => {
    socket.write(CLOSE);
    return {
      onData: (bytes) => bytes[0] === 0x88 ? socket.end() : reject(new Error("The server sent no Close")),
      onEnd: () => resolve(undefined),
    };
  });
  await promise;
}
