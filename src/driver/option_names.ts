import type { WebSocketDriverOptions } from "./options.ts";

/** Every option that a server and a client share, for `checkOptionNames()`. */
export const DRIVER_OPTION_NAMES: Readonly<Record<keyof WebSocketDriverOptions, true>> = {
  maxLength: true,
  maxFragments: true,
  acceptProtocols: true,
  additionalHeaders: true,
  handshakeTimeout: true,
  closeTimeout: true,
  pingInterval: true,
  pingTimeout: true,
  idleTimeout: true,
  perMessageDeflate: true,
  highWaterMark: true,
  backpressureLimit: true,
  onBackpressure: true,
  streamCloseCode: true,
};
