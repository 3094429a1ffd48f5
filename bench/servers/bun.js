// @ts-check
/** Bun's own server, on Bun. */
import { FAN_OUT, identity, isForAll, MAX_LENGTH, ready, report, setup } from "./setup.js";

const { serve } = /** @type {any} */ (globalThis).Bun;

const server = serve({
  port: 0,
  hostname: "0.0.0.0",
  ...setup.cert === undefined ? {} : { tls: identity },
  fetch(/** @type {Request} */ request, /** @type {any} */ server) {
    if (server.upgrade(request, { data: isForAll(request.url) })) return;
    return new Response(null, { status: 400 });
  },
  websocket: {
    maxPayloadLength: MAX_LENGTH,
    backpressureLimit: MAX_LENGTH,
    // Its own compressor for each connection: the window of 32 KiB that the others have.
    perMessageDeflate: setup.compressed ? { compress: "dedicated", decompress: "dedicated" } : false,
    open(/** @type {any} */ socket) {
      if (socket.data) socket.subscribe(FAN_OUT);
    },
    close(/** @type {any} */ _, /** @type {number} */ code, /** @type {string} */ reason) {
      report("close", code, reason);
    },
    message(/** @type {any} */ socket, /** @type {string | Uint8Array} */ message) {
      if (socket.data) server.publish(FAN_OUT, message);
      else socket.send(message, setup.compressed);
    },
  },
});
ready(server.port);
