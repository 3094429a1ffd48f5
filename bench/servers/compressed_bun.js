// @ts-check
/** Bun's own server as an echo server, compressing every message; on Bun. */
import { ready } from "./setup.js";

const { serve } = /** @type {any} */ (globalThis).Bun;

const server = serve({
  port: 0,
  hostname: "0.0.0.0",
  fetch(/** @type {Request} */ request, /** @type {any} */ server) {
    if (server.upgrade(request)) return;
    return new Response(null, { status: 400 });
  },
  websocket: {
    perMessageDeflate: true,
    message(/** @type {any} */ socket, /** @type {string | Uint8Array} */ message) {
      socket.send(message, true);
    },
  },
});
ready(server.port);
