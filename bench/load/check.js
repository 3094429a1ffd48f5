// @ts-check
/** The check before every measurement: does the server echo, byte for byte? */
import { makeFrame, makeMessage } from "./frames.js";
import { openWebSocket } from "./handshake.js";
import { withResolvers } from "./with_resolvers.js";

/** Lengths around every change of the header's form, and one that takes several reads. */
const LENGTHS = [0, 1, 16, 125, 126, 1024, 4096, 65535, 65536, 300_000];

/**
 * Has a server echo text and bytes of many lengths, and a message of several frames.
 *
 * @param {import("./tcp.js").Address} address The server.
 * @param {Uint8Array} request The handshake.
 * @returns {Promise<void>} Rejects if a byte is wrong.
 */
export async function checkEcho(address, request) {
  for (const kind of /** @type {const} */ (["text", "binary", "json"])) {
    for (const length of kind === "json" ? [4096] : LENGTHS) await exchange(address, request, { length, kind }, 1);
    await exchange(address, request, { length: 1000, kind }, 3);
  }
}

/**
 * @param {import("./tcp.js").Address} address
 * @param {Uint8Array} request
 * @param {import("./frames.js").Payload} payload
 * @param {number} fragments
 */
async function exchange(address, request, payload, fragments) {
  const what = `${payload.length} bytes of ${payload.kind} in ${fragments} frames`;
  const expected = makeMessage(payload, false);
  const { promise, resolve, reject } = withResolvers();
  const timer = setTimeout(() => reject(new Error(`The server did not echo ${what}`)), 5000);
  let received = 0;
  await openWebSocket(address, request, (socket) => {
    socket.write(makeMessage(payload, true, fragments));
    return {
      onData(bytes) {
        for (let i = 0; i < bytes.length; i++) {
          if (bytes[i] !== expected[received + i]) {
            return reject(new Error(`The server echoed ${what} wrong: byte ${received + i} is ${bytes[i]}`));
          }
        }
        received += bytes.length;
        if (received < expected.length) return;
        resolve(undefined);
        socket.write(makeFrame(0x88, Uint8Array.of(3, 232), true));
        socket.end();
      },
      onEnd: (error) => reject(error ?? new Error(`The server ended the connection where it should echo ${what}`)),
    };
  });
  await promise;
  clearTimeout(timer);
}
