import { checkOptionNames } from "../check_options.ts";
import { DRIVER_OPTION_NAMES } from "../driver/option_names.ts";
import type { WebSocketDriverOptions } from "../driver/options.ts";
import { type AccessPolicy, checkAccessPolicy } from "./access_policy.ts";

/**
 * How {@linkcode makeServer} makes a connection.
 *
 * @example Short messages, a subprotocol, a cookie, and application data
 * ```ts
 * import { makeServer, type ServerOptions } from "@wsd/driver";
 *
 * const options: ServerOptions<{ joined: Date }> = {
 *   maxLength: 64 * 1024,
 *   acceptProtocols: ["chat"],
 *   additionalHeaders: { "set-cookie": "seen=1" },
 *   pingInterval: 15_000,
 *   data: { joined: new Date() },
 * };
 *
 * export function handler(request: Request, info: Deno.ServeHandlerInfo): Response {
 *   const ws = makeServer(request, { ...options, remoteAddr: info.remoteAddr });
 *   ws.on("message", (message) => ws.send(`${ws.data.joined}: ${message}`));
 *   return ws.accept();
 * }
 * ```
 * @category Server
 */
export interface ServerOptions<Data = undefined> extends WebSocketDriverOptions, AccessPolicy {
  /** The application's data for the connection: `ws.data`. */
  data?: Data;
  /**
   * The client's address: `ws.remoteAddr`. Under `Deno.serve`, pass `info.remoteAddr`; elsewhere it is known.
   *
   * @default {the address of the connection, if known}
   */
  remoteAddr?: Deno.Addr;
}

const OPTION_NAMES: Readonly<Record<keyof ServerOptions, true>> = {
  ...DRIVER_OPTION_NAMES,
  allowedOrigins: true,
  allowedHosts: true,
  data: true,
  remoteAddr: true,
};

/** The names of some options in other libraries. */
const OTHER_NAMES = {
  headers: "additionalHeaders",
  protocol: "acceptProtocols",
  protocols: "acceptProtocols",
  subprotocols: "acceptProtocols",
  maxPayload: "maxLength",
  maxPayloadLength: "maxLength",
  origin: "allowedOrigins",
  origins: "allowedOrigins",
} as const;

/**
 * Checks the options of a server, except the values of those that a client has, too.
 *
 * @param options The caller's options.
 * @throws {TypeError} If they are not an object, or one is unknown or malformed.
 */
export function checkServerOptions(options: ServerOptions<unknown>): void {
  checkOptionNames<ServerOptions<unknown>>("create a server", options, OPTION_NAMES, OTHER_NAMES);
  checkAccessPolicy(options);
}
