// @ts-check
/** Opens many connections, has each echo one message, and reads what memory the server holds for them. */
import { makeFrame, makeMessage } from "./frames.js";
import { openWebSocket } from "./handshake.js";
import { Meter, residentBytes, wait } from "./meter.js";
import { withResolvers } from "./with_resolvers.js";

const PING = 0x89;
const PONG = 0x8a;

/** How many connections are opened at a time. */
const AT_ONCE = 50;

/**
 * Runs the load.
 *
 * @param {import("./task.js").Task & { connections: number, payload: import("./frames.js").Payload }} task What to do.
 * @returns {Promise<import("./task.js").Sample>} The measurement; `memory` is per connection.
 */
export async function runIdle(task) {
  await wait(task.warmup);
  const before = residentBytes(task.pid);
  const meter = new Meter(task.pid);
  /** @type {Error | null} */
  let failure = null;
  let next = 0;
  const work = async () => {
    while (next < task.connections) {
      await openIdle(task.addressOf(next++), task.request, task.payload, (error) => {
        failure ??= error ?? new Error("The server ended a connection");
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const read = meter.read();
  await wait(task.seconds);
  if (failure !== null) throw failure;
  const memory = (residentBytes(task.pid) - before) / task.connections;
  return { units: task.connections, bytes: 0, ...read, memory };
}

/**
 * @param {import("./tcp.js").Address} address
 * @param {Uint8Array} request
 * @param {import("./frames.js").Payload} payload
 * @param {(error: Error | null) => void} onEnd
 */
async function openIdle(address, request, payload, onEnd) {
  const { promise, resolve } = withResolvers();
  await openWebSocket(address, request, (socket) => {
    socket.write(makeMessage(payload, true));
    return {
      onData(bytes) {
        // Short frames come whole.
        for (let at = 0, end = 0; at < bytes.length; at = end) {
          end = at + 2 + bytes[at + 1];
          if (bytes[at] === PING) socket.write(makeFrame(PONG, bytes.subarray(at + 2, end), true));
          else resolve(undefined);
        }
      },
      onEnd,
    };
  });
  await promise;
}
