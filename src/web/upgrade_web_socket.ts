import { isSendableCloseCode } from "../close_code.ts";
import { Server, type ServerOptions } from "../server/server.ts";
import type { NodeEnv } from "../server/server_env.ts";
import { startServer } from "../server/start_server.ts";
import { Attachment } from "./attachment.ts";
import { WebSocket } from "./web_socket.ts";

const PROTOCOL_HEADER = "sec-websocket-protocol";

/**
 * The options of {@linkcode upgradeWebSocket}: those of the runtime's own, and those of {@linkcode makeServer}.
 *
 * @example An option of the runtime's own, and a limit
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
 * @category Web standard classes
 */
export interface UpgradeWebSocketOptions extends Omit<ServerOptions, "idleTimeout" | "streamCloseCode"> {
  /**
   * The subprotocol to select; the client must have offered it. `acceptProtocols` accepts several instead.
   *
   * @default {"", which stands for none}
   */
  protocol?: string;
  /**
   * How often to ping the client, in seconds, and how long to wait for a sign of life; 0 for never. As in the runtime's
   * own options, and in its unit; `pingInterval` and `pingTimeout` say the same in milliseconds.
   *
   * @default {30}
   */
  idleTimeout?: number;
  /**
   * Header fields to add to the response, as some frameworks pass them; `additionalHeaders` is the same. A
   * `Sec-WebSocket-Protocol` among them sets `protocol`, if that is not given.
   */
  headers?: HeadersInit;
  /**
   * The socket of the `"upgrade"` event of `node:http`, to upgrade there; the response is written automatically. It is
   * for requests that don't come from a `serve`, and goes with `head`.
   */
  socket?: NodeEnv["socket"];
  /** The bytes after the request's head on `socket`. */
  head?: Uint8Array;
}

/**
 * The return value of {@linkcode upgradeWebSocket}.
 *
 * @example Greet, and answer
 * ```ts
 * import { upgradeWebSocket, type WebSocketUpgrade } from "@wsd/driver/server";
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
 * @category Web standard classes
 */
export interface WebSocketUpgrade {
  /**
   * The connection, which opens once the response is sent. Its `binaryType` is `"arraybuffer"`, as the runtime's own.
   */
  readonly socket: WebSocket;
  /** The response, for the handler to return. */
  readonly response: Response;
}

/**
 * Upgrades a request to a WebSocket, under `serve` or `Deno.serve`. It has the shape of `Deno.upgradeWebSocket`, and
 * can replace it: `Deno.upgradeWebSocket = upgradeWebSocket`.
 *
 * The socket can close with every code that may be sent, not only those of the standard's clients. A listener that
 * throws, or whose promise rejects, closes its connection with 1011; the error goes to the `onError` of `serve`.
 *
 * @param request The request.
 * @param options A subprotocol, limits, times, headers.
 * @returns The connection, and the response to return.
 * @throws {TypeError} If the request isn't a handshake, the subprotocol was not offered, or an option is malformed.
 *
 * @example Migrate by one import
 * ```ts
 * import { upgradeWebSocket } from "@wsd/driver";
 *
 * export function handler(request: Request): Response {
 *   const { socket, response } = upgradeWebSocket(request);
 *   socket.addEventListener("message", ({ data }) => socket.send(data));
 *   return response;
 * }
 * ```
 * @category Web standard classes
 */
export function upgradeWebSocket(request: Request, options: UpgradeWebSocketOptions = {}): WebSocketUpgrade {
  const { socket: duplex, head = new Uint8Array(0) } = options;
  const env = duplex === undefined ? request : { request, socket: duplex, head };
  const driver = new Server(env, toServerOptions(request, options));
  const attachment = new Attachment({ driver, url: "", binaryType: "arraybuffer", isCloseCode: isSendableCloseCode });
  const socket = new WebSocket(attachment as never);
  return { socket, response: startServer(driver) };
}

/** Converts the runtime's own options to a server's. */
function toServerOptions(request: Request, options: UpgradeWebSocketOptions): ServerOptions {
  const { protocol, idleTimeout, headers, socket: _socket, head: _head, ...settings } = options;
  const result: ServerOptions = { ...settings };
  let chosen = protocol;
  if (headers !== undefined) {
    const fields = new Headers(headers);
    chosen ??= fields.get(PROTOCOL_HEADER) ?? undefined;
    fields.delete(PROTOCOL_HEADER);
    result.additionalHeaders = fields;
  }
  if (chosen) result.acceptProtocols = [checkOffered(request, chosen)];
  if (idleTimeout !== undefined) {
    result.pingInterval ??= Math.round(idleTimeout * 1000);
    result.pingTimeout ??= Math.max(1, Math.round(idleTimeout * 1000));
  }
  return result;
}

function checkOffered(request: Request, protocol: string): string {
  const offered = request.headers.get(PROTOCOL_HEADER)?.split(",").map((name) => name.trim()) ?? [];
  if (offered.includes(protocol)) return protocol;
  throw new TypeError(
    `Cannot upgrade the request: expected a subprotocol that the client offers, received ${JSON.stringify(protocol)}`,
  );
}
