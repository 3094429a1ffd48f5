// @ts-check
/** Bun's own server, on Bun. */
import { FAN_OUT, identity, ready, setup } from "./setup.js";

const { serve } = /** @type {any} */ (globalThis).Bun;

const server = serve({
  port: 0,
  hostname: "0.0.0.0",
  ...setup.cert === undefined ? {} : { tls: identity },
  fetch(/** @type {Request} */ request, /** @type {any} */ server) {
    if (server.upgrade(request, { data: request.url.endsWith(FAN_OUT) })) return;
    return new Response(null, { status: 400 });
  },
  websocket: {
    maxPayloadLength: 0x3ffffff,
    backpressureLimit: 0x3ffffff,
    perMessageDeflate: false,
    open(/** @type {any} */ socket) {
      if (socket.data) socket.subscribe(FAN_OUT);
    },
    message(/** @type {any} */ socket, /** @type {string | Uint8Array} */ message) {
      if (socket.data) server.publish(FAN_OUT, message);
      else socket.send(message);
    },
  },
});
ready(server.port);
