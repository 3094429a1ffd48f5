// @ts-check
/** The opening handshake of the load generator, with the key of RFC 6455 §1.3, whose answer is known. */
import { connect } from "./tcp.js";
import { withResolvers } from "./with_resolvers.js";

/** The value of `Sec-WebSocket-Accept` for the key that every connection sends. */
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/**
 * Composes the request.
 *
 * @param {string} path The path to ask for.
 * @returns {Uint8Array} The head.
 */
export function makeRequest(path) {
  return new TextEncoder().encode(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
}

/**
 * Connects and does the handshake.
 *
 * @param {import("./tcp.js").Address} address Where to.
 * @param {Uint8Array} request The head to send.
 * @param {(socket: import("./tcp.js").Socket) => import("./tcp.js").Handler} open Called once the connection is open.
 * @returns {Promise<void>} Settles when it is.
 */
export async function openWebSocket(address, request, open) {
  const { promise, resolve, reject } = withResolvers();
  await connect(address, (socket) => {
    /** @type {import("./tcp.js").Handler | null} */
    let handler = null;
    let head = "";
    socket.write(request);
    return {
      onData(bytes) {
        if (handler !== null) return handler.onData(bytes);
        const before = head.length;
        head += latin1(bytes);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!head.startsWith("HTTP/1.1 101 ") || !head.includes(ACCEPT)) {
          return reject(new Error(`The server refused the handshake: ${head}`));
        }
        handler = open(socket);
        resolve(undefined);
        if (end + 4 < head.length) handler.onData(bytes.subarray(end + 4 - before));
      },
      onEnd(error) {
        if (handler !== null) return handler.onEnd(error);
        reject(error ?? new Error("The server ended the connection before the handshake was done"));
      },
    };
  });
  await promise;
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  return String.fromCharCode(...bytes.subarray(0, 4096));
}
