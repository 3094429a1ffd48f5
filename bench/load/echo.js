// @ts-check
/** Loads an echo server: every connection keeps so many messages in flight, and counts what comes back in bytes. */
import { makeMessage, repeat } from "./frames.js";
import { openWebSocket } from "./handshake.js";
import { Histogram, Meter, wait } from "./meter.js";

/**
 * @typedef {object} EchoLoad
 * @property {number} connections How many connections.
 * @property {number} inFlight How many messages each has under way.
 * @property {import("./frames.js").Payload} payload One message.
 * @property {number} fragments How many frames it is sent in.
 */

/** The state that all connections share: the bytes to send, and the counts. */
class Traffic {
  /** @param {EchoLoad} load What to send. */
  constructor({ inFlight, payload, fragments }) {
    const message = makeMessage(payload, true, fragments);
    const reply = makeMessage(payload, false);
    this.batch = repeat(message, inFlight);
    this.messageSize = message.length;
    this.replySize = reply.length;
    this.firstByte = reply[0];
    this.inFlight = inFlight;
    this.messages = 0;
    this.stopped = false;
    this.times = new Histogram();
    /** @type {Error | null} */
    this.failure = null;
  }
}

/**
 * The life of one connection.
 *
 * @param {import("./tcp.js").Socket} socket
 * @param {Traffic} traffic
 * @returns {import("./tcp.js").Handler & { start(): void }}
 */
function makeConnection(socket, traffic) {
  const { batch, messageSize, replySize, inFlight } = traffic;
  let pending = 0;
  let sent = 0;
  return {
    start() {
      sent = performance.now();
      socket.write(batch);
    },
    onData(bytes) {
      if (pending === 0 && bytes[0] !== traffic.firstByte) {
        traffic.failure ??= new Error(`The server sent no echo, but ${bytes.subarray(0, 16)}`);
      }
      pending += bytes.length;
      if (pending < replySize) return;
      const count = Math.floor(pending / replySize);
      pending -= count * replySize;
      traffic.messages += count;
      if (inFlight === 1) {
        const now = performance.now();
        traffic.times.add(now - sent);
        sent = now;
      }
      if (!traffic.stopped) socket.write(count === inFlight ? batch : batch.subarray(0, count * messageSize));
    },
    onEnd(error) {
      if (!traffic.stopped) traffic.failure ??= error ?? new Error("The server ended a connection");
    },
  };
}

/**
 * Runs the load.
 *
 * @param {import("./task.js").Task & EchoLoad} task What to do.
 * @returns {Promise<import("./task.js").Sample>} The measurement.
 */
export async function runEcho(task) {
  const traffic = new Traffic(task);
  /** @type {ReturnType<typeof makeConnection>[]} */
  const connections = [];
  for (let i = 0; i < task.connections; i++) {
    await openWebSocket(task.addressOf(i), task.request, (socket) => {
      const connection = makeConnection(socket, traffic);
      connections.push(connection);
      return connection;
    });
  }
  for (const connection of connections) connection.start();
  await wait(task.warmup);
  traffic.times.clear();
  const before = traffic.messages;
  const meter = new Meter(task.pid);
  await wait(task.seconds);
  const messages = traffic.messages - before;
  const read = meter.read();
  traffic.stopped = true;
  if (traffic.failure !== null) throw traffic.failure;
  if (messages === 0) throw new Error("The server echoed nothing");
  const latency = task.inFlight === 1
    ? { p50: traffic.times.percentile(0.5), p99: traffic.times.percentile(0.99) }
    : {};
  return { units: messages, bytes: messages * task.payload.length, ...read, ...latency };
}
