// @ts-check
/**
 * TCP and TLS for the load generator, by the lightest means of the runtime it runs on: one read buffer for all
 * connections, and no stream above the socket.
 */
import net from "node:net";
import tls from "node:tls";
import { withResolvers } from "./with_resolvers.js";

/**
 * @typedef {{ host: string, port: number, tls: boolean }} Address
 * @typedef {{ write(bytes: Uint8Array): void, end(): void, reset(): void }} Socket
 * @typedef {{ onData(bytes: Uint8Array): void, onEnd(error: Error | null): void }} Handler
 */

const READ_SIZE = 256 * 1024;

const bun = /** @type {any} */ (globalThis).Bun;

/**
 * Connects. Reads are delivered in memory that is used again for the next one.
 *
 * @param {Address} address Where to.
 * @param {(socket: Socket) => Handler} open Called once connected.
 * @returns {Promise<void>} Settles with the connection.
 */
export function connect(address, open) {
  return bun === undefined ? connectNode(address, open) : connectBun(address, open);
}

const shared = new Uint8Array(READ_SIZE);

/** @type {typeof connect} */
function connectNode(address, open) {
  const { promise, resolve, reject } = withResolvers();
  /** @type {Handler | null} */
  let handler = null;
  const onread = {
    buffer: shared,
    /** @param {number} count */
    callback(count) {
      handler?.onData(shared.subarray(0, count));
      return true;
    },
  };
  const { host, port } = address;
  const socket = address.tls
    ? tls.connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] })
    : net.connect({ host, port, onread });
  if (address.tls) socket.on("data", (bytes) => handler?.onData(/** @type {Uint8Array} */ (bytes)));
  socket.setNoDelay(true);
  socket.once(address.tls ? "secureConnect" : "connect", () => {
    handler = open({
      write: (bytes) => void socket.write(bytes),
      end: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
    });
    resolve(undefined);
  });
  socket.on("error", (error) => {
    reject(error);
    handler?.onEnd(error);
    handler = null;
  });
  socket.on("close", () => {
    handler?.onEnd(null);
    handler = null;
  });
  return promise;
}

/** @type {typeof connect} */
async function connectBun({ host, port, tls }, open) {
  /** @type {Uint8Array[]} */
  const waiting = [];
  /** @param {any} socket */
  const drain = (socket) => {
    while (waiting.length > 0) {
      const bytes = waiting[0];
      const count = Math.max(0, socket.write(bytes));
      if (count < bytes.length) {
        waiting[0] = bytes.subarray(count);
        return;
      }
      waiting.shift();
    }
  };
  /** @type {Handler | null} */
  let handler = null;
  /** @param {Error | null} error */
  const end = (error) => {
    handler?.onEnd(error);
    handler = null;
  };
  /** @param {any} socket */
  const begin = (socket) => {
    handler = open({
      write(bytes) {
        waiting.push(bytes);
        if (waiting.length === 1) drain(socket);
      },
      end: () => void socket.end(),
      reset: () => void socket.terminate(),
    });
  };
  await bun.connect({
    hostname: host,
    port,
    tls: tls ? { rejectUnauthorized: false } : undefined,
    socket: {
      open: tls ? () => {} : begin,
      handshake: begin,
      drain,
      data: (/** @type {any} */ _socket, /** @type {Uint8Array} */ bytes) => handler?.onData(bytes),
      close: () => end(null),
      end: () => end(null),
      error: (/** @type {any} */ _socket, /** @type {Error} */ error) => end(error),
    },
  });
}
