import { WebSocketBase } from "./web_socket_base.ts";
import { Server, type ServerOptions } from "../server/server.ts";
import { startServer } from "../server/start_server.ts";

/**
 * How {@linkcode upgradeWebSocket} takes a request: as the runtime's own does, and as {@linkcode makeServer}.
 *
 * @example As to the runtime's own, and a limit beside
 * ```ts
 * import { upgradeWebSocket, type UpgradeWebSocketOptions } from "@wsd/driver";
 *
 * const options: UpgradeWebSocketOptions = { protocol: "chat", idleTimeout: 60, maxLength: 64 * 1024 };
 *
 * export function handler(request: Request): Response {
 *   const { socket, response } = upgradeWebSocket(request, options);
 *   socket.onmessage = ({ data }) => socket.send(data);
 *   return response;
 * }
 * ```
 */
export interface UpgradeWebSocketOptions extends Omit<ServerOptions, "idleTimeout" | "streamCloseCode"> {
  /** The subprotocol to speak; the client must have offered it. `acceptProtocols` takes several instead. */
  protocol?: string;
  /**
   * How often to ping the client, in seconds, and how long to wait for a sign of life; 0 for never. As in the runtime's
   * own options, and in its unit; `pingInterval` and `pingTimeout` say the same in milliseconds.
   *
   * @default {30}
   */
  idleTimeout?: number;
}

/**
 * A server's WebSocket connection in the shape of the web's `WebSocket`; {@linkcode upgradeWebSocket} makes it.
 *
 * @example Pass on what one says to all
 * ```ts
 * import { type ServerWebSocket, upgradeWebSocket } from "@wsd/driver";
 *
 * const room = new Set<ServerWebSocket>();
 *
 * export function handler(request: Request): Response {
 *   const { socket, response } = upgradeWebSocket(request);
 *   socket.onopen = () => room.add(socket);
 *   socket.onmessage = ({ data }) => room.forEach((member) => member.send(data));
 *   socket.onclose = () => room.delete(socket);
 *   return response;
 * }
 * ```
 */
export class ServerWebSocket extends WebSocketBase {
  /**
   * Takes a server that is not open yet. Its `binaryType` is `"arraybuffer"`, as under the runtime's own upgrade.
   *
   * @param server The server.
   */
  constructor(server: Server) {
    super(server, "", "arraybuffer");
  }
}

/**
 * What {@linkcode upgradeWebSocket} gives.
 *
 * @example Greet, and answer
 * ```ts
 * import { upgradeWebSocket, type WebSocketUpgrade } from "@wsd/driver";
 *
 * function greet({ socket, response }: WebSocketUpgrade): Response {
 *   socket.onopen = () => socket.send("Welcome");
 *   return response;
 * }
 *
 * export function handler(request: Request): Response {
 *   return greet(upgradeWebSocket(request));
 * }
 * ```
 */
export interface WebSocketUpgrade {
  /** The connection, which opens when the response was sent. */
  readonly socket: ServerWebSocket;
  /** The answer, for the handler to return. */
  readonly response: Response;
}

/**
 * Takes a request for a WebSocket, under `serve` or `Deno.serve`: `Deno.upgradeWebSocket` in its shape, on this driver.
 *
 * @param request The request.
 * @param options A subprotocol, limits, times, headers.
 * @returns The connection, and the response to return.
 * @throws {TypeError} Where the request is no handshake, the subprotocol was not offered, or an option is malformed.
 *
 * @example Move over by one import
 * ```ts
 * import { upgradeWebSocket } from "@wsd/driver";
 *
 * export function handler(request: Request): Response {
 *   const { socket, response } = upgradeWebSocket(request);
 *   socket.addEventListener("message", ({ data }) => socket.send(data));
 *   return response;
 * }
 * ```
 */
export function upgradeWebSocket(request: Request, options: UpgradeWebSocketOptions = {}): WebSocketUpgrade {
  const { protocol, idleTimeout, ...rest } = options;
  const settings: ServerOptions = { ...rest };
  if (protocol !== undefined) settings.acceptProtocols = [checkOffered(request, protocol)];
  if (idleTimeout !== undefined) {
    settings.pingInterval ??= Math.round(idleTimeout * 1000);
    settings.pingTimeout ??= Math.max(1, Math.round(idleTimeout * 1000));
  }
  const server = new Server(request, settings);
  const socket = new ServerWebSocket(server);
  return { socket, response: startServer(server) };
}

function checkOffered(request: Request, protocol: string): string {
  const offered = request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
  if (offered.includes(protocol)) return protocol;
  throw new TypeError(`Cannot speak a subprotocol that the client has not offered: received ${protocol}`);
}
